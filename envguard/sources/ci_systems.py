"""What CI systems say about a run: which commit it is about, and which one came before.

Every function reads the variables of one system, and its docstring names where they are documented.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from envguard.core.errors import UsageError

_HISTORY = "envguard scan --history"


class Pipeline(NamedTuple):
    """One run of a CI system.

    `tip` is the commit or ref that it is about. `bases` are the revisions from which on commits
    are new, the first that is here counts; where it `is_request` (to merge) there must be one,
    else all commits that lead to the tip can be new. `setting` is what to type, in that system,
    for more of the history. `log` is the format of reports on standard output, `file` that of
    files.
    """

    system: str
    tip: str
    bases: tuple[str, ...]
    is_request: bool
    setting: str
    log: str = "text"
    file: str = "junit"


def detect(environ: Mapping[str, str]) -> Pipeline:
    """The run that these variables tell of. Raises UsageError where no known system tells of one,
    and for a run without new commits, such as a nightly one."""
    for variable, pipeline in _SYSTEMS.items():
        if environ.get(variable):
            return pipeline(environ)
    raise UsageError(
        "this is no CI system that is known: GitHub Actions, GitLab, Azure Pipelines, Jenkins,"
        " CircleCI, Bitbucket",
        "name the commits: envguard scan --range BASE..TIP",
    )


def _github(environ: Mapping[str, str]) -> Pipeline:
    """https://docs.github.com/actions/reference/workflows-and-actions/variables, and of the event
    https://docs.github.com/webhooks/webhook-events-and-payloads"""
    name = environ.get("GITHUB_EVENT_NAME", "")
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    request = event.get("pull_request")
    group = event.get("merge_group")
    if isinstance(request, dict):
        tip = _text(request, "head", "sha")
        bases: tuple[str, ...] = (_text(request, "base", "sha"),)
    elif isinstance(group, dict):
        tip = _text(group, "head_sha")
        bases = (_text(group, "base_sha"),)
    elif name == "push":
        main = _text(event, "repository", "default_branch")
        tip = _text(event, "after")
        bases = (_text(event, "before"), _unless(main, environ.get("GITHUB_REF_NAME", "")))
    else:
        raise _nothing_new("GitHub Actions", name)
    setting = "set fetch-depth: 0 at actions/checkout"
    is_request = name != "push"
    if name == "pull_request_target":
        setting = "run it on: pull_request; here the head of the request is not checked out"
    return Pipeline("GitHub Actions", tip, _named(bases), is_request, setting, "github", "sarif")


def _gitlab(environ: Mapping[str, str]) -> Pipeline:
    """https://docs.gitlab.com/ci/variables/predefined_variables/"""
    setting = 'set GIT_DEPTH: "0" among the variables of the job'
    tip = environ.get("CI_COMMIT_SHA", "")
    if environ.get("CI_MERGE_REQUEST_IID"):
        # Of the result of a merge, CI_COMMIT_SHA is the merge, which nobody has written.
        tip = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or tip
        target = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
        bases = (environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""), _remote(target))
        return Pipeline("GitLab", tip, _named(bases), True, setting, file="gitlab")
    source = environ.get("CI_PIPELINE_SOURCE", "")
    if source != "push":
        raise _nothing_new("GitLab", source)
    main = _unless(environ.get("CI_DEFAULT_BRANCH", ""), environ.get("CI_COMMIT_BRANCH", ""))
    bases = (environ.get("CI_COMMIT_BEFORE_SHA", ""), main)
    return Pipeline("GitLab", tip, _named(bases), False, setting, file="gitlab")


def _azure(environ: Mapping[str, str]) -> Pipeline:
    """https://learn.microsoft.com/azure/devops/pipelines/build/variables"""
    setting = "set fetchDepth: 0 at the step checkout: self"
    reason = environ.get("BUILD_REASON", "")
    if reason == "PullRequest":
        tip = environ.get("SYSTEM_PULLREQUEST_SOURCECOMMITID", "")
        target = environ.get("SYSTEM_PULLREQUEST_TARGETBRANCH", "").removeprefix("refs/heads/")
        return Pipeline("Azure Pipelines", tip, _named((_remote(target),)), True, setting)
    if reason not in ("IndividualCI", "BatchedCI"):
        raise _nothing_new("Azure Pipelines", reason)
    return Pipeline("Azure Pipelines", environ.get("BUILD_SOURCEVERSION", ""), (), False, setting)


def _jenkins(environ: Mapping[str, str]) -> Pipeline:
    """https://www.jenkins.io/doc/book/pipeline/multibranch/ and https://plugins.jenkins.io/git/"""
    target = environ.get("CHANGE_TARGET", "")
    if target:
        setting = f"switch shallow clones off, and {_fetch(target)}"
        return Pipeline("Jenkins", "HEAD", (_remote(target),), True, setting)
    # Not the commit that was built last: its build may have been refused.
    before = environ.get("GIT_PREVIOUS_SUCCESSFUL_COMMIT", "")
    setting = "switch shallow clones off among the advanced clone behaviours"
    return Pipeline("Jenkins", "HEAD", _named((before,)), False, setting)


def _circleci(environ: Mapping[str, str]) -> Pipeline:
    """https://circleci.com/docs/variables/"""
    setting = "set method: full at the step checkout"
    return Pipeline("CircleCI", environ.get("CIRCLE_SHA1", ""), (), False, setting)


def _bitbucket(environ: Mapping[str, str]) -> Pipeline:
    """https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/"""
    setting = "set clone: {depth: full} at the step"
    tip = environ.get("BITBUCKET_COMMIT", "")
    target = environ.get("BITBUCKET_PR_DESTINATION_BRANCH", "")
    if not target:
        return Pipeline("Bitbucket", tip, (), False, setting)
    bases = (environ.get("BITBUCKET_PR_DESTINATION_COMMIT", ""), _remote(target))
    setting += f", and {_fetch(target)}"
    return Pipeline("Bitbucket", tip, _named(bases), True, setting)


_SYSTEMS: Mapping[str, Callable[[Mapping[str, str]], Pipeline]] = {
    "GITHUB_ACTIONS": _github,
    "GITLAB_CI": _gitlab,
    "TF_BUILD": _azure,
    "CIRCLECI": _circleci,
    "BITBUCKET_BUILD_NUMBER": _bitbucket,
    # Others may tell where a Jenkins is that started them.
    "JENKINS_URL": _jenkins,
}


def _event(path: str) -> Mapping[str, Any]:
    try:
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise UsageError(
            "GitHub Actions tells of no event: GITHUB_EVENT_PATH names no JSON that can be read",
            "pass the file on, or name the commits: envguard scan --range BASE..TIP",
        )
    return event


def _text(event: Mapping[str, Any], *way: str) -> str:
    """The text at the end of this way through nested maps; empty where there is none."""
    found: Any = event
    for name in way:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _named(bases: tuple[str, ...]) -> tuple[str, ...]:
    """Without those that name nothing: empty ones, and ids of zeros."""
    return tuple(base for base in bases if base.strip("0"))


def _remote(branch: str) -> str:
    return f"refs/remotes/origin/{branch}" if branch else ""


def _fetch(branch: str) -> str:
    return f"git fetch origin {shlex.quote(f'+refs/heads/{branch}:{_remote(branch)}')}"


def _unless(main: str, branch: str) -> str:
    """The default branch on the remote, from which others part; nothing for itself."""
    return _remote(main) if main != branch else ""


def _nothing_new(system: str, why: str) -> UsageError:
    return UsageError(f"{system} names no new commits for a run by {why or 'nothing'!r}", _HISTORY)
