from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from envguard.core.errors import UsageError
from envguard.envfile.yaml_map import YamlDocument, parse

COMPOSE = """\
# our services
x-shared: &shared
  SHARED: "abc$$def"   # for all
  NUMBER: 8080
services:
  web:
    image: shop
    environment:
      <<: *shared
      A: &pw hunter2
      B: *pw
      KEY: |  # the key
        -----BEGIN
        abc

      URL: postgres://u:${PW}@h
      EMPTY:
      QUOTED: 'it''s'
  db:
    environment:
      - A=x y
      - "B=q"   # quoted
      - C
  worker: {image: shop, environment: *worker}
""".replace(", environment: *worker", "")


def read(text: str, path: str = "compose.yml") -> YamlDocument:
    document = parse(text.encode(), path)
    assert document.render() == text.encode()
    return document


def values(document: YamlDocument) -> dict[tuple[str, str], str | None]:
    return {
        (e.section, e.key): None if e.value is None else e.value.reveal() for e in document.entries
    }


def test_compose_gives_each_service_its_variables_and_what_is_shared_once() -> None:
    assert values(read(COMPOSE)) == {
        ("web", "SHARED"): "abc$def",
        ("web", "NUMBER"): "8080",
        ("web", "A"): "hunter2",
        ("web", "B"): "hunter2",
        ("web", "KEY"): "-----BEGIN\nabc\n",
        ("web", "URL"): "postgres://u:${PW}@h",
        ("web", "EMPTY"): None,
        ("web", "QUOTED"): "it's",
        ("db", "A"): "x y",
        ("db", "B"): "q",
        ("db", "C"): None,
    }
    both = COMPOSE.replace("  worker: {image: shop}\n", "  w: {environment: {<<: *shared}}\n")
    assert ("", "SHARED") in values(read(both))
    assert ("web", "SHARED") not in values(read(both))


def test_only_the_bytes_of_the_values_change() -> None:
    document = read(COMPOSE)
    moved = {e.line: f"secret:{e.key}" for e in document.entries if e.value is not None}
    edited = document.replace_all(moved)
    assert edited.render().decode() == COMPOSE.replace('"abc$$def"', '"secret:SHARED"').replace(
        "8080", "secret:NUMBER"
    ).replace("hunter2", "secret:A").replace("B: *pw", "B: secret:B").replace(
        "|  # the key\n        -----BEGIN\n        abc\n", "secret:KEY  # the key\n"
    ).replace("postgres://u:${PW}@h", "secret:URL").replace("'it''s'", "'secret:QUOTED'").replace(
        "A=x y", "A=secret:A"
    ).replace('"B=q"', '"B=secret:B"')


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("environment:\n  A: one\n", "environment:\n  A: secret:A\n"),
        ("environment: {\n  A: one,\n  B: two}\n", "environment: {\n  A: secret:A,\n  B: two}\n"),
        ("environment:\r\n  A: one # c\r\n  B: 2", "environment:\r\n  A: secret:A # c\r\n  B: 2"),
        ("environment:\n  A: one\n    two\n  B: x\n", "environment:\n  A: secret:A\n  B: x\n"),
        ('environment:\n  A: "o\\\n    ne"\n', 'environment:\n  A: "secret:A"\n'),
        ("environment:\n  A: >-\n    one\n    two", "environment:\n  A: secret:A"),
        ("environment:\n  A: |+\r\n    one\r\n\r\n", "environment:\n  A: secret:A\r\n\r\n"),
        ("environment:\n  A: !!str 12\n", "environment:\n  A: !!str secret:A\n"),
        ("\ufeffenvironment:\n  ? A\n  : é\n", "\ufeffenvironment:\n  ? A\n  : secret:A\n"),
        ("a: 1\n---\nenvironment:\n  A: '1'\n", "a: 1\n---\nenvironment:\n  A: 'secret:A'\n"),
        ('{\n\t"environment": {\n\t\t"A": "1"}}', '{\n\t"environment": {\n\t\t"A": "secret:A"}}'),
    ],
)
def test_each_style_of_scalar_is_replaced_in_its_place(text: str, edited: str) -> None:
    document = read(text, "config.json" if text.startswith("{") else "config.yml")
    line = document.entries[0].line
    assert document.entries[0].key == "A"
    assert document.replace_all({line: "secret:A"}).render().decode() == edited


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.sampled_from(["x", "'x'", '"x"', "|\n    x", ">-\n    x\n    y"]),
    st.booleans(),
)
def test_any_value_is_read_back_as_it_was_given(value: str, old: str, compose: bool) -> None:
    text = f"environment:\n  B: 'y'\n  A: {old} \n  C: z # c\n"
    if compose:
        text = "services:\n web:\n  " + text.replace("\n", "\n  ")
    document = read(text)
    line = next(entry.line for entry in document.entries if entry.key == "A")
    try:
        edited = document.replace_all({line: value})
    except UsageError:
        assert "${" in value
        return
    section = "web" if compose else ""
    assert values(edited) == {**values(document), (section, "A"): value}
    plain = yaml.safe_load(edited.render())
    if not compose:
        assert plain["environment"] == {"A": value, "B": "y", "C": "z"}


