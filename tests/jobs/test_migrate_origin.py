"""What one backend holds is moved to another; files follow only where they name the old one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envguard.core.errors import BackendError, UsageError
from envguard.core.plan import Action
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate import job, undo
from envguard.jobs.migrate.apply import apply
from envguard.jobs.migrate.journals import folder
from envguard.jobs.migrate.request import Answers, Conflict, Outcome, Planned, Request
from envguard.jobs.migrate.resume import resume
from envguard.journal.record import State
from envguard.journal.records import Records
from tests.jobs.project import Project, detector, never_asked, random_value

ONE, TWO = random_value(1), random_value(2)


@pytest.fixture
def old(project: Project) -> str:
    """A project whose profile uses a store of its own, with two secrets in it."""
    url = f"local://{project.root.parent / 'old.db'}"
    project.env.write_text(f"A_KEY={ONE}\nB_KEY={TWO}\nDEBUG=1\n")
    project.migrate(to=url)
    assert project.given() == {"A_KEY": ONE, "B_KEY": TWO, "DEBUG": "1"}
    return url


def plan(project: Project, old: str, *files: Path, **options: object) -> Planned:
    conflict = options.pop("conflict", never_asked)
    request = Request(files or (project.env,), "local:", origin=old, **options)  # type: ignore[arg-type]  # by name
    answers = Answers(conflict)  # type: ignore[arg-type]  # as above
    return job.plan(request, project.config, project.profile, project.settings, detector(), answers)


def carried_out(project: Project, planned: Planned) -> Outcome:
    return apply(planned, project.config, project.profile, project.settings)


def test_a_profile_takes_its_secrets_along_and_no_file_changes(project: Project, old: str) -> None:
    before = project.env.read_bytes()
    planned = plan(project, old)
    assert [(s.key, s.action) for s in planned.plan.secrets] == [
        ("A_KEY", Action.MOVE),
        ("B_KEY", Action.MOVE),
    ]
    assert ONE not in repr(planned)
    outcome = carried_out(project, planned)
    assert (outcome.moved, project.env.read_bytes()) == (2, before)
    assert project.config.profile(None).backend == "local:"
    assert project.given() == {"A_KEY": ONE, "B_KEY": TWO, "DEBUG": "1"}
    # The old one keeps what it has, and that is said.
    assert planned.remains == (
        f"{old} still holds the values: delete them once nothing reads them",
    )
    assert [found.name for found in project.local(old).list()] == ["A_KEY", "B_KEY"]
    undo.rollback(outcome.id, project.settings)
    assert project.local("local:").list() == []


def test_where_only_a_part_is_moved_its_references_are_rewritten(
    project: Project, old: str
) -> None:
    carried_out(project, plan(project, old, only=("A_KEY",)))
    assert project.env.read_text() == "A_KEY=local:A_KEY\nB_KEY=secret:B_KEY\nDEBUG=1\n"
    assert project.config.profile(None).backend == old
    assert project.given() == {"A_KEY": ONE, "B_KEY": TWO, "DEBUG": "1"}


def test_references_by_an_alias_are_rewritten(project: Project) -> None:
    url = f"local://{project.root.parent / 'old.db'}"
    project.env.write_text("A=1\n")
    project.migrate(everything=True)
    project.env.write_text(f"B_KEY={TWO}\n")
    project.apply(project.plan(to=url, alias="old"))
    assert project.env.read_text() == "B_KEY=old:B_KEY\n"
    outcome = carried_out(project, plan(project, "old"))
    assert project.env.read_text() == "B_KEY=secret:B_KEY\n"
    assert project.given() == {"B_KEY": TWO}
    undo.rollback(outcome.id, project.settings)
    assert project.env.read_text() == "B_KEY=old:B_KEY\n"
    assert project.given() == {"B_KEY": TWO}


def test_a_conflict_is_settled_or_stops_it(project: Project, old: str) -> None:
    project.backend("local:").write(Reference("secret", "A_KEY"), Secret("other"), token="t")
    with pytest.raises(BackendError, match="another value for A_KEY"):
        plan(project, old, conflict=lambda _: Conflict.FAIL)
    kept = plan(project, old, conflict=lambda _: Conflict.KEEP)
    assert [step.action for step in kept.plan.secrets] == [Action.KEEP, Action.MOVE]
    over = plan(project, old, conflict=lambda _: Conflict.OVERWRITE)
    outcome = carried_out(project, over)
    assert project.given()["A_KEY"] == ONE
    undo.rollback(outcome.id, project.settings)
    assert project.stored("A_KEY") == "other"


def test_it_is_resumed_from_the_origin(project: Project, old: str) -> None:
    planned = plan(project, old)
    outcome = carried_out(project, planned)
    records = Records(folder(project.settings))
    record = records.load(outcome.id)
    writes = tuple(replace(write, version=None) for write in record.writes)
    # As if it had been killed right after it began.
    project.backend("local:").delete(Reference("secret", "B_KEY"))
    records.save(replace(record, state=State.PLANNED, writes=writes))
    assert resume(outcome.id, project.settings) is not None
    assert project.given() == {"A_KEY": ONE, "B_KEY": TWO, "DEBUG": "1"}
    records.save(replace(records.load(outcome.id), state=State.PLANNED, writes=writes))
    done = undo.rollback(outcome.id, project.settings)
    assert (done.taken_back, done.remains) == (("A_KEY", "B_KEY"), ())


def test_a_reviewed_plan_from_a_backend_is_applied(project: Project, old: str) -> None:
    text = json.dumps(job.to_json(plan(project, old), project.config, project.settings))
    assert ONE not in text
    read = job.from_json(text, "p", project.config, project.profile, project.settings)
    carried_out(project, read)
    assert project.given()["A_KEY"] == ONE


def test_one_backend_is_not_moved_into_itself_and_an_empty_one_not_at_all(
    project: Project, old: str
) -> None:
    with pytest.raises(UsageError, match="both origin and target"):
        plan(project, "local:")
    empty = f"local://{project.root.parent / 'empty.db'}"
    with pytest.raises(UsageError, match="holds nothing to move"):
        plan(project, empty)
    with pytest.raises(UsageError, match="has no key NO"):
        plan(project, old, only=("NO",))
