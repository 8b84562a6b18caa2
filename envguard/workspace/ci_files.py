"""The file that makes a CI system look for credentials: `templates/ci/`, at its place."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import NamedTuple

from envguard.core.files import write_atomically
from envguard.workspace import resources

VERSION_MARK = "@VERSION@"
"""Where a template wants the version of envguard."""

_CALL = b"envguard scan --ci"


class CiFile(NamedTuple):
    """What one system reads. `beside` is where our text goes when it has a `path` of its own that
    is not ours, and `then` what is left to do; without one, every file in the folder counts."""

    template: str
    path: str
    beside: str | None = None
    then: str = ""


FILES = {
    "github": CiFile("github.yml", ".github/workflows/envguard.yml"),
    "gitlab": CiFile(
        "gitlab.yml",
        ".gitlab-ci.yml",
        ".gitlab/envguard.yml",
        "add to .gitlab-ci.yml: include: [{local: .gitlab/envguard.yml}]",
    ),
    "azure": CiFile(
        "azure.yml",
        "azure-pipelines.yml",
        ".azure-pipelines/envguard.yml",
        "make a pipeline of it: az pipelines create --yml-path .azure-pipelines/envguard.yml",
    ),
    "jenkins": CiFile(
        "Jenkinsfile",
        "Jenkinsfile",
        "Jenkinsfile.envguard",
        "make a multibranch pipeline with this script path, or take its stage over",
    ),
}
"""By the name that `envguard init --ci` takes."""


class Written(Enum):
    """What became of the file."""

    WRITTEN = "written"
    THERE = "calls envguard already"
    FOREIGN = "is another file, and left as it is"


def write(top: Path, system: str, version: str) -> tuple[str, Written, str]:
    """Writes the file of a system below the top of a repository, and never over another one.

    Gives its path, what became of it, and what is left to do.
    """
    file = FILES[system]
    for path in filter(None, (file.path, file.beside)):
        if (top / path).exists() and _CALL in (top / path).read_bytes():
            return path, Written.THERE, ""
    path, then = file.path, ""
    if (top / path).exists():
        if file.beside is None or (top / file.beside).exists():
            return file.beside or path, Written.FOREIGN, "remove it, and repeat this"
        path, then = file.beside, file.then
    text = resources.read("templates/ci", file.template).replace(VERSION_MARK, version)
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(top / path, text.encode(), mode=0o644)
    return path, Written.WRITTEN, then
