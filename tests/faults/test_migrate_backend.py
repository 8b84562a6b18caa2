"""The backend fails in every way at every call of a migration: nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from envguard.backends import registry
from envguard.core.backend import Backend, Batch
from envguard.core.config import Config, Settings
from envguard.core.errors import BackendError
from envguard.jobs.migrate.resume import resume
from envguard.jobs.migrate.undo import rollback
from tests.faults.backend import Fault, Faults, Kind
from tests.jobs.moved import AFTER, BEFORE, KEYS, VALUES, Case


class OneByOne:
    """A backend without what writes many values at once, as most services are."""

    def __init__(self, inner: Backend) -> None:
        for name in dir(inner):
            if not name.startswith("_") and name not in ("write_all", "delete_all"):
                setattr(self, name, getattr(inner, name))


class FaultCase(Case):
    """A migration to the project's own store, with one fault."""

    def __init__(self, root: Path, fault: Fault | None, *, batch: bool) -> None:
        super().__init__(root, "", {})
        self.faults = Faults(fault, pause=lambda _: None)
        self.batch = batch

    def opened(self, name: str, config: Config, settings: Settings) -> Backend:
        inner = registry.open_backend(name, config, settings)
        bare: Backend = inner if self.batch else OneByOne(inner)  # type: ignore[assignment]  # made of its methods
        assert isinstance(bare, Batch) is self.batch
        return self.faults.wrap(bare)

    def migrate(self) -> None:
        self.project.apply(self.project.plan(), self.opened)


def calls(tmp_path: Path, *, batch: bool) -> list[str]:
    case = FaultCase(tmp_path, None, batch=batch)
    case.migrate()
    assert case.project.given() == VALUES
    return case.faults.calls


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.prove)])
@pytest.mark.parametrize("way", ["resume", "rollback"])
@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("batch", [False, True], ids=["one by one", "batch"])
def test_a_fault_at_each_call_loses_nothing(
    tmp_path: Path,
    figure: Callable[[str], None],
    kind: Kind,
    batch: bool,
    way: str,
    step: int,
) -> None:
    (tmp_path / "whole").mkdir()
    count = len(calls(tmp_path / "whole", batch=batch))
    assert count >= 5
    figure(f"{kind}, batch {batch}: {len(range(0, count, step))} calls, then {way}")
    failed = 0
    for number in range(0, count, step):
        (tmp_path / str(number)).mkdir()
        case = FaultCase(tmp_path / str(number), Fault(kind, number), batch=batch)
        try:
            case.migrate()
        except BackendError:
            failed += 1
            assert case.project.env.read_text() == BEFORE
        case.assert_nothing_is_lost()
        case.faults.fault = None  # the network is back, the token is new
        if way == "rollback":
            for migration in case.begun:
                rollback(migration, case.project.settings, case.opened)
            assert case.project.env.read_text() == BEFORE
            assert [key for key in KEYS if case.begun and case.project.stored(key)] == []
            continue
        for migration in case.begun:
            resume(migration, case.project.settings, case.opened)
        if not case.begun:
            case.migrate()
        assert case.project.env.read_text() == AFTER
        assert case.project.given() == VALUES
    assert (failed == 0) is (kind is Kind.SLOW)
