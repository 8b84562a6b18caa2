"""Keys find their places in a service, by the configuration alone, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.backends.service.places import Alphabet, Place, Places
from envguard.backends.service.url import parse_url
from envguard.core.config import Config, parse
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed
from envguard.core.reference import Reference

PATHS = Alphabet(r"[A-Za-z0-9/_+=.@-]{1,512}", "letters, digits and / _ + = . @ -")
FLAT = Alphabet(r"[A-Za-z0-9_-]{1,255}", "letters, digits, _ and -", joint="-")
DASHES = Alphabet(r"[0-9A-Za-z-]{1,127}", "letters, digits and -", joint="-", without="_.")


def configured(text: str) -> Config:
    return parse(text, Path("/shop/envguard.toml"))


def places(config: Config, alias: str, alphabet: Alphabet, layout: str = "json") -> Places:
    url = parse_url(config.backend_url(alias), "x://place/prefix", layout=layout)
    return Places(url.prefix, url.layout, config.naming_of(alias), alphabet)


def of(found: Places, key: str) -> tuple[str, str | None]:
    return tuple(found.place(found.locate(key)))


def test_several_json_secrets_under_a_prefix() -> None:
    config = configured(
        """
        [backends.prod]
        url = "aws://eu-west-1/ml-workflow/production?layout=json"
        groups = { app = ["SECRET_KEY", "*_URL"], api-keys = ["*_API_KEY", "HF_API_TOKEN"] }
        """
    )
    found = places(config, "prod", PATHS)
    for key in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"):
        assert of(found, key) == ("ml-workflow/production/app", key)
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HF_API_TOKEN"):
        assert of(found, key) == ("ml-workflow/production/api-keys", key)
        assert found.key("ml-workflow/production/api-keys", key) == key
    assert found.key("ml-workflow/production/app", "OPENAI_API_KEY") is None
    assert found.json_paths() == ["ml-workflow/production/app", "ml-workflow/production/api-keys"]
    with pytest.raises(NameNotAllowed, match="no group of the backend takes OTHER"):
        found.locate("OTHER")


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_small_letters_and_a_name_of_its_own(environment: str) -> None:
    config = configured(
        f"""
        [backends.{environment}]
        url = "vault://secret/fastagentic/{environment}"
        case = "lower"
        groups = {{ llm = ["*_API_KEY"] }}
        [secrets.DATABASE_URL]
        name = "database#url"
        """
    )
    found = places(config, environment, PATHS)
    assert of(found, "OPENAI_API_KEY") == (f"fastagentic/{environment}/llm", "openai_api_key")
    assert of(found, "DATABASE_URL") == (f"fastagentic/{environment}/database", "url")
    assert found.key(f"fastagentic/{environment}/database", "url") == "DATABASE_URL"
    # What a listing names can be asked for by that name.
    listed = found.key(f"fastagentic/{environment}/llm", "openai_api_key")
    assert listed == "openai_api_key"
    assert of(found, listed) == (f"fastagentic/{environment}/llm", "openai_api_key")


def test_names_with_dashes_where_each_key_is_a_secret() -> None:
    config = configured(
        """
        [backends.prod]
        url = "gcp://my-project"
        case = "kebab"
        [secrets.SECRET_KEY]
        name = "ml-workflow-secret-key"
        """
    )
    found = places(config, "prod", FLAT, "each")
    assert of(found, "SECRET_KEY") == ("ml-workflow-secret-key", None)
    assert of(found, "OPENAI_API_KEY") == ("openai-api-key", None)
    assert found.key("ml-workflow-secret-key") == "SECRET_KEY"


def test_a_prefix_is_joined_as_the_service_allows() -> None:
    config = configured('[backends.prod]\nurl = "azure://shop-vault/shop/prod"\n')
    found = places(config, "prod", DASHES, "each")
    assert of(found, "DB_PASSWORD") == ("shop-prod-DB-PASSWORD", None)
    assert found.key("other-DB-PASSWORD") is None
    with pytest.raises(NameNotAllowed, match="A_B and A-B are the same name"):
        found.distinct([found.locate("A_B"), found.locate("A-B")])
    found.distinct([found.locate("A_B"), found.locate("A_B"), found.locate("A_C")])


def test_a_field_is_of_the_secret_that_the_reference_names() -> None:
    found = places(configured('[backends.p]\nurl = "aws://r/shop"\n'), "p", PATHS)
    assert found.place(Reference("secret", "database", "password")) == ("shop/database", "password")
    assert found.place(Reference("secret", "KEY")) == Place("shop", "KEY")


def test_without_a_configuration_the_keys_are_one_json_secret() -> None:
    config = configured("")
    found = places(config, "aws://eu-west-1/shop/prod", PATHS)
    assert of(found, "API_KEY") == ("shop/prod", "API_KEY")
    each = places(config, "aws://eu-west-1/shop/prod?layout=each", PATHS)
    assert of(each, "API_KEY") == ("shop/prod/API_KEY", None)
    with pytest.raises(ConfigError, match="names no secret to keep the keys in"):
        places(config, "aws://eu-west-1", PATHS)
    assert of(places(config, "aws://eu-west-1?layout=each", PATHS), "API_KEY") == ("API_KEY", None)


@pytest.mark.parametrize("key", ["", "two words", "a#b", "a@b", "line\nbreak", "nul\x00", "ünï"])
def test_a_key_that_has_no_name_there_is_refused(key: str) -> None:
    found = places(configured(""), "aws://r/shop?layout=each", PATHS)
    with pytest.raises(NameNotAllowed):
        found.locate(key)


@pytest.mark.parametrize("name", ["../other/db", "a/../../other", "..", "./a", "/a", "a//b", "a/"])
@pytest.mark.parametrize("layout", ["json", "each"])
def test_no_reference_leaves_the_prefix(name: str, layout: str) -> None:
    found = places(configured(""), "aws://r/shop", PATHS, layout)
    for ref in (Reference("secret", name, "password"), Reference("secret", name)):
        if layout == "each" or ref.field is not None:
            with pytest.raises(NameNotAllowed):
                found.place(ref)


def test_the_whole_of_a_secret_of_several_keys_is_read_and_not_changed() -> None:
    config = configured(
        '[backends.x]\nurl = "x://r/shop"\n[backends.x.groups]\nkeys = ["*_KEY"]\n'
        '[secrets.CONFIG]\nname = "keys"\n[secrets.DB]\nname = "db"\n'
        '[secrets.URL]\nname = "db#url"\n'
    )
    found = places(config, "x", PATHS)
    for name in ("CONFIG", "DB"):
        assert found.place(Reference("secret", name)).field is None
        with pytest.raises(BackendError, match=f"{name} is the whole of it"):
            found.written(Reference("secret", name))
    for name in ("A_KEY", "URL"):
        assert found.written(Reference("secret", name)).field is not None


def test_a_name_that_is_meant_for_another_backend_disturbs_nothing() -> None:
    config = configured('[secrets.A]\nname = "team@shop/a#b"\n'.replace("@", "+"))
    found = places(config, "gcp://p", FLAT, "each")
    assert of(found, "B") == ("B", None)
    with pytest.raises(NameNotAllowed):
        found.locate("A")


@pytest.mark.parametrize(
    "text",
    [
        '[backends.p]\nurl = "aws://r/x"\ncase = "Lower"\n',
        '[backends.p]\nurl = "aws://r/x"\ngroups = ["A"]\n',
        '[backends.p]\nurl = "aws://r/x"\ngroups = { app = "A" }\n',
        '[backends.p]\nurl = "aws://r/x"\ngroups = { "../x" = ["A"] }\n',
        '[backends.p]\nurl = "aws://r/x"\nlayuot = "json"\n',
        '[secrets.A]\nname = "../other"\n',
        '[secrets.A]\nname = "/other"\n',
        '[secrets.A]\nname = "a//b"\n',
        '[secrets.A]\nname = "a@3"\n',
        '[secrets.A]\nname = ""\n',
        "[secrets.A]\nname = 3\n",
    ],
)
def test_a_naming_that_means_nothing_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError):
        configured(text)


@pytest.mark.parametrize(
    "url",
    [
        "aws://",
        "aws:///shop",
        "aws://r/a/../b",
        "aws://r/a//b",
        "aws://r/two words",
        "aws://r/shop?layout=yaml",
        "aws://r/shop?region=x",
    ],
)
def test_a_url_that_means_nothing_is_an_error(url: str) -> None:
    with pytest.raises(ConfigError):
        parse_url(url, "aws://eu-west-1/shop", layout="json")


def test_a_url_has_its_parts() -> None:
    found = parse_url("aws://r/a/b/?layout=each&kms=x", "aws://…", layout="json", options=("kms",))
    assert (found.place, found.prefix, found.layout) == ("r", "a/b", "each")
    assert found.options["kms"] == "x"
