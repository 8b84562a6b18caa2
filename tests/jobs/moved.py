"""Migrations of four keys, in this process and in one that is killed, to any backend."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import dotenv

from envguard.backends.local import own_store
from envguard.core.reference import Reference
from envguard.jobs.migrate.undo import migrations
from tests.cli.program import Done, call
from tests.jobs.project import Project, random_value

KEYS = [f"KEY_{number}" for number in range(4)]
VALUES = {key: random_value(number) for number, key in enumerate(KEYS)}
BEFORE = "".join(f"{key}='{value}'  # {key}\n" for key, value in VALUES.items())
AFTER = "".join(f"{key}='secret:{key}'  # {key}\n" for key in KEYS)
MOVED = {key: f"secret:{key}" for key in KEYS}


class KilledError(BaseException):
    """The program ends here: nothing catches this."""


class Case:
    """One migration of a project to the backend of a URL, in a home of its own."""

    def __init__(self, root: Path, url: str, environ: Mapping[str, str]) -> None:
        (root / "home").mkdir(parents=True)
        self.url = url
        self.project = Project(root / "shop")
        own = {**environ, "HOME": str(root / "home")}
        self.project.environ = {**self.project.environ, **own}
        self.project.env.write_text(BEFORE)
        # The backup of a migration to a service is encrypted with the key of the user's own store.
        own_store(self.project.settings, "").root_key()

    def migrate(self) -> None:
        self.project.migrate(to=self.url, everything=True)

    @property
    def begun(self) -> list[str]:
        return [record.id for record in migrations(self.project.settings)[0]]

    def held(self) -> dict[str, str]:
        """What the backend holds of the keys."""
        backend = self.project.backend(self.url)
        refs = [Reference("secret", key) for key in KEYS]
        return {ref.name: value.reveal() for ref, value in backend.read(refs).items()}

    def assert_nothing_is_lost(self) -> None:
        assert self.project.env.read_text() in (BEFORE, AFTER)
        if self.project.env.read_text() == AFTER:
            assert self.project.given() == VALUES


class Shop:
    """The same for the program: a project whose .env goes to the backend of a URL. `cache` holds
    the compiled rules of all of them."""

    def __init__(self, folder: Path, url: str, environ: Mapping[str, str], cache: Path) -> None:
        folder.mkdir()
        self.folder, self.env, self.url = folder, folder / ".env", url
        self.environ = {**environ, "HOME": str(folder), "XDG_CACHE_HOME": str(cache)}
        self.command = ("migrate", "--all", "--yes", "--to", url)
        self.envguard("init", "--yes", "--name", "shop")
        self.envguard("secrets", "key", "new", "--backend", "local:")
        self.env.write_text(BEFORE)

    def envguard(self, *words: str, code: int = 0) -> Done:
        done = call(*words, cwd=self.folder, env=self.environ)
        assert done.code == code, done.err
        return done

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs Python code that is given these words and then those of the migration."""
        return subprocess.run(
            [sys.executable, "-c", program, *words, *self.command],
            cwd=self.folder,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def given(self) -> object:
        """What a program would get."""
        return self.envguard("export", "--format", "json").report

    def assert_nothing_is_lost(self) -> None:
        assert self.env.read_text() in (BEFORE, AFTER)
        if self.env.read_text() == AFTER:
            assert self.given() == VALUES

    def assert_moved(self) -> None:
        assert dotenv.dotenv_values(self.env) == MOVED
        assert self.given() == VALUES
