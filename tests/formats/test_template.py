"""Templates: whatever a value holds, it stays a value in the language of the template."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from xml.etree import ElementTree as Xml

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.core.errors import UsageError
from envguard.core.reference import Reference, parse_reference
from envguard.formats.template import fill, format_of, slots
from envguard.jobs.inject import SCANNERS
from envguard.references.inline import places
from tests.formats.test_environment import VALUES

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


def filled(text: str, format: str, values: Mapping[str, str]) -> str:
    """The template with these values, by the names of their references."""
    found = slots(text, SCANNERS[format], places, lambda t: parse_reference(t, ("vault",)), "t")
    known = {
        piece: values[piece.name]
        for slot in found
        for piece in slot.pieces
        if isinstance(piece, Reference)
    }
    return fill(text, found, known, format, "t")


JSON = """{
  "a": "secret:A", "b": "<{{secrets.A}}>", "c": "pg://{{ secrets.B }}:{{secrets.A}}@h",
  "d": ["x\\"{{secrets.B}}\\"", "\\u00e9 secret:A"], "e": "http://no.reference", "secret:A": 1
}"""


@given(VALUES, VALUES)
def test_json(a: str, b: str) -> None:
    found = json.loads(filled(JSON.replace(', "secret:A": 1', ""), "json", {"A": a, "B": b}))
    assert found == {
        "a": a,
        "b": f"<{a}>",
        "c": f"pg://{b}:{a}@h",
        "d": [f'x"{b}"', "é secret:A"],
        "e": "http://no.reference",
    }


@pytest.mark.parametrize(
    ("value", "meant"),
    [("5432", 5432), ("-1.5e3", -1500.0), ("true", True), ("null", None), ("0815", "0815")]
    + [(text, text) for text in ("", "1,2", '1, "x": 2', "True", "NaN", "{}", "[1]", "1\n")],
)
def test_json_outside_a_string_is_a_scalar_and_nothing_more(value: str, meant: object) -> None:
    assert json.loads(filled('{"a": {{secrets.A}}}', "json", {"A": value})) == {"a": meant}


YAML = """\
# {{secrets.A}} in a comment: it's "left"
plain: secret:A
quoted: "secret:A"
single: 'secret:A'
inside: pg://{{secrets.A}}:x@h   # comment {{secrets.B}}
alone: {{ secrets.A }}
double: "<{{secrets.A}}\\n\\u00e9>"
once: 'it''s <{{secrets.B}}>'
list:
  - secret:A
  - key: {{secrets.B}}
    other: x
  - - "{{secrets.A}}"
flow: {a: "{{secrets.A}}", b: {{secrets.B}}, c: [secret:A, x-{{secrets.B}}, 1]}
? complex
: !!str {{secrets.A}}
url: http://host:80/#x
"{{secrets.K}}": x
"""


@given(VALUES, VALUES)
def test_yaml(a: str, b: str) -> None:
    text = filled(YAML, "yaml", {"A": a, "B": b, "K": "key"})
    assert text.splitlines()[0] == YAML.splitlines()[0]
    assert yaml.safe_load(text) == {
        "plain": a,
        "quoted": a,
        "single": a,
        "inside": f"pg://{a}:x@h",
        "alone": a,
        "double": f"<{a}\né>",
        "once": f"it's <{b}>",
        "list": [a, {"key": b, "other": "x"}, [a]],
        "flow": {"a": a, "b": b, "c": [a, f"x-{b}", 1]},
        "complex": a,
        "url": "http://host:80/#x",
        "key": "x",
    }


BLOCK = (
    "a: |\n  first\n  <{{secrets.A}}>\n\n  last\nb: >-\n  x\nc:\n- |-\n  {{secrets.A}}\n- y: 1\n"
)


@given(VALUES)
def test_a_block_of_yaml_holds_lines_or_says_that_it_cannot(a: str) -> None:
    try:
        found = yaml.safe_load(filled(BLOCK, "yaml", {"A": a}))
    except UsageError as error:
        assert re.search(r"t:(2|9): secret:A holds (a character that|blanks at)", error.what)
        return
    stripped = a.rstrip("\n")
    assert found == {"a": f"first\n<{a}>\n\nlast\n", "b": "x", "c": [stripped, {"y": 1}]}


@pytest.mark.parametrize("text", ["a: >\n  {{secrets.A}}\n", "a: 'x\n  {{secrets.A}}'\n"])
def test_yaml_that_would_fold_a_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot stand there as yaml"):
        filled(text, "yaml", {"A": "x"})


TOML = '''\
# {{secrets.A}} it's a "comment"
a = "secret:A"
b = 'secret:A'
c = "<{{secrets.A}}\\t>"
d = 'C:\\x {{secrets.B}}'
e = """
"quoted" {{secrets.A}}
last"""
f = \'\'\'
it's {{secrets.B}} \\
last\'\'\'
[t]
g = ["secret:B", "x", 'y'] # {{secrets.B}}
'''


@given(VALUES, VALUES)
def test_toml(a: str, b: str) -> None:
    assert tomllib.loads(filled(TOML, "toml", {"A": a, "B": b})) == {
        "a": a,
        "b": a,
        "c": f"<{a}\t>",
        "d": f"C:\\x {b}",
        "e": f'"quoted" {a}\nlast',
        "f": f"it's {b} \\\nlast",
        "t": {"g": [b, "x", "y"]},
    }


@pytest.mark.parametrize(
    ("value", "meant"),
    [("5432", 5432), ("-1.5", -1.5), ("true", True), ("0815", "0815")]
    + [(text, text) for text in ("", "1\nb = 2", "True", "[1]", "1_", "+-1")],
)
def test_toml_outside_a_string_is_a_scalar_and_nothing_more(value: str, meant: object) -> None:
    assert tomllib.loads(filled("a = {{secrets.A}}\n", "toml", {"A": value})) == {"a": meant}


XML = """<?xml version="1.0"?>
<!-- {{secrets.A}} -->
<r a="secret:A" b='x{{secrets.B}}' c="a > b">
  <p>
    secret:A
  </p><q>&lt;{{secrets.B}}&gt;</q><s><![CDATA[<{{secrets.A}}>]]></s>
