"""`run --explain`: where keys come from, never what their values are."""

from __future__ import annotations

import pytest

from envguard.core.errors import UsageError
from envguard.jobs.environment.explain import Explained, explain
from envguard.jobs.environment.request import Request
from tests.jobs.project import Project

CANARY = "canary-0815"


def told(project: Project, request: Request, profile: str | None = None) -> list[Explained]:
    config = project.config
    return explain(request, config, config.profile(profile), project.settings)


def test_each_key_has_its_origin_its_layer_and_what_it_hides(project: Project) -> None:
    (project.root / "envguard.toml").write_text(
        '[project]\nid = "x"\n[profiles.dev.env]\nB = "dev"\nC = "secret:C"\n'
        f'[profiles.prod]\nextends = "dev"\n[profiles.prod.env]\nC = "literal:{CANARY}"\n'
    )
    project.env.write_text(
        f"# comment\nA=secret:A#user@2\nB={CANARY}\nD=${{A}}{CANARY}{{{{secrets.D}}}}\n"
        f"A=env:HOME\nPATH={CANARY}\nEMPTY\nENVGUARD_KEY={CANARY}\n"
    )
    env = str(project.env)
    toml = "envguard.toml [profiles.{}.env]"
    found = told(project, Request(), "prod")
    assert found == [
        Explained("A", f"{env}:5", "file", "env:HOME", (f"{env}:2",)),
        Explained("B", toml.format("dev"), "profile", "plain", (f"{env}:3",)),
        Explained("D", f"{env}:4", "file", "built from A, secret:D", ()),
        Explained("PATH", f"{env}:6", "file", "plain", ("the calling environment",)),
        Explained("EMPTY", f"{env}:7", "file", "no value", ()),
        Explained("C", toml.format("prod"), "profile", "literal", ()),
    ]
    assert CANARY not in repr(found)


def test_what_wins_is_told(project: Project) -> None:
    project.env.write_text("PATH=1\nA=1\n")
    env = str(project.env)
    kept = told(project, Request(override=False))
    assert kept[0] == Explained(
        "PATH", "the calling environment", "environment", "plain", (f"{env}:1",)
    )
    clean = told(project, Request(override=False, clean=True))
    assert clean[0] == Explained("PATH", f"{env}:1", "file", "plain", ())


def test_keys_are_chosen_and_nothing_is_resolved_or_trusted(project: Project) -> None:
    project.env.write_text("A=secret:GONE\nB=file:/gone\n")
    assert [item.key for item in told(project, Request(only=("B",)))] == ["B"]
    with pytest.raises(UsageError, match="there is no key C"):
        told(project, Request(exclude=("C",)))
