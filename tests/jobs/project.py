"""A project that a test migrates and runs, in this process, through the jobs themselves."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from envguard.backends import registry
from envguard.backends.local import LocalBackend
from envguard.core.backend import Backend, Capability
from envguard.core.config import Config, Profile, Settings, load
from envguard.core.errors import BackendError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.detection.detector import Detector
from envguard.detection.prepare import standard
from envguard.jobs import run as run_job
from envguard.jobs.environment import request as environment
from envguard.jobs.migrate import plan as planning
from envguard.jobs.migrate.apply import apply
from envguard.jobs.migrate.carry import Opener
from envguard.jobs.migrate.request import (
    Answers,
    Conflict,
    Equal,
    Outcome,
    Planned,
    Request,
    under_one_key,
)


@cache
def detector() -> Detector:
    """The built-in rules, compiled once for all tests."""
    return standard(None)


def random_value(seed: int, length: int = 32) -> str:
    """A value that looks like a secret; always the same for a seed."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "".join(random.Random(seed).choices(alphabet, k=length))  # noqa: S311 - made up


def never_asked(name: str) -> Conflict:
    raise AssertionError(f"a conflict about {name}")


class Project:
    """A folder with a .env. `environ` is the calling environment of every job."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.env = self.root / ".env"
        self._last = Config(self.root)
        self.environ: Mapping[str, str] = {"HOME": os.environ["HOME"], "PATH": os.defpath}

    @property
    def settings(self) -> Settings:
        return Settings.of(self.environ)

    @property
    def config(self) -> Config:
        return load(self.root)

    @property
    def profile(self) -> Profile:
        return self.config.profile(None)

    @property
    def journal(self) -> Path:
        return self.settings.folders.data / "journal"

    def plan(
        self,
        *files: Path | None,
        to: str = "local:",
        everything: bool = False,
        only: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        alias: str | None = None,
        on_conflict: Callable[[str], Conflict] = never_asked,
        share: Callable[[Equal], bool] = under_one_key,
        apart: bool = False,
        backend: Backend | None = None,
    ) -> Planned:
        named_files = tuple(file for file in files if file) or (self.env,)
        request = Request(named_files, to, everything, only, exclude, alias, apart=apart)
        config = self.config
        if backend is None:
            named = Config(config.root, config.file, backends=config.backends, project_id="unborn")
            backend = registry.open_backend(
                to, config if config.project_id else named, self.settings
            )
        answers = Answers(on_conflict, share)
        return planning.plan(
            request, config, self.profile, backend, detector(), answers, self.environ
        )

    def apply(self, planned: Planned, opened: Opener = registry.open_backend) -> Outcome:
        outcome = apply(planned, self.config, self.profile, self.settings, opened)
        self._last = outcome.config
        return outcome

    def migrate(self, *files: Path | None, everything: bool = False, to: str = "local:") -> Outcome:
        return self.apply(self.plan(*files, to=to, everything=everything))

    def backend(self, name: str = "local:") -> Backend:
        config = self.config
        # A rollback removes the configuration that the migration made.
        return registry.open_backend(
            name, config if config.project_id else self._last, self.settings
        )

    def local(self, name: str = "local:") -> LocalBackend:
        """The backend, where it is an embedded store."""
        backend = self.backend(name)
        assert isinstance(backend, LocalBackend)
        return backend

    def stored(self, name: str) -> str | None:
        reference = Reference("secret", name)
        found = self.backend().read([reference]).get(reference)
        return None if found is None else found.reveal()

    def child_environ(
        self,
        *env_files: Path,
        only: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        override: bool = True,
        clean: bool = False,
        trusted: bool = False,
        profile: str | None = None,
    ) -> Mapping[str, str]:
        """The whole environment that `envguard run` would give to a child."""
        request = environment.Request(env_files, only, exclude, override, clean, trusted)
        config = self.config
        chosen = config.profile(profile)
        return run_job.run(("true",), request, config, chosen, self.settings).environ

    def given(self) -> dict[str, str]:
        """What of the child's environment comes from the project."""
        found = self.child_environ(clean=True)
        return dict(found)


class Faulty:
    """A backend that passes everything on to a real one, but for one call that goes wrong.

    `fault` is the number of that call, counted from 0 over all of them; `calls` are their names.
    """

    capabilities = Capability.READ | Capability.WRITE

    def __init__(self, inner: Backend, fault: int = -1, *, after: bool = False) -> None:
        self.inner = inner
        self.fault = fault
        self.after = after
        self.calls: list[str] = []

    def _call(self, name: str) -> bool:
        """Notes a call; raises where it fails before it does anything, True: afterwards."""
        self.calls.append(name)
        wrong = len(self.calls) - 1 == self.fault
        if wrong and not self.after:
            self.fail()
        return wrong

    def fail(self) -> None:
        raise BackendError("the backend is out of reach", "check the network")

    def locate(self, key: str) -> Reference:
        wrong = self._call("locate")
        found = self.inner.locate(key)
        if wrong:
            self.fail()
        return found

    def check(self) -> None:
        self.inner.check()

    def read(self, refs: Sequence[Reference]) -> Mapping[Reference, Secret]:
        wrong = self._call("read")
        found = self.inner.read(refs)
        if wrong:
            self.fail()
        return found

    def write(self, ref: Reference, value: Secret, *, token: str) -> str:
        wrong = self._call("write")
        version = self.inner.write(ref, value, token=token)
        if wrong:
            self.fail()
        return version

    def delete(self, ref: Reference) -> bool:  # noqa: ARG002 - the protocol's
        raise AssertionError("a migration deletes nothing")
