"""A migration to Vault that ends at any of its calls loses nothing, and both ways lead on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from secrets import token_hex

import pytest

from envguard.backends.local import own_store
from envguard.backends.service.rest import Answer
from envguard.backends.vaultkv.client import VaultClient
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate.request import Conflict
from envguard.jobs.migrate.resume import resume
from envguard.jobs.migrate.undo import migrations, rollback
from tests.jobs.project import Project, random_value
from tests.servers.vault import Vault

KEYS = [f"KEY_{number}" for number in range(3)]
VALUES = {key: random_value(number) for number, key in enumerate(KEYS)}
BEFORE = "".join(f"{key}='{value}'  # {key}\n" for key, value in VALUES.items())
AFTER = "".join(f"{key}='secret:{key}'  # {key}\n" for key in KEYS)
LAYOUTS = ["json", "each"]


class KilledError(BaseException):
    """The program ends here: nothing catches this."""


class Case:
    """One migration into a path of its own."""

    def __init__(self, root: Path, vault: Vault, layout: str) -> None:
        root.mkdir()
        self.vault = vault
        self.path = f"migrate-{token_hex(6)}"
        self.url = f"vault://secret/{self.path}?layout={layout}"
        self.project = Project(root / "shop")
        (root / "home").mkdir()
        own = {"HOME": str(root / "home"), "VAULT_ADDR": vault.address, "VAULT_TOKEN": vault.root}
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

    def assert_nothing_is_lost(self) -> None:
        assert self.project.env.read_text() in (BEFORE, AFTER)
        if self.project.env.read_text() == AFTER:
            assert self.project.given() == VALUES


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
    case = Case(root, vault, layout)
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
        case = Case(tmp_path / str(number), vault, layout)
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
    case = Case(tmp_path / "one", vault, layout)
    case.migrate()
    backend = case.project.backend(case.url)
    changed = Reference("secret", KEYS[1])
    backend.write(changed, Secret("theirs"), token="t")
    undone = rollback(case.begun[0], case.project.settings)
    assert len(undone.remains) == 1 and KEYS[1] in undone.remains[0]
    assert case.held() == {KEYS[1]: "theirs"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_rollback_writes_what_was_there_before(tmp_path: Path, vault: Vault, layout: str) -> None:
    case = Case(tmp_path / "one", vault, layout)
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
