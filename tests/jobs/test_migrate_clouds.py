"""A migration to Google or Azure that ends at any of its calls loses nothing, and both ways lead
on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.backends.local import own_store
from envguard.backends.service.rest import Answer, Rest
from envguard.core.reference import Reference
from envguard.jobs.migrate.resume import resume
from envguard.jobs.migrate.undo import migrations, rollback
from tests.jobs.project import Project, random_value
from tests.servers.azure import Azure, azure
from tests.servers.google import PROJECT, Google, google

KEYS = [f"KEY_{number}" for number in range(3)]
VALUES = {key: random_value(number) for number, key in enumerate(KEYS)}
BEFORE = "".join(f"{key}='{value}'  # {key}\n" for key, value in VALUES.items())
AFTER = "".join(f"{key}='secret:{key}'  # {key}\n" for key in KEYS)
SERVICES = ["gcp", "gcp?layout=json", "azure", "azure?layout=json"]


class KilledError(BaseException):
    """The program ends here: nothing catches this."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Google, Azure]]:
    folders = tmp_path_factory.mktemp("google"), tmp_path_factory.mktemp("azure")
    with google(folders[0]) as one, azure(folders[1]) as other:
        yield one, other


class Case:
    """One migration under a prefix of its own."""

    def __init__(self, root: Path, servers: tuple[Google, Azure], service: str) -> None:
        root.mkdir()
        cloud, question, layout = service.partition("?")
        server = servers[0] if cloud == "gcp" else servers[1]
        place = PROJECT if cloud == "gcp" else servers[1].host
        self.url = f"{cloud}://{place}/{server.fresh_prefix()}{question}{layout}"
        self.project = Project(root / "shop")
        (root / "home").mkdir()
        own = {**server.environ(), "HOME": str(root / "home")}
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
        backend = self.project.backend(self.url)
        refs = [Reference("secret", key) for key in KEYS]
        return {ref.name: value.reveal() for ref, value in backend.read(refs).items()}


def end_at(patch: pytest.MonkeyPatch, number: int, *, after: bool) -> list[str]:
    """Ends the program at a call, before or after it was carried out, and every call that begins
    later in another thread; the calls so far."""
    calls: list[str] = []
    call, lock = Rest.call, threading.Lock()

    def ended(self: Rest, method: str, path: str, *given: object, **more: object) -> Answer:
        with lock:
            calls.append(f"{method} {path}")
            at = len(calls) - 1
        if number < 0 or at < number:
            return call(self, method, path, *given, **more)  # type: ignore[arg-type]  # as given
        if after and at == number:
            call(self, method, path, *given, **more)  # type: ignore[arg-type]  # as given
        raise KilledError

    patch.setattr(Rest, "call", ended)
    return calls


@pytest.mark.parametrize("step", [11, pytest.param(1, marks=pytest.mark.prove)])
@pytest.mark.parametrize("way", ["resume", "rollback"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_migration_that_is_killed_at_a_call_loses_nothing(
    tmp_path: Path,
    servers: tuple[Google, Azure],
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str], None],
    service: str,
    after: bool,
    way: str,
    step: int,
) -> None:
    whole = Case(tmp_path / "whole", servers, service)
    with monkeypatch.context() as patch:
        calls = end_at(patch, -1, after=False)
        whole.migrate()
    assert whole.project.given() == VALUES == whole.held()
    figure(f"{service}: killed at {len(range(0, len(calls), step))} calls, then {way}")
    for number in range(0, len(calls), step):
        case = Case(tmp_path / str(number), servers, service)
        with monkeypatch.context() as patch:
            end_at(patch, number, after=after)
            with pytest.raises(KilledError):
                case.migrate()
        assert case.project.env.read_text() in (BEFORE, AFTER)
        if way == "rollback":
            for migration in case.begun:
                rollback(migration, case.project.settings)
            assert case.project.env.read_text() == BEFORE
            assert case.held() == {}
            continue
        for migration in case.begun:
            resume(migration, case.project.settings)
        if not case.begun:
            case.migrate()
        assert case.project.env.read_text() == AFTER
        assert case.project.given() == VALUES == case.held()
