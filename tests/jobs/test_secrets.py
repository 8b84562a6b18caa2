"""Values in a backend, one by one and whole files of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from envguard.backends.registry import open_backend
from envguard.core.backend import Backend
from envguard.core.config import Config
from envguard.core.errors import BackendError, NotFoundError, TrustError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.secrets import imports, place, values
from tests.jobs.project import Faulty, Project


@pytest.fixture
def store(project: Project) -> Backend:
    return opened(project, store=project.root / "own.db")


def opened(project: Project, store: Path | None = None, backend: str | None = None) -> Backend:
    where = place.Place(store, backend)
    return place.opened(where, project.config, project.profile, project.settings)


def revealed(values: Mapping[str, Secret | None]) -> dict[str, str | None]:
    return {key: None if value is None else value.reveal() for key, value in values.items()}


@pytest.mark.parametrize("value", ["", "x", "a\nb\r\n", "ü🔑", "\0", " ", "x" * 300_000])
def test_a_value_comes_back_as_it_was(store: Backend, value: str) -> None:
    assert values.put(store, "A", Secret(value)) == "1"
    assert values.get(store, "A").reveal() == value
    assert values.exists(store, "A")


def test_versions_and_fields_are_read_by_their_reference(store: Backend) -> None:
    values.put(store, "A", Secret('{"user": "ada"}'))
    assert values.put(store, "A", Secret("second")) == "2"
    assert values.get(store, "A@2").reveal() == "second"
    assert values.get(store, "A#user@1").reveal() == "ada"
    assert not values.exists(store, "A@3")
    assert not values.exists(store, "A#none@1")


def test_what_is_not_there_is_not_found(store: Backend) -> None:
    assert not values.exists(store, "A")
    for call in (values.get, values.delete):
        with pytest.raises(NotFoundError, match="there is no secret A"):
            call(store, "A")
    values.put(store, "A", Secret("x"))
    values.delete(store, "A")
    assert not values.exists(store, "A")
    assert values.listed(store) == []


@pytest.mark.parametrize("name", ["", "a b", "A@x@y", "#x", "a\n"])
def test_a_text_that_is_no_name_is_refused(store: Backend, name: str) -> None:
    with pytest.raises(UsageError, match="is no name of a secret"):
        values.get(store, name)


def test_a_part_of_a_secret_cannot_be_written(store: Backend) -> None:
    for name in ("A#field", "A@1"):
        with pytest.raises(Exception, match="cannot be the name of a secret"):
            values.put(store, name, Secret("x"))


def test_a_write_that_does_not_come_back_is_a_failure(store: Backend) -> None:
    class Forgetful(Faulty):
        def read(self, _refs: Sequence[Reference]) -> Mapping[Reference, Secret]:
            return {}

    with pytest.raises(BackendError, match="does not give back what was written for A"):
        values.put(Forgetful(store), "A", Secret("x"))


def test_a_backend_that_cannot_list_says_so(store: Backend) -> None:
    with pytest.raises(UsageError, match="cannot list"):
        values.listed(Faulty(store))


def test_a_store_file_has_nothing_to_do_with_the_project(project: Project) -> None:
    (project.root / "envguard.toml").write_text('[project]\nid = "theirs"\n')
    store = project.root / "own.db"
    values.put(opened(project, store=store), "A", Secret("x"))
    with pytest.raises(TrustError):
        opened(project)
    outside = open_backend(f"local://{store}", Config(project.root.parent), project.settings)
    assert values.get(outside, "A").reveal() == "x"
    with pytest.raises(UsageError, match="two places"):
        opened(project, store=store, backend="local:")


def test_an_import_reads_as_python_dotenv_reads(project: Project, store: Backend) -> None:
    project.env.write_text(
        "A=1\nB='two words' # no comment\nC=${A}-${HOME}\nD=\nE\nF=secret:X\nG=x${F}\nH=${G}\n"
        "A=again\nI=${E}\n"
    )
    read = imports.read_env(project.env, {"HOME": "/home/ada"}, project.config)
    assert revealed(read) == {
        "A": "again",
        "B": "two words",
        "C": "1-/home/ada",
        "D": "",
        "E": None,
        "F": None,
        "G": None,
        "H": None,
        "I": None,
    }
    done = imports.import_values(store, read, "")
    assert done.written == ("A", "B", "C", "D")
    assert done.skipped == ("E", "F", "G", "H", "I")
    again = imports.import_values(store, read, "")
    assert (again.written, again.unchanged) == ((), ("A", "B", "C", "D"))
    assert [row.version for row in values.listed(store)] == [1, 1, 1, 1]


def test_a_prefix_chooses_and_is_dropped(store: Backend) -> None:
    given = {"SECRET_A": Secret("1"), "SECRET_": Secret("2"), "OTHER": Secret("3")}
    assert imports.import_values(store, given, "SECRET_").written == ("A",)
    assert [row.name for row in values.listed(store)] == ["A"]


def test_a_name_that_cannot_be_stops_an_import_before_it_writes(store: Backend) -> None:
    with pytest.raises(Exception, match="cannot be the name of a secret"):
        imports.import_values(store, {"A": Secret("1"), "B C": Secret("2")}, "")
    assert values.listed(store) == []


def test_a_file_that_does_not_parse_is_not_imported(project: Project) -> None:
    project.env.write_text("A=1\nB: 2\n")
    with pytest.raises(UsageError, match="2 is no KEY=VALUE line"):
        imports.read_env(project.env, {}, project.config)
