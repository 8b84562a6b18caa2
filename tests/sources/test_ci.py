"""What each CI system says of its runs, and what is made of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.core.errors import UsageError
from envguard.sources.ci import range_of
from envguard.sources.ci_systems import Pipeline, detect
from envguard.sources.git import Git
from envguard.sources.ranges import Range, between

if TYPE_CHECKING:
    from tests.conftest import Repository

Clone = Callable[..., Path]
Opened = Callable[..., Git]
ZEROS = "0" * 40
A, B = "a" * 40, "b" * 40
MAIN = "refs/remotes/origin/main"


def github(tmp_path: Path, name: str, event: Any, branch: str = "topic") -> Mapping[str, str]:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_REF_NAME": branch,
    }


def pushed(before: str, after: str = B) -> dict[str, Any]:
    return {"before": before, "after": after, "repository": {"default_branch": "main"}}


REQUEST = {"base": {"sha": A}, "head": {"sha": B}}


@pytest.mark.parametrize(
    ("name", "event", "branch", "bases"),
    [
        ("pull_request", {"pull_request": REQUEST}, "1/merge", (A,)),
        ("pull_request_target", {"pull_request": REQUEST}, "main", (A,)),
        ("merge_group", {"merge_group": {"base_sha": A, "head_sha": B}}, "gh-queue", (A,)),
        ("push", pushed(A), "topic", (A, MAIN)),
        ("push", pushed(ZEROS), "topic", (MAIN,)),
        ("push", pushed(A), "main", (A,)),
        ("push", pushed(ZEROS), "main", ()),
    ],
)
def test_github_tells_it_in_its_event(
    name: str, event: Any, branch: str, bases: tuple[str, ...], tmp_path: Path
) -> None:
    pipeline = detect(github(tmp_path, name, event, branch))
    assert (pipeline.system, pipeline.tip, pipeline.bases) == ("GitHub Actions", B, bases)
    assert pipeline.is_request == (name != "push")
    assert (pipeline.log, pipeline.file) == ("github", "sarif")


GITLAB = {"GITLAB_CI": "true", "CI_COMMIT_SHA": B, "CI_DEFAULT_BRANCH": "main"}
MERGE = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
}
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic"}
AZURE = {"TF_BUILD": "True", "BUILD_SOURCEVERSION": B}
AZURE_REQUEST = {
    "BUILD_REASON": "PullRequest",
    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID": A,
}
JENKINS = {"JENKINS_URL": "https://ci.example/"}
BITBUCKET = {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_COMMIT": B}
BITBUCKET_REQUEST = {
    "BITBUCKET_PR_ID": "3",
    "BITBUCKET_PR_DESTINATION_BRANCH": "main",
    "BITBUCKET_PR_DESTINATION_COMMIT": A[:12],
}


@pytest.mark.parametrize(
    ("environ", "system", "tip", "bases", "is_request"),
    [
        ({**GITLAB, **MERGE}, "GitLab", B, (A, MAIN), True),
        (
            {**GITLAB, **MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": A},
            "GitLab",
            A,
            (A, MAIN),
            True,
        ),
        ({**GITLAB, **PUSH, "CI_COMMIT_BEFORE_SHA": A}, "GitLab", B, (A, MAIN), False),
        ({**GITLAB, **PUSH, "CI_COMMIT_BEFORE_SHA": ZEROS}, "GitLab", B, (MAIN,), False),
        ({**GITLAB, **PUSH, "CI_COMMIT_BRANCH": "main"}, "GitLab", B, (), False),
        ({**AZURE, **AZURE_REQUEST}, "Azure Pipelines", A, (MAIN,), True),
        ({**AZURE, "BUILD_REASON": "IndividualCI"}, "Azure Pipelines", B, (), False),
        ({**JENKINS, "CHANGE_TARGET": "main"}, "Jenkins", "HEAD", (MAIN,), True),
        ({**JENKINS, "GIT_PREVIOUS_SUCCESSFUL_COMMIT": A}, "Jenkins", "HEAD", (A,), False),
        (JENKINS, "Jenkins", "HEAD", (), False),
        ({"CIRCLECI": "true", "CIRCLE_SHA1": B}, "CircleCI", B, (), False),
        ({**BITBUCKET, **BITBUCKET_REQUEST}, "Bitbucket", B, (A[:12], MAIN), True),
        (BITBUCKET, "Bitbucket", B, (), False),
    ],
)
def test_the_others_tell_it_in_variables(
    environ: Mapping[str, str], system: str, tip: str, bases: tuple[str, ...], is_request: bool
) -> None:
    pipeline = detect(environ)
    assert pipeline[:4] == (system, tip, bases, is_request)
    assert pipeline.log == "text"
    assert pipeline.file == ("gitlab" if system == "GitLab" else "junit")


@pytest.mark.parametrize(
    "environ",
    [
        {**GITLAB, "CI_PIPELINE_SOURCE": "schedule"},
        {**AZURE, "BUILD_REASON": "Schedule"},
        {**AZURE},
    ],
)
def test_a_run_that_nobody_pushed_for_is_an_error(environ: Mapping[str, str]) -> None:
    with pytest.raises(UsageError, match="names no new commits") as raised:
        detect(environ)
    assert raised.value.hint == "envguard scan --history"


@pytest.mark.parametrize("event", [{}, [], 7, {"pull_request": None}, {"merge_group": []}])
def test_an_event_of_another_kind_is_an_error(event: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        detect(github(tmp_path, "workflow_dispatch", event))


def test_no_ci_is_an_error() -> None:
    with pytest.raises(UsageError, match="no CI system that is known"):
        detect({"CI": "true"})


def run(*bases: str, tip: str = "HEAD", is_request: bool = False) -> Pipeline:
    return Pipeline("Any CI", tip, bases, is_request, "set depth: 0")


@pytest.fixture
def line(repository: Repository) -> list[str]:
    """Four commits in a row."""
    return [repository.commit({"a": f"{number}\n"}) for number in range(4)]


def test_the_first_base_that_is_here_counts(git: Git, line: list[str]) -> None:
    assert range_of(git, run(line[1], line[0])) == (between(line[1], line[3]), "")
    span, told = range_of(git, run(A, line[0], tip=line[2]))
    assert span == between(line[0], line[2])
    assert f"commits since {line[0][:12]} are looked at" in told


def test_without_a_base_everything_is_looked_at_and_told(git: Git, line: list[str]) -> None:
    for bases in ((), (A,)):
        span, told = range_of(git, run(*bases))
        assert span == Range((line[3],), (), line[2])
        assert f"all commits that lead to {line[3][:12]} are looked at" in told
        assert f"by the configuration of {line[2][:12]}" in told
    span, told = range_of(git, run(tip=line[0]))
    assert span == Range((line[0],), (), None)
    assert "by the configuration of their own" in told


@pytest.mark.parametrize("main", ["origin/HEAD", "origin/main", "origin/develop"])
def test_a_push_is_judged_by_where_it_left_the_default_branch(
    git: Git, line: list[str], repository: Repository, main: str
) -> None:
    repository.git("update-ref", f"refs/remotes/{main}", line[1])
    bases = (line[2], f"refs/remotes/{main}")
    assert range_of(git, run(*bases)) == (Range((line[3],), (line[2],), line[1]), "")
    # On that branch itself it is what came before.
    repository.git("update-ref", f"refs/remotes/{main}", line[3])
    assert range_of(git, run(*bases)) == (between(line[2], line[3]), "")
    assert range_of(git, run())[0] == Range((line[3],), (), line[2])
    # A request names what it goes into.
    assert range_of(git, run(line[2], is_request=True)) == (between(line[2], line[3]), "")


def test_a_request_needs_its_base_and_every_run_its_tip(git: Git, line: list[str]) -> None:
    for pipeline in (run(A, is_request=True), run(is_request=True), run(line[0], tip=B)):
        with pytest.raises(UsageError, match="is not in this clone") as raised:
            range_of(git, pipeline)
        assert raised.value.hint == "set depth: 0"


def test_a_shallow_clone_is_enough_where_it_holds_the_range(
    repository: Repository, line: list[str], clone: Clone, opened: Opened
) -> None:
    git = opened(clone(repository, "--depth", "2"))
    assert range_of(git, run(line[2]))[0] == between(line[2], line[3])
    for pipeline, what in (
        (run(line[1]), line[1][:12]),
        (run(), "the commit before"),
        (run(line[1], MAIN, is_request=True), f"{line[1][:12]} and origin/main"),
    ):
        with pytest.raises(UsageError, match=f"^{what} of this run of Any CI is not in this clone"):
            range_of(git, pipeline)


def test_a_shallow_clone_with_a_gap_is_an_error(
    repository: Repository, line: list[str], clone: Clone, opened: Opened
) -> None:
    path = clone(repository, "--depth", "1")
    git = opened(path)
    git_in(path, "fetch", "-q", "--depth", "1", "origin", line[1])
    with pytest.raises(UsageError, match="a part of the history") as raised:
        range_of(git, run(line[1]))
    assert raised.value.hint == "set depth: 0"


def git_in(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
