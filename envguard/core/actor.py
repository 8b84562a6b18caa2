"""Who asks, and from where: what the trail says of each line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

# Variables by which CI systems name a job, with what they call the run (their documentation on
# predefined variables).
_JOBS = (
    ("GITHUB_ACTIONS", "github", ("GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_ACTOR")),
    ("GITLAB_CI", "gitlab", ("CI_PROJECT_PATH", "CI_JOB_ID", "GITLAB_USER_LOGIN")),
    ("TF_BUILD", "azure", ("BUILD_REPOSITORY_NAME", "BUILD_BUILDID", "BUILD_REQUESTEDFOR")),
    ("CIRCLECI", "circleci", ("CIRCLE_PROJECT_REPONAME", "CIRCLE_BUILD_NUM", "CIRCLE_USERNAME")),
    ("BITBUCKET_BUILD_NUMBER", "bitbucket", ("BITBUCKET_REPO_FULL_NAME", "BITBUCKET_BUILD_NUMBER")),
    ("JENKINS_URL", "jenkins", ("JOB_NAME", "BUILD_NUMBER")),
)


class Actor(NamedTuple):
    """`name` is `user:NAME`, or `ci:SYSTEM …`; `place` is `HOST:FOLDER`. Nothing in it is proved:
    who may write the trail may also call himself otherwise."""

    name: str = "unknown"
    place: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Actor:
        """Who is asking, by the operating system and the environment."""
        try:
            folder = str(Path.cwd())
        except OSError:
            folder = "?"
        return cls(_job(environ) or f"user:{_user(environ)}", f"{_host(environ)}:{folder}")


def _job(environ: Mapping[str, str]) -> str:
    for variable, system, parts in _JOBS:
        if environ.get(variable):
            said = " ".join(environ[part] for part in parts if environ.get(part))
            return f"ci:{system} {said}".rstrip()
    return ""


def _host(environ: Mapping[str, str]) -> str:
    return os.uname().nodename if os.name == "posix" else environ.get("COMPUTERNAME", "?")


def _user(environ: Mapping[str, str]) -> str:
    if os.name != "posix":
        return environ.get("USERNAME", "?")
    import pwd  # noqa: PLC0415 - not on Windows

    try:
        # The account of the process: a variable says what its caller likes.
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
    caller = environ.get("SUDO_USER", "")
    return f"{name} (sudo by {caller})" if caller else name
