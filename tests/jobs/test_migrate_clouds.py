"""A migration to Google or Azure that ends at any of its calls loses nothing, and both ways lead
on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.backends.service.rest import Answer, Rest
from envguard.jobs.migrate.resume import resume
from envguard.jobs.migrate.undo import rollback
from tests.jobs.moved import AFTER, BEFORE, VALUES, Case, KilledError
from tests.servers.azure import Azure, azure
from tests.servers.google import PROJECT, Google, google

SERVICES = ["gcp", "gcp?layout=json", "azure", "azure?layout=json"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Google, Azure]]:
    folders = tmp_path_factory.mktemp("google"), tmp_path_factory.mktemp("azure")
    with google(folders[0]) as one, azure(folders[1]) as other:
        yield one, other


def case(root: Path, servers: tuple[Google, Azure], service: str) -> Case:
    """A migration under a prefix of its own."""
    cloud, question, layout = service.partition("?")
    server = servers[0] if cloud == "gcp" else servers[1]
    place = PROJECT if cloud == "gcp" else servers[1].host
    url = f"{cloud}://{place}/{server.fresh_prefix()}{question}{layout}"
    return Case(root, url, server.environ())


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
    whole = case(tmp_path / "whole", servers, service)
    with monkeypatch.context() as patch:
        calls = end_at(patch, -1, after=False)
        whole.migrate()
    assert whole.project.given() == VALUES == whole.held()
    figure(f"{service}: killed at {len(range(0, len(calls), step))} calls, then {way}")
    for number in range(0, len(calls), step):
        one = case(tmp_path / str(number), servers, service)
        with monkeypatch.context() as patch:
            end_at(patch, number, after=after)
            with pytest.raises(KilledError):
                one.migrate()
        one.assert_nothing_is_lost()
        if way == "rollback":
            for migration in one.begun:
                rollback(migration, one.project.settings)
            assert one.project.env.read_text() == BEFORE
            assert one.held() == {}
            continue
        for migration in one.begun:
            resume(migration, one.project.settings)
        if not one.begun:
            one.migrate()
        assert one.project.env.read_text() == AFTER
        assert one.project.given() == VALUES == one.held()
