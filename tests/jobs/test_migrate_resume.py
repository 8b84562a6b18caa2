"""An interrupted migration is finished from its journal, or says what is in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from envguard.backends.registry import open_backend
from envguard.core.config import Config, Settings
from envguard.core.errors import (
    BackendError,
    ConfigError,
    EnvguardError,
    NotFoundError,
    TrustError,
    UsageError,
)
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate import undo
from envguard.jobs.migrate.apply import apply
from envguard.jobs.migrate.carry import finish
from envguard.jobs.migrate.request import Conflict
from envguard.jobs.migrate.resume import resume
from tests.jobs.project import Project, random_value

ONE, TWO = random_value(1), random_value(2)
TEXTS = {"web": f"A_KEY={ONE}\nDEBUG=1\n", "api": f"B_KEY='{TWO}' # b\r\n"}


class Cut(Exception):
    """The process ends here."""


@pytest.fixture
def files(project: Project) -> list[Path]:
    found = []
    for name, text in TEXTS.items():
        (project.root / name).mkdir()
        file = project.root / name / ".env"
        file.write_bytes(text.encode())
        found.append(file)
    return found


def interrupted(project: Project, files: Sequence[Path], when: str) -> str:
    """A migration that ends before its first write, after its writes, or between two files."""

    class Interrupted:
        def __init__(self, inner: object) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def write_all(self, values: Mapping[Reference, Secret], *, token: str) -> object:
            if when == "planned":
                raise Cut
            done = self.inner.write_all(values, token=token)  # type: ignore[attr-defined]  # passed on
            if when == "unrecorded":
                raise Cut
            return done

    def opened(name: str, config: Config, settings: Settings) -> object:
        return Interrupted(open_backend(name, config, settings))

    def tell(_: object) -> None:
        if when == "between":
            raise Cut

    planned = project.plan(*files, on_conflict=lambda _: Conflict.OVERWRITE)
    with pytest.raises(Cut):
        apply(
            planned,
            project.config,
            project.profile,
            project.settings,
            opened,
            tell,  # type: ignore[arg-type]  # passes all on
        )
    return planned.plan.id


def assert_done(project: Project, files: Sequence[Path]) -> None:
    for file in files:
        given = project.child_environ(file, clean=True)
        assert (ONE in given.values()) is ("web" in str(file))
        assert (TWO in given.values()) is ("api" in str(file))
        assert "secret:" in file.read_text()


@pytest.mark.parametrize("when", ["planned", "unrecorded", "between"])
def test_it_is_finished_and_again(project: Project, files: list[Path], when: str) -> None:
    migration = interrupted(project, files, when)
    rewritten = ["secret:" in file.read_text() for file in files]
    assert rewritten == [when == "between", False]
    assert [record.id for record in undo.unfinished(project.settings)] == [migration]
    outcome = resume(migration, project.settings)
    assert outcome is not None
    assert outcome.moved == 2
    assert_done(project, files)
    finish(migration, project.settings)
    assert undo.unfinished(project.settings) == []
    assert resume(migration, project.settings) is None
    # Nothing was written twice.
    assert [v.id for v in project.local().versions(Reference("secret", "A_KEY"))] == ["1"]


@pytest.mark.parametrize("when", ["planned", "unrecorded", "between"])
def test_or_it_is_rolled_back(project: Project, files: list[Path], when: str) -> None:
    migration = interrupted(project, files, when)
    done = undo.rollback(migration, project.settings)
    assert (done.remains, done.beside) == ((), ())
    assert [file.read_bytes().decode() for file in files] == list(TEXTS.values())
    assert project.local().list() == []
    with pytest.raises(UsageError, match="was rolled back"):
        resume(migration, project.settings)


@pytest.mark.parametrize("when", ["planned", "unrecorded", "between"])
@pytest.mark.parametrize("change", ["written", "deleted"])
def test_a_backend_that_changed_meanwhile_is_named_and_kept(
    project: Project, files: list[Path], when: str, change: str
) -> None:
    migration = interrupted(project, files, when)
    reference = Reference("secret", "B_KEY")
    if change == "written":
        project.backend().write(reference, Secret("theirs"), token="t")
    else:
        project.backend().delete(reference)
    before = files[1].read_bytes()
    if change == "deleted":  # it is written again
        resume(migration, project.settings)
        assert_done(project, files)
        return
    with pytest.raises(BackendError, match="another value for B_KEY"):
        resume(migration, project.settings)
    assert files[1].read_bytes() == before
    done = undo.rollback(migration, project.settings)
    assert done.remains == ("B_KEY stays in the backend: it was changed since",)
    assert project.stored("B_KEY") == "theirs"
    assert [file.read_bytes().decode() for file in files] == list(TEXTS.values())


def test_a_file_that_changed_meanwhile_is_named_and_kept(
    project: Project, files: list[Path]
) -> None:
    migration = interrupted(project, files, "unrecorded")
    files[1].write_text("MINE=1\n")
    with pytest.raises(UsageError, match=r"api/\.env has changed since"):
        resume(migration, project.settings)
    assert files[1].read_text() == "MINE=1\n"
    assert files[0].read_bytes() == TEXTS["web"].encode()
    files[1].unlink()
    with pytest.raises(UsageError, match=r"api/\.env is gone"):
        resume(migration, project.settings)


def test_an_overwritten_value_is_the_older_one_again(project: Project, files: list[Path]) -> None:
    project.env.write_text(f"A_KEY={random_value(7)}\n")
    project.migrate()
    for when in ("planned", "unrecorded", "between"):
        migration = interrupted(project, files, when)
        undo.rollback(migration, project.settings)
        assert project.stored("A_KEY") == random_value(7)
        assert project.stored("B_KEY") is None


def test_another_project_id_or_lost_trust_stops_it(project: Project, files: list[Path]) -> None:
    migration = interrupted(project, files, "unrecorded")
    config = project.root / "envguard.toml"
    text = config.read_text()
    config.write_text(text.replace(project.config.project_id, "other"))
    with pytest.raises(ConfigError, match="another project id"):
        resume(migration, project.settings)
    config.write_text(text)
    (project.settings.folders.config / "trust.json").unlink()
    with pytest.raises(TrustError):
        resume(migration, project.settings)


def test_what_is_not_known_is_not_found(project: Project) -> None:
    with pytest.raises(NotFoundError):
        resume("x", project.settings)
    for name in ("../x", ""):
        with pytest.raises(EnvguardError):
            resume(name, project.settings)
