from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envguard.core.backend import Backend, Batch, Capability, Listing, Versions
from envguard.core.errors import BackendError
from envguard.core.secret import Secret
from tests.faults.backend import Fault, Faults, Kind
from tests.jobs.project import Project


@pytest.fixture
def local(tmp_path: Path) -> Backend:
    project = Project(tmp_path)
    (tmp_path / "envguard.toml").write_text('[project]\nname = "x"\nid = "x-1"\n')
    return project.backend()


def write(backend: Backend, name: str) -> None:
    backend.write(backend.locate(name), Secret(name), token=name)


def names(backend: Backend) -> list[str]:
    assert isinstance(backend, Listing)
    return [found.name for found in backend.list()]


def test_it_is_what_the_inner_one_is(local: Backend) -> None:
    wrapped = Faults().wrap(local)
    assert wrapped.capabilities == local.capabilities
    assert Capability.WRITE in wrapped.capabilities
    for protocol in (Listing, Versions, Batch):
        assert isinstance(wrapped, protocol) is isinstance(local, protocol)

    class Least:
        capabilities = Capability.READ

        def read(self, _refs: object) -> dict[object, object]:
            return {}

    least = Faults().wrap(Least())  # type: ignore[arg-type]  # as little as can be wrapped
    assert not isinstance(least, Listing)
    assert least.read([]) == {}


def test_without_a_fault_everything_is_passed_on_and_counted(local: Backend) -> None:
    faults = Faults()
    backend = faults.wrap(local)
    write(backend, "A")
    assert backend.read([backend.locate("A")]) == {backend.locate("A"): Secret("A")}
    assert faults.calls == ["locate", "write", "locate", "read", "locate"]


@pytest.mark.parametrize(
    ("kind", "there"),
    [
        (Kind.THROTTLED, False),
        (Kind.CUT_BEFORE, False),
        (Kind.CUT_AFTER, True),
        (Kind.DENIED, False),
        (Kind.EXPIRED, False),
        (Kind.FULL, False),
    ],
)
def test_a_write_fails_before_or_after_it_took_effect(
    local: Backend, kind: Kind, there: bool
) -> None:
    write(local, "A")
    backend = Faults(Fault(kind, 0, "write")).wrap(local)
    with pytest.raises(BackendError):
        write(backend, "B")
    assert names(local) == ["A", "B"][: 1 + there]


def repeated(faults: Faults, backend: Backend, act: Callable[[], object]) -> Iterator[bool]:
    for _ in range(2):
        try:
            act()
        except BackendError:
            yield False
        else:
            yield True


@pytest.mark.parametrize(
    ("kind", "writes", "reads"),
    [
        (Kind.THROTTLED, True, True),
        (Kind.CUT_BEFORE, True, True),
        (Kind.DENIED, False, True),
        (Kind.EXPIRED, False, False),
        (Kind.FULL, False, True),
    ],
)
def test_what_lasts_lasts_and_what_passes_passes(
    local: Backend, kind: Kind, writes: bool, reads: bool
) -> None:
    faults = Faults(Fault(kind, 0, "write"))
    backend = faults.wrap(local)
    write(local, "A")
    assert list(repeated(faults, backend, lambda: write(backend, "B"))) == [False, writes]
    (first, _) = repeated(faults, backend, lambda: names(backend))
    assert first is reads


def test_a_slow_call_is_done_late(local: Backend) -> None:
    waited: list[float] = []
    backend = Faults(Fault(Kind.SLOW, 1), pause=waited.append).wrap(local)
    write(backend, "A")
    assert (waited, names(local)) == ([30], ["A"])


def test_a_call_for_many_values_can_be_cut_halfway(local: Backend) -> None:
    backend = Faults(Fault(Kind.CUT_HALFWAY, 0, "write_all")).wrap(local)
    assert isinstance(backend, Batch)
    values = {backend.locate(name): Secret(name) for name in "ABCD"}
    with pytest.raises(BackendError, match="connection was lost"):
        backend.write_all(values, token="t")
    assert names(local) == ["A", "B"]
