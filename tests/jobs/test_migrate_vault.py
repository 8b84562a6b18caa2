"""A migration to Vault that ends at any of its calls loses nothing, and both ways lead on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import pytest

from envguard.backends.service.rest import Answer
from envguard.backends.vaultkv.client import VaultClient
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate.request import Conflict
from envguard.jobs.migrate.resume import resume
from envguard.jobs.migrate.undo import rollback
from tests.jobs.moved import AFTER, BEFORE, KEYS, VALUES, Case, KilledError
from tests.servers.vault import Vault

LAYOUTS = ["json", "each"]


class VaultCase(Case):
    """A migration into a path of its own."""

    def __init__(self, root: Path, vault: Vault, layout: str) -> None:
        self.vault = vault
        self.path = f"migrate-{token_hex(6)}"
        url = f"vault://secret/{self.path}?layout={layout}"
        super().__init__(root, url, {"VAULT_ADDR": vault.address, "VAULT_TOKEN": vault.root})


def end_at(patch: pytest.MonkeyPatch, number: int, *, after: bool) -> list[str]:
    """Ends the program at a call, before or after it was carried out; the calls so far."""
    calls: list[str] = []
    call = VaultClient.call

    def ended(self: VaultClient, method: str, path: str, *given: object, **more: object) -> Answer:
        calls.append(f"{method} {path}")
        if len(calls) - 1 != number:
            return call(self, method, path, *given, **more)  # type: ignore[arg-type]  # as given
        if after:
            call(self, method, path, *given, **more)  # type: ignore[arg-type]  # as given
        raise KilledError

    patch.setattr(VaultClient, "call", ended)
    return calls


def calls_of_all(root: Path, vault: Vault, layout: str, monkeypatch: pytest.MonkeyPatch) -> int:
    case = VaultCase(root, vault, layout)
    with monkeypatch.context() as patch:
        calls = end_at(patch, -1, after=False)
        case.migrate()
    assert case.project.given() == VALUES == case.held()
    return len(calls)


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.prove)])
@pytest.mark.parametrize("way", ["resume", "rollback"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_migration_that_is_killed_at_a_call_loses_nothing(
    tmp_path: Path,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
    figure: Callable[[str], None],
    layout: str,
    after: bool,
    way: str,
    step: int,
) -> None:
    count = calls_of_all(tmp_path / "whole", vault, layout, monkeypatch)
    assert count >= 6
    figure(f"vault {layout}: killed at {len(range(0, count, step))} calls, then {way}")
    for number in range(0, count, step):
        case = VaultCase(tmp_path / str(number), vault, layout)
        with monkeypatch.context() as patch:
            end_at(patch, number, after=after)
            with pytest.raises(KilledError):
                case.migrate()
        case.assert_nothing_is_lost()
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


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rollback_leaves_what_others_have_written_since(
    tmp_path: Path, vault: Vault, layout: str
) -> None:
    case = VaultCase(tmp_path / "one", vault, layout)
    case.migrate()
    backend = case.project.backend(case.url)
    changed = Reference("secret", KEYS[1])
    backend.write(changed, Secret("theirs"), token="t")
    undone = rollback(case.begun[0], case.project.settings)
    assert len(undone.remains) == 1 and KEYS[1] in undone.remains[0]
    assert case.held() == {KEYS[1]: "theirs"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rollback_writes_what_was_there_before(tmp_path: Path, vault: Vault, layout: str) -> None:
    case = VaultCase(tmp_path / "one", vault, layout)
    backend = case.project.backend(case.url)
    backend.write(Reference("secret", KEYS[0]), Secret("before"), token="t")
    planned = case.project.plan(
        to=case.url, everything=True, on_conflict=lambda _: Conflict.OVERWRITE
    )
    case.project.apply(planned)
    assert case.held() == VALUES
    assert not rollback(case.begun[0], case.project.settings).remains
    assert case.held() == {KEYS[0]: "before"}
    assert case.project.env.read_text() == BEFORE
