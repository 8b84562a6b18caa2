"""Who asks, and from where."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from envguard.core.actor import Actor

ME = pwd.getpwuid(os.getuid()).pw_name


def test_a_person_is_the_account_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = Actor.of({"USER": "somebody else"})
    assert found.name == f"user:{ME}"
    assert found.place == f"{os.uname().nodename}:{tmp_path}"
    assert Actor.of({"SUDO_USER": "ada"}).name == f"user:{ME} (sudo by ada)"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
            "ci:github a/b 7",
        ),
        ({"GITLAB_CI": "true", "CI_JOB_ID": "9"}, "ci:gitlab 9"),
        ({"JENKINS_URL": "http://x", "JOB_NAME": "j", "BUILD_NUMBER": "3"}, "ci:jenkins j 3"),
        ({"CIRCLECI": "true"}, "ci:circleci"),
    ],
)
def test_a_job_is_named_by_its_system(environ: dict[str, str], name: str) -> None:
    assert Actor.of(environ).name == name
