from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core import config
from envguard.core.errors import ConfigError
from envguard.workspace import config_file, resources

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path("envguard.toml")


def read(content: bytes, name: str = "envguard.toml") -> config.Config:
    return config.parse(content.decode(), Path(name))


def test_a_new_file_names_the_project_and_works() -> None:
    made = read(config_file.create("shop", "shop-1"))
    assert (made.project_name, made.project_id) == ("shop", "shop-1")
    assert made.profile(None).backend == "local:"
    assert made.profile(None).env_files == (".env",)


def test_a_new_file_keeps_the_comments_of_the_template() -> None:
    template = resources.read("templates", "envguard.toml")
    made = config_file.create("shop", "shop-1").decode()
    assert made == template.replace('name = ""', 'name = "shop"').replace(
        'id = ""', 'id = "shop-1"'
    )


def test_every_example_in_the_template_is_valid() -> None:
    template = resources.read("templates", "envguard.toml")
    shown = re.sub(r"^# (?=\[|[a-zA-Z_]+ = )", "", template, flags=re.MULTILINE)
    made = read(shown.encode())
    assert made.profile("prod").env["API_KEY"] == "secret:OPENAI_API_KEY"
    assert made.scan.exclude == ("vendor/**",)
    assert not re.search(r"^# .* = ", shown, flags=re.MULTILINE)


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_any_name_survives(name: str, project_id: str) -> None:
    made = read(config_file.create(name, project_id))
    assert (made.project_name, made.project_id) == (name, project_id)


def test_ids_are_unique_and_begin_with_the_plain_name() -> None:
    assert re.fullmatch(r"my-shop-2-[0-9a-f]{16}", config_file.new_id(" My Shop_2!"))
    assert re.fullmatch(r"project-[0-9a-f]{16}", config_file.new_id("店"))
    assert len({config_file.new_id("a") for _ in range(100)}) == 100


EXISTING = b"""\
# ours
[project]   # keep
name = 'shop'
id = "1"

[profiles.dev]
env_files = [
    ".env",  # first
]
backend   =   "local:"  # here

[scan]
exclude = ["a"]
"""


def test_an_edit_changes_only_its_value() -> None:
    edited = config_file.set_profile_backend(EXISTING, "dev", "prod")
    assert edited == EXISTING.replace(b'"local:"', b'"prod"')


def test_an_edit_that_says_the_same_changes_no_byte() -> None:
    assert config_file.set_profile_backend(EXISTING, "dev", "local:") is EXISTING


def test_a_new_table_is_added_and_every_line_stays() -> None:
    edited = config_file.add_backend(EXISTING, "prod", "aws://eu-west-1/shop")
    assert read(edited).backends == {"prod": "aws://eu-west-1/shop"}
    assert b'[backends.prod]\nurl = "aws://eu-west-1/shop"\n' in edited
    assert edited.replace(b'[backends.prod]\nurl = "aws://eu-west-1/shop"\n', b"").strip() == (
        EXISTING.strip()
    )


def test_a_new_profile_stands_beside_the_others() -> None:
    edited = config_file.set_profile_backend(EXISTING, "prod", "local:///x.db")
    assert read(edited).profile("prod").backend == "local:///x.db"
    assert read(edited).profile("dev") == read(EXISTING).profile("dev")


def test_an_alias_with_another_url_is_not_changed() -> None:
    once = config_file.add_backend(EXISTING, "prod", "local:")
    assert config_file.add_backend(once, "prod", "local:") == once
    with pytest.raises(ConfigError, match="prod is declared already"):
        config_file.add_backend(once, "prod", "env:")


def test_windows_line_ends_stay() -> None:
    edited = config_file.add_backend(EXISTING.replace(b"\n", b"\r\n"), "prod", "local:")
    assert not re.search(rb"(?<!\r)\n", edited)
    assert b"\r\r" not in edited