</r>
"""
XML_VALUES = VALUES.map(
    lambda v: re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", v)
)


@given(XML_VALUES, XML_VALUES)
def test_xml(a: str, b: str) -> None:
    root = Xml.fromstring(filled(XML, "xml", {"A": a, "B": b}))  # noqa: S314 - our own
    assert (root.get("a"), root.get("b"), root.get("c")) == (a, f"x{b}", "a > b")
    assert [child.text for child in root] == [f"\n    {a}\n  ", f"<{b}>", f"<{a}>"]


def test_what_xml_cannot_hold_is_refused() -> None:
    for text in ("<a>{{secrets.A}}</a>", "<a><![CDATA[{{secrets.A}}]]></a>"):
        with pytest.raises(UsageError, match="a control character"):
            filled(text, "xml", {"A": "canary\x01"})


SHELL = """\
# {{secrets.A}} isn't code
show() { printf '%s\\0' "$@"; }
A=secret:A B=x
C="<{{secrets.A}}>" # it's {{secrets.B}}
show "$A" "$B" "$C" {{secrets.A}} x{{secrets.B}}y 'it is {{secrets.A}}' "secret:B"
cat <<EOF
$B {{secrets.A}}
EOF
cat <<-'END'
	$B {{secrets.B}}
	END
"""
SHELL_VALUES = VALUES.filter(lambda v: not {"EOF", "END"} & {x.lstrip("\t") for x in v.split("\n")})


@settings(max_examples=30)
@given(SHELL_VALUES, SHELL_VALUES)
def test_shell(a: str, b: str) -> None:
    text = filled(SHELL, "shell", {"A": a, "B": b})
    done = subprocess.run(["sh", "-c", text], capture_output=True, check=True)
    shown = [a, "x", f"<{a}>", a, f"x{b}y", f"it is {a}", b]
    # `<<-` drops the tabs that lines begin with, those of a value, too.
    tabs = "\n".join(line.lstrip("\t") for line in f"$B {b}\n".split("\n"))
    expected = "".join(f"{word}\0" for word in shown) + f"x {a}\n" + tabs
    assert done.stdout == os.fsencode(expected)


@pytest.mark.parametrize(
    "text",
    [
        'x "$(echo {{secrets.A}})"',
        "x `echo {{secrets.A}}`",
        "x $'{{secrets.A}}'",
        'x "`{{secrets.A}}`"',
    ],
)
def test_code_inside_quotes_of_a_shell_holds_no_value(text: str) -> None:
    with pytest.raises(UsageError, match="t:1: secret:A holds what would become code there"):
        filled(text, "shell", {"A": "x"})


@pytest.mark.parametrize("head", ["<<EOF", "<<'EOF'", "<<-EOF"])
def test_a_value_cannot_end_its_here_document(head: str) -> None:
    with pytest.raises(UsageError, match="the word that ends"):
        filled(f"cat {head}\n{{{{secrets.A}}}}\nEOF\n", "shell", {"A": "x\nEOF\nid"})


PLAIN = """\
secret:A
key = secret:A
# note: secret:A
name: 'secret:B'
text {{secrets.A}}, url http://x:1/ see secret:A here
set x=vault:B;
"""


@given(VALUES, VALUES)
def test_plain(a: str, b: str) -> None:
    assert filled(PLAIN, "plain", {"A": a, "B": b}) == (
        f"{a}\nkey = {a}\n# note: secret:A\nname: '{b}'\n"
        f"text {a}, url http://x:1/ see secret:A here\nset x={b};\n"
    )


@pytest.mark.parametrize("format", SCANNERS)
def test_a_text_without_references_stays_as_it_is(format: str) -> None:
    for text in ("", "\n", "${{ secrets.A }}", "'\"`<{[#", JSON.replace("secret", "sekret")):
        assert filled(text.replace("{{secrets.A}}", ""), format, dict.fromkeys("AB", "")) == text


@pytest.mark.parametrize(
    ("format", "text"),
    [("xml", "<a {{secrets.A}}='x'/>"), ("xml", "<{{secrets.A}}/>")],
)
def test_a_place_for_code_is_refused_with_its_line(format: str, text: str) -> None:
    with pytest.raises(UsageError, match="t:2: no value can be put there safely"):
        filled(f"\n{text}", format, {"A": "x"})


@given(
    st.sampled_from(sorted(SCANNERS)),
    st.text("'\"`<>[]{}#|:-,=\\\n ax&!?;$()", max_size=40),
    VALUES,
)
def test_every_template_is_filled_or_refused(format: str, text: str, value: str) -> None:
    try:
        found = filled(f"{text}{{{{secrets.A}}}}{text}", format, {"A": value})
    except UsageError:
        return
    assert len(found) >= 2 * len(text)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("app.json", "json"),
        ("app.json.tmpl", "json"),
        ("a.YML", "yaml"),
        ("values.yaml.tpl", "yaml"),
        ("pyproject.toml.in", "toml"),
        ("web.xml.template", "xml"),
        ("start.sh", "shell"),
        ("nginx.conf", "plain"),
        ("Makefile", "plain"),
        (".json.d", "plain"),
        ("", "plain"),
    ],
)
def test_the_name_says_the_format(name: str, format: str) -> None:
    assert format_of(name) == format
