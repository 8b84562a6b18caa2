"""A plan that was reviewed is applied as it was, or refused with what has changed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envguard.core.errors import EnvguardError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate import job, undo
from envguard.jobs.migrate.request import Conflict, Planned
from tests.jobs.project import Project, random_value

ONE, TWO = random_value(1), random_value(2)
TEXT = f"# shop\r\nDEBUG=true\r\nA_KEY={ONE}\nB_KEY='{TWO}'"


@pytest.fixture
def full(project: Project) -> Project:
    project.env.write_bytes(TEXT.encode())
    return project


def dumped(project: Project, **options: Any) -> str:
    planned = project.plan(**options)
    return json.dumps(job.to_json(planned, project.config, project.settings))


def read(project: Project, text: str) -> Planned:
    return job.from_json(text, "plan.json", project.config, project.profile, project.settings)


def test_a_reviewed_plan_is_applied_exactly(full: Project) -> None:
    text = dumped(full, exclude=("B_KEY",))
    assert not (full.root / "envguard.toml").exists()
    planned = read(full, text)
    assert full.apply(planned).moved == 1
    assert full.env.read_bytes() == TEXT.replace(ONE, "secret:A_KEY").encode()
    assert full.given() == {"DEBUG": "true", "A_KEY": ONE, "B_KEY": TWO}
    undo.rollback(planned.plan.id, full.settings)
    assert full.env.read_bytes() == TEXT.encode()


def test_a_plan_holds_no_value_and_no_hash_to_guess_one_by(full: Project) -> None:
    text = dumped(full)
    content = TEXT.encode()
    assert ONE not in text
    assert TWO not in text
    for hashed in (content, ONE.encode(), TWO.encode()):
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            assert hashlib.new(name, hashed).hexdigest()[:16] not in text
    # Another user's key gives another digest of the same file.
    other = Project(full.root.parent / "other")
    home = full.root.parent / "home2"
    home.mkdir()
    other.environ = {**other.environ, "HOME": str(home)}
    other.env.write_bytes(content)
    digest = json.loads(dumped(other))["files"][0]["digest"]
    assert digest != json.loads(text)["files"][0]["digest"]


def changes() -> dict[str, tuple[Callable[[Project], object], str]]:
    reference = Reference("secret", "A_KEY")
    return {
        "a byte": (lambda p: p.env.write_bytes(TEXT.encode() + b"\n"), ".env has changed"),
        "no file": (lambda p: p.env.unlink(), ".env is gone"),
        "a new version": (
            lambda p: p.backend().write(reference, Secret("x"), token="t"),
            "the backend has version 2 of A_KEY, and not 1 any more",
        ),
        "deleted": (lambda p: p.backend().delete(reference), "has no A_KEY any more"),
        "a new name": (
            lambda p: p.backend().write(Reference("secret", "B_KEY"), Secret("x"), token="t"),
            "the backend has B_KEY now",
        ),
    }


@pytest.mark.parametrize("name", list(changes()))
def test_a_plan_is_refused_once_the_world_has_changed(full: Project, name: str) -> None:
    change, what = changes()[name]
    # A store with an older value of A_KEY, and the plan to write over it.
    full.env.write_text(f"A_KEY={random_value(9)}\n")
    full.migrate()
    full.env.write_bytes(TEXT.encode())
    text = dumped(full, on_conflict=lambda _: Conflict.OVERWRITE)
    assert json.loads(text)["files"][0]["steps"][1]["version"] == "1"
    change(full)
    before = full.env.read_bytes() if full.env.exists() else None
    with pytest.raises(UsageError) as refused:
        read(full, text)
    assert what in refused.value.what
    assert refused.value.exit_code == 2
    assert (full.env.read_bytes() if full.env.exists() else None) == before


def test_everything_that_has_changed_is_named_at_once(full: Project) -> None:
    text = dumped(full)
    full.migrate()
    with pytest.raises(UsageError) as refused:
        read(full, text)
    for what in (".env has changed", "has A_KEY now", "has B_KEY now"):
        assert what in refused.value.what


def edits() -> list[Callable[[dict[str, Any]], object]]:
    return [
        lambda plan: plan["files"][0]["steps"][1].update(name="OTHER"),
        lambda plan: plan["files"][0]["steps"][1].update(action="link"),
        lambda plan: plan["files"][0]["steps"].pop(),
        lambda plan: plan["files"][0].update(path="../elsewhere/.env"),
        lambda plan: plan.update(seal="0" * 64),
        lambda plan: plan["files"][0].update(digest="0" * 64),
    ]


@pytest.mark.parametrize("number", range(len(edits())))
def test_a_plan_that_was_edited_is_refused(full: Project, number: int) -> None:
    plan = json.loads(dumped(full))
    edits()[number](plan)
    with pytest.raises(UsageError, match="was edited since it was made"):
        read(full, json.dumps(plan))


def test_another_users_plan_is_refused(full: Project, tmp_path: Path) -> None:
    text = dumped(full)
    home = tmp_path / "home"
    home.mkdir()
    full.environ = {**full.environ, "HOME": str(home)}
    dumped(full)
    with pytest.raises(UsageError, match="somebody else"):
        read(full, text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"backend": "local:"}', '{"schema": 1}', "["])
def test_what_is_no_plan_is_refused(full: Project, text: str) -> None:
    dumped(full)
    with pytest.raises(EnvguardError):
        read(full, text)


def test_a_plan_for_a_link_is_refused(full: Project) -> None:
    text = dumped(full)
    os.link(full.env, full.root / "second")
    with pytest.raises(UsageError, match="hard links"):
        read(full, text)


def test_a_plan_that_was_applied_says_so(full: Project) -> None:
    text = dumped(full)
    full.apply(read(full, text))
    full.env.write_bytes(TEXT.encode())
    with pytest.raises(UsageError, match="was applied before"):
        read(full, text)
