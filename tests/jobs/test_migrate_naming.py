"""A migration to a backend whose keys have other names there writes, reads and takes back under
these names, whatever the configuration says by then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from envguard.backends.gcp import open_gcp
from envguard.core.naming import Naming
from envguard.core.secret import Secret
from envguard.jobs.migrate.undo import rollback
from envguard.workspace import trust
from tests.jobs.project import Project, random_value
from tests.servers.google import PROJECT, Google, google

KEY, VALUE = "OPENAI_API_KEY", random_value(1)
CONFIG = """\
[project]
name = "shop"
id = "0123456789abcdef0123456789abcdef"
[backends.prod]
url = "{url}"
{naming}
[profiles.dev]
backend = "prod"
[secrets.DATABASE_URL]
name = "database#url"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    with google(tmp_path_factory.mktemp("google")) as running:
        yield running


class Shop(Project):
    """A project whose backend names its keys in its own way."""

    def __init__(self, root: Path, server: Google, naming: str) -> None:
        super().__init__(root / "shop")
        (root / "home").mkdir()
        self.environ = {**self.environ, **server.environ(), "HOME": str(root / "home")}
        self.url = f"gcp://{PROJECT}/{server.fresh_prefix()}"
        self.say(naming)
        self.env.write_text(f"{KEY}={VALUE}\nDATABASE_URL={VALUE}x\n")

    def say(self, naming: str) -> None:
        file = self.root / "envguard.toml"
        file.write_text(CONFIG.format(url=self.url, naming=naming))

    def trust(self) -> None:
        trust.record(self.settings.folders, trust.claim(self.config, self.profile, ()))

    def value(self, naming: Naming, key: str = KEY) -> Secret | None:
        backend = open_gcp(self.url, self.settings, naming)
        ref = backend.locate(key)
        return backend.read([ref]).get(ref)


@pytest.mark.parametrize(
    ("text", "naming"),
    [
        ('case = "kebab"', Naming("kebab")),
        ('groups = { keys = ["*_KEY"] }', Naming(groups={"keys": ("*_KEY",)})),
    ],
)
def test_values_are_written_where_the_alias_says_that_they_are_read(
    text: str, naming: Naming, server: Google, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, server, text)
    shop.trust()
    shop.migrate(to="prod", everything=True)
    assert shop.value(naming) == Secret(VALUE)
    assert shop.value(Naming()) is None
    assert shop.value(Naming(names={"DATABASE_URL": "database#url"}), "DATABASE_URL") == Secret(
        f"{VALUE}x"
    )
    given = shop.given()
    assert (given[KEY], given["DATABASE_URL"]) == (VALUE, f"{VALUE}x")


def test_a_rollback_takes_back_what_was_written_and_not_what_has_that_name_now(
    server: Google, tmp_path: Path
) -> None:
    shop = Shop(tmp_path, server, 'case = "kebab"')
    shop.trust()
    others = open_gcp(shop.url, shop.settings, Naming())
    others.write(others.locate(KEY), Secret("somebody else's"), token="t")
    outcome = shop.migrate(to="prod", everything=True)
    shop.say("")
    rollback(outcome.id, shop.settings)
    assert shop.value(Naming()) == Secret("somebody else's")
    assert shop.value(Naming("kebab")) is None
    assert shop.value(Naming(names={"DATABASE_URL": "database#url"}), "DATABASE_URL") is None
