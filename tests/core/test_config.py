"""The configuration says what it means, and a mistake in it says where and what instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.config import Config, Folders, Settings, find, load, parse
from envguard.core.errors import ConfigError

FILE = Path("/shop/envguard.toml")


def config(text: str) -> Config:
    return parse(text, FILE)


def test_everything_is_read() -> None:
    found = config(
        """
        default_profile = "prod"
        [project]
        name = "shop"
        id = "shop-1"
        [scan]
        exclude = ["vendor/**"]
        rules = ["own.toml"]
        min_confidence = "high"
        [backends.archive]
        url = "local:///srv/a.db"
        [profiles.dev]
        env_files = [".env", ".env.local"]
        [profiles.dev.env]
        A = "1"
        B = "2"
        [profiles.prod]
        extends = "dev"
        backend = "archive"
        references = ["secret"]
        [profiles.prod.env]
        B = "3"
        """
    )
    assert (found.project_name, found.project_id, found.root) == ("shop", "shop-1", Path("/shop"))
    assert found.scan.exclude == ("vendor/**",)
    assert (found.scan.rules, found.scan.min_confidence) == (("own.toml",), "high")
    prod = found.profile(None)
    assert prod.name == "prod"
    assert prod.env_files == (".env", ".env.local")
    assert dict(prod.env) == {"A": "1", "B": "3"}
    assert found.backend_url(prod.backend) == "local:///srv/a.db"
    assert prod.references == ("secret",)
    assert found.profile("dev").references is None


def test_without_a_configuration_there_is_the_default_profile(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    found = load(tmp_path)
    assert found.file is None
    profile = found.profile(None)
    assert (profile.name, profile.env_files, profile.backend) == ("dev", (".env",), "local:")


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("[projct]", "unknown key projct", "did you mean project?"),
        ("[scan]\nexlude = []", "unknown key scan.exlude", "did you mean exclude?"),
        ("[scan]\nzzz = 1", "unknown key scan.zzz", "known here: exclude"),
        ("[scan]\nexclude = 'a'", "scan.exclude is a list of texts", ""),
        ("[scan]\nmin_confidence = 'certain'", "scan.min_confidence is one of", ""),
        ("[project]\nid = 1", "project.id is a text", ""),
        ("project = 1", "project is a table", ""),
        ("[backends.secret]\nurl='local:'", "backends.secret is a name", ""),
        ("[backends.env]\nurl='local:'", "backends.env is a name", ""),
        ("[backends.a]", "backends.a.url is needed", ""),
        ("[profiles.a]\nextends='b'", "names no profile: b", ""),
        ("[profiles.a]\nextends='a'", "names itself", ""),
        ("[profiles.a]\nextends='b'\n[profiles.b]\nextends='a'", "names itself", ""),
        ("[profiles.a]\nbackend='prod'", "names no [backends.prod]", ""),
        ("[profiles.a.env]\nA=1", "profiles.a.env.A is a text", ""),
        ("a = ", "is no TOML", ""),
    ],
)
def test_a_mistake_names_its_place(text: str, what: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        config(text)
    assert what in raised.value.what
    assert str(FILE) in raised.value.what
    assert hint in raised.value.hint


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        config("[profiles.prod]\n[profiles.dev]").profile("staging")
    assert "dev, prod" in raised.value.hint


def test_the_nearest_file_of_the_same_repository_counts(tmp_path: Path) -> None:
    (tmp_path / "envguard.toml").write_text("[project]\nname = 'outer'")
    inner = tmp_path / "repository" / "src"
    inner.mkdir(parents=True)
    assert find(inner) == tmp_path / "envguard.toml"
    (tmp_path / "repository" / ".git").mkdir()
    assert find(inner) is None
    (tmp_path / "repository" / "envguard.toml").write_text("")
    assert find(inner) == tmp_path / "repository" / "envguard.toml"


def test_pyproject_counts_where_it_has_our_table(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[project]\nname = 'x'\n")
    (tmp_path / ".git").mkdir()
    assert find(tmp_path) is None
    file.write_text("[tool.other]\nx = 1\n[tool.envguard.project]\nid = 'p'\n")
    assert load(tmp_path).project_id == "p"


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "envguard.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path)


def test_folders_follow_the_xdg_specification() -> None:
    folders = Folders.of({"HOME": "/home/ada", "XDG_CACHE_HOME": "/cache", "XDG_DATA_HOME": "data"})
    assert folders.config == Path("/home/ada/.config/envguard")
    assert folders.data == Path("/home/ada/.local/share/envguard")  # a relative path is ignored
    assert folders.cache == Path("/cache/envguard")


def test_settings_do_not_show_the_key_or_the_environment() -> None:
    settings = Settings.of({"HOME": "/", "ENVGUARD_KEY": "egk1_hidden", "TOKEN": "hunter2"})
    assert settings.key == "egk1_hidden"
    assert "hidden" not in repr(settings)
    assert "hunter2" not in repr(settings)
    assert Settings.of({"HOME": "/", "ENVGUARD_KEY": "", "ENVGUARD_PROFILE": ""}).key is None


def test_a_dialect_is_declared_by_the_profile_and_inherited() -> None:
    found = config(
        """
        [profiles.dev]
        dialect = "node"
        [profiles.test]
        extends = "dev"
        [profiles.prod]
        """
    )
    assert [found.profile(name).dialect for name in ("dev", "test", "prod")] == [
        "node", "node", "python",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"profiles\.dev\.dialect is one of python, node"):
        config('[profiles.dev]\ndialect = "perl"')


def test_one_url_has_one_way_to_call_its_keys() -> None:
    text = (
        '[backends.a]\nurl = "gcp://p/shop"\ncase = "kebab"\n[backends.b]\nurl = "gcp://p/shop"\n'
    )
    with pytest.raises(ConfigError, match="is that of a, which"):
        parse(text, Path("envguard.toml"))
    config = parse(f'{text}case = "kebab"\n', Path("envguard.toml"))
    assert config.naming_of("gcp://p/shop") == config.naming_of("b")
