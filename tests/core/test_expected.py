"""`[secrets.KEY]` of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.config import parse
from envguard.core.errors import ConfigError
from envguard.core.expected import Expected


def test_what_is_expected_is_read() -> None:
    config = parse(
        "[secrets.A]\nrequired = true\n"
        '[secrets.B]\ntype = "enum"\nvalues = ["x", "y"]\n'
        "[secrets.C]\ntype = \"regex\"\npattern = '[a-z]+'\n[secrets.D]\n",
        Path("envguard.toml"),
    )
    assert config.secrets == {
        "A": Expected(required=True),
        "B": Expected(type="enum", values=("x", "y")),
        "C": Expected(type="regex", pattern="[a-z]+"),
        "D": Expected(),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("required = 1", "secrets.A.required is true or false"),
        ('type = "uri"', "secrets.A.type is one of boolean, email"),
        ("type = 1", "secrets.A.type is one of"),
        ('type = "enum"', "secrets.A.values are the texts of"),
        ('values = ["a"]', "secrets.A.values are the texts of"),
        ('type = "enum"\nvalues = [1]', "secrets.A.values is a list of texts"),
        ('type = "regex"', "secrets.A.pattern is the text of"),
        ('pattern = "a"', "secrets.A.pattern is the text of"),
        ('type = "regex"\npattern = "("', "secrets.A.pattern is no regular expression"),
        ("requierd = true", "unknown key secrets.A.requierd"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(f"[secrets.A]\n{text}\n", Path("envguard.toml"))
    assert message in refused.value.what


def test_a_profile_says_where_each_of_its_keys_stands() -> None:
    config = parse(
        '[profiles.a.env]\nX = "1"\nY = "1"\n'
        '[profiles.b]\nextends = "a"\n[profiles.b.env]\nY = "2"\n',
        Path("envguard.toml"),
    )
    assert config.profile("b").sources == {"X": "a", "Y": "b"}