@pytest.mark.parametrize("value", ["yes", "null", "0x1F", "1.10", "12:30", "~", "", "=", "<<", "-"])
def test_a_value_that_looks_like_something_else_is_quoted(value: str) -> None:
    edited = read("environment:\n  A: x\n").replace_all({2: value})
    assert yaml.safe_load(edited.render())["environment"] == {"A": value}


@pytest.mark.parametrize("value", ["0123", "1.10", "yes", "1e3", "2020-01-01", "0x1f", "-0"])
def test_a_number_that_programs_write_differently_is_not_moved(value: str) -> None:
    document = read(f"environment:\n  A: {value}\n")
    with pytest.raises(UsageError, match="is no text, and programs write it") as error:
        document.replace_all({2: "secret:A"})
    assert "line 2" in error.value.hint


def test_an_anchored_value_is_moved_only_with_all_that_repeat_it() -> None:
    document = read("environment:\n  A: &x one\n  B: *x\nother: *x\n")
    with pytest.raises(UsageError, match=r"repeats a value elsewhere, as \*x"):
        document.replace_all({2: "secret:A", 3: "secret:B"})
    assert document.replace_all({3: "secret:B"}).render() == (
        b"environment:\n  A: &x one\n  B: secret:B\nother: *x\n"
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("environment:\n  A: {b: c}\n", "x.yml:2 A is no text"),
        ("environment:\n  A: [b]\n", "x.yml:2 A is no text"),
        ("environment:\n  A: !vault |\n    abc\n", "x.yml:2 A is no text"),
        ("environment:\n  A: 1\n  A: 2\n", "x.yml:3 A stands there twice"),
        ("services: {a: {environment: [{A: 1}]}}", "x.yml:1 is no KEY=VALUE"),
    ],
)
def test_what_is_no_variable_is_named(text: str, what: str) -> None:
    with pytest.raises(UsageError) as error:
        read(text, "x.yml").require_clean()
    assert error.value.what == what


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"a: 1\n", "has no variables under `environment:`"),
        (b"environment: production\n", "has no variables"),
        (b"", "has no variables"),
        (b"environment:\n  A: {{ .Values.x }\n b", "x.yml:3 is no YAML"),
        (b"a: *none\n", "x.yml:1 is no YAML"),
        (b"a: \xff\n", "x.yml:1 is not UTF-8"),
        (b"[" * 5000, "nested too deeply"),
        (b"a: \x1b[2J\n", "is no YAML"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_quotes_nothing(content: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse(content, "x.yml")


def test_several_variables_on_one_line_are_read_but_not_edited() -> None:
    document = read("environment: {A: 1, B: 2}\n")
    assert [entry.key for entry in document.entries] == ["A", "B"]
    with pytest.raises(UsageError, match=r"x\.yml:1 holds several variables") as error:
        parse(document.render(), "x.yml").replace_all({1: "secret:A"})
    assert "a line of its own" in error.value.hint


def test_a_line_without_an_entry_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(LookupError, match="no entry on line 1"):
        read("environment:\n  A: x\n").replace_all({1: "secret:A"})


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("a$$b", "a$b"),
        ("$HOST", "${HOST}"),
        ("${HOST:-x}", "${HOST:-x}"),
        ("${HOST:?missing}", "${HOST}"),
        ("$${HOST}", "${:-$}{HOST}"),
        ("50%$", "50%$"),
    ],
)
def test_compose_text_is_given_as_a_env_file_would_say_it(written: str, read_as: str) -> None:
    document = read(f"services:\n  a:\n    environment:\n      A: {written}\n")
    assert values(document) == {("a", "A"): read_as}
    assert values(read(f"environment:\n  A: {written}\n")) == {("", "A"): written}


def test_no_value_shows_in_a_repr() -> None:
    document = read("environment:\n  A: hunter2\n")
    assert "hunter2" not in repr(document) + repr(document.cells) + repr(document.tree)
