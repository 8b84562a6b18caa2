"""What migrations and runs leave in the trail of this user's own store, and where there is none."""

from __future__ import annotations

import pytest

from envguard.core.errors import BackendError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs import audit
from envguard.jobs import run as run_job
from envguard.jobs import trust as trust_job
from envguard.jobs.environment.request import Request
from envguard.jobs.migrate import undo
from envguard.jobs.migrate.carry import finish
from envguard.jobs.migrate.resume import resume
from envguard.workspace import project as beginning
from tests.jobs.project import Faulty, Project, random_value
from tests.jobs.test_migrate_resume import interrupted

ONE = random_value(1)


def told(project: Project, kind: str) -> list[tuple[str, str, str]]:
    """The lines of one kind: what was done, with which names, and the rest."""
    lines = audit.log(project.local(), audit.Filter(action=kind))
    assert all(line.namespace == project.local().namespace for _, line in lines)
    return [(line.action, " ".join(line.names), line.detail) for _, line in lines]


def with_store(project: Project) -> Project:
    beginning.begin(project.config, project.profile, "shop", project.settings.folders)
    project.backend().write(Reference("secret", "OWN"), Secret("x"), token="t")
    return project


def test_a_migration_and_its_way_back_are_told(project: Project) -> None:
    with_store(project).env.write_text(f"A_KEY={ONE}\n")
    outcome = project.migrate()
    finish(outcome.id, project.settings)
    undo.rollback(outcome.id, project.settings)
    undo.rollback(outcome.id, project.settings)
    said = ("A_KEY", f"{outcome.id} to local:")
    assert told(project, "migrate") == [
        ("migrate.start", *said),
        ("migrate.done", *said),
        ("migrate.rollback", *said),
    ]


@pytest.mark.parametrize("when", ["planned", "between"])
def test_a_migration_that_is_resumed_is_told_once(project: Project, when: str) -> None:
    with_store(project).env.write_text(f"A_KEY={ONE}\n")
    migration = interrupted(project, [project.env], when)
    assert [action for action, _, _ in told(project, "migrate")] == ["migrate.start"]
    resume(migration, project.settings)
    assert resume(migration, project.settings) is not None
    finish(migration, project.settings)
    assert [action for action, _, _ in told(project, "migrate")] == [
        "migrate.start",
        "migrate.done",
    ]


def test_a_migration_to_another_backend_is_told_where_there_is_a_store(project: Project) -> None:
    with_store(project).env.write_text(f"A_KEY={ONE}\n")
    theirs = Faulty(project.backend(f"local://{project.root}/theirs.db"))
    url = "aws://eu-west-1/shop"
    planned = project.plan(to=url, backend=theirs)
    outcome = project.apply(planned, lambda *_: theirs)
    assert told(project, "migrate") == [
        ("migrate.start", "A_KEY", f"{outcome.id} to aws:"),
        ("migrate.done", "A_KEY", f"{outcome.id} to aws:"),
    ]


def from_dotenv(project: Project) -> Project:
    """A project whose backend is a file, which keeps no trail."""
    (project.root / "values.env").write_text(f"KEY={ONE}\n")
    (project.root / "values.env").chmod(0o600)
    project.env.write_text("KEY=secret:KEY\nCOPY=${KEY}\nPLAIN=1\n")
    (project.root / "envguard.toml").write_text(
        '[project]\nname = "shop"\nid = "shop-1"\n[profiles.dev]\nbackend = "dotenv:values.env"\n'
    )
    trust_job.record(project.config, project.profile, project.settings.folders)
    return project


def run(project: Project) -> run_job.Launch:
    found = run_job.run(("true",), Request(), project.config, project.profile, project.settings)
    assert found.environ["KEY"] == ONE
    return found


def test_a_run_from_another_backend_is_told_where_there_is_a_store(project: Project) -> None:
    project = from_dotenv(project)
    project.backend("local:").write(Reference("secret", "KEY"), Secret("own"), token="t")
    assert run(project).untold == ""
    assert told(project, "run") == [("run", "KEY", "from dotenv:")]


def test_and_makes_no_store_where_there_is_none(project: Project) -> None:
    project = from_dotenv(project)
    assert run(project).untold == ""
    assert not list(project.settings.folders.data.glob("store.db*"))


def test_a_store_that_does_not_open_stops_no_run_and_is_named(project: Project) -> None:
    project = from_dotenv(project)
    project.backend("local:").write(Reference("secret", "KEY"), Secret("own"), token="t")
    (project.settings.folders.config / "store.key").unlink()
    assert "store.key" in run(project).untold
    with pytest.raises(BackendError):
        project.local().list()


def test_a_run_from_the_store_is_one_line(project: Project) -> None:
    with_store(project).env.write_text("A=secret:OWN\nB=secret:OWN\n")
    run_job.run(("true",), Request(), project.config, project.profile, project.settings)
    assert told(project, "run") == [("run", "OWN", "")]
