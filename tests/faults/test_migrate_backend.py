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
from envguard.jobs.migrate.undo import migrations, rollback
from tests.faults.backend import Fault, Faults, Kind
from tests.jobs.project import Project, random_value

KEYS = [f"KEY_{number}" for number in range(5)]
VALUES = {key: random_value(number) for number, key in enumerate(KEYS)}
BEFORE = "".join(f"{key}='{value}'  # {key}\n" for key, value in VALUES.items())
AFTER = "".join(f"{key}='secret:{key}'  # {key}\n" for key in KEYS)


class OneByOne:
    """A backend without what writes many values at once, as most services are."""

    def __init__(self, inner: Backend) -> None:
        for name in dir(inner):
            if not name.startswith("_") and name not in ("write_all", "delete_all"):
                setattr(self, name, getattr(inner, name))


class Case:
    """One migration with one fault."""

    def __init__(self, root: Path, fault: Fault | None, *, batch: bool) -> None:
        self.project = Project(root / "shop")
        (root / "home").mkdir()
        self.project.environ = {**self.project.environ, "HOME": str(root / "home")}
        self.project.env.write_text(BEFORE)
        self.faults = Faults(fault, pause=lambda _: None)
        self.batch = batch

    def opened(self, name: str, config: Config, settings: Settings) -> Backend:
        inner = registry.open_backend(name, config, settings)
        bare: Backend = inner if self.batch else OneByOne(inner)  # type: ignore[assignment]  # made of its methods
        assert isinstance(bare, Batch) is self.batch
        return self.faults.wrap(bare)

    def migrate(self) -> None:
        self.project.apply(self.project.plan(), self.opened)

    @property
    def begun(self) -> list[str]:
        return [record.id for record in migrations(self.project.settings)[0]]

    def assert_nothing_is_lost(self) -> None:
        assert self.project.env.read_text() in (BEFORE, AFTER)
        if self.project.env.read_text() == AFTER:
            assert self.project.given() == VALUES


def calls(tmp_path: Path, *, batch: bool) -> list[str]:
    case = Case(tmp_path, None, batch=batch)
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
        case = Case(tmp_path / str(number), Fault(kind, number), batch=batch)
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