def test_pyproject_keeps_everything_else() -> None:
    pyproject = b'[project]\nname = "x"  # theirs\n\n[tool.ruff]\nline-length = 100\n'
    path = config_file.IN_PYPROJECT
    edited = config_file.set_project(pyproject, "shop", "shop-1", table_path=path)
    edited = config_file.set_profile_backend(edited, "dev", "prod", table_path=path)
    edited = config_file.add_backend(edited, "prod", "local:", table_path=path)
    made = read(edited, "pyproject.toml")
    assert (made.project_id, made.profile("dev").backend) == ("shop-1", "prod")
    assert edited.startswith(pyproject)


@pytest.mark.parametrize("content", [b"x = \n", b"\xff", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_an_error(content: bytes) -> None:
    with pytest.raises(ConfigError):
        config_file.set_profile_backend(content, "dev", "local:")


def test_a_text_where_a_table_belongs_is_an_error() -> None:
    with pytest.raises(ConfigError, match="profiles is no table"):
        config_file.set_profile_backend(b"profiles = 1\n", "dev", "local:")


FORMS = [
    b"",
    b"\n",
    b"# only a comment",
    b'profiles.dev.backend = "x:"\n',
    b'profiles.dev.env_files = [".env"]\n[scan]\n',
    b'profiles = { dev = { backend = "x:" } }\n',
    b'[profiles]\ndev = { backend = "x:" }\n',
    b'[profiles]\ndev.backend = "x:"\n[scan]\nexclude = []\n',
    b'[profiles.dev]\nbackend = "x:"\n[scan]\n[profiles.prod]\nextends = "dev"\n',
    b'[profiles.dev.env]\nA = "1"\n',
    b'[profiles.dev.env]\nA = "1"\n[profiles.dev]\nenv_files = [".env"]\n',
    b'[backends.a]\nurl = "x:"\n[profiles.dev]\n[backends.b]\nurl = "y:"\n',
    b'default_profile = "dev"',
    b'[scan]\nexclude = ["a"] # no line end',
]


@pytest.mark.parametrize("form", FORMS)
def test_whatever_the_form_an_edit_is_right_or_refused(form: bytes) -> None:
    def expected(key: str, name: str, value: dict[str, Any]) -> dict[str, Any]:
        data = tomllib.loads(form.decode())
        tables = data.setdefault(key, {})
        tables[name] = {**tables.get(name, {}), **value}
        return data

    edited = config_file.set_profile_backend(form, "dev", "new:")
    assert tomllib.loads(edited.decode()) == expected("profiles", "dev", {"backend": "new:"})
    edited = config_file.add_backend(form, "c", "new:")
    assert tomllib.loads(edited.decode()) == expected("backends", "c", {"url": "new:"})
    for line in form.splitlines():
        if b"dev" not in line:
            assert line in edited


def test_a_form_that_cannot_be_edited_is_refused_with_what_to_write() -> None:
    dotted = b'tool.envguard.default_profile = "dev"\nother = 1'
    with pytest.raises(ConfigError) as caught:
        config_file.set_project(dotted, "shop", 'a"b', table_path=config_file.IN_PYPROJECT)
    assert caught.value.hint == 'add it by hand: under [tool.envguard.project], name = "shop"'


def test_a_list_of_tables_is_no_table() -> None:
    with pytest.raises(ConfigError, match="profiles is no table"):
        config_file.set_profile_backend(b'[[profiles]]\nbackend = "x:"\n', "dev", "new:")


def test_the_files_of_a_profile_are_set_and_nothing_else(tmp_path: Path) -> None:
    content = b'[profiles.dev]\nenv_files = [".env"] # mine\n'
    edited = config_file.set_profile_env_files(content, "dev", (".env", ".env.local"))
    assert edited == b'[profiles.dev]\nenv_files = [".env", ".env.local"] # mine\n'
    assert config_file.set_profile_env_files(edited, "dev", (".env", ".env.local")) == edited
    made = config.parse(config_file.set_profile_env_files(b"", "x", (".env.x",)).decode(), tmp_path)
    assert made.profiles["x"].env_files == (".env.x",)
