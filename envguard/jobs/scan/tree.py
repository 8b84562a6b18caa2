"""scan: files and folders, as git sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from envguard.core.config import Config, Folders
from envguard.core.document import Document
from envguard.core.errors import EnvguardError, UsageError
from envguard.core.files import TEMPORARY_PREFIX
from envguard.core.finding import Finding
from envguard.detection import secrets_baseline
from envguard.detection.classify import Kind, classify
from envguard.detection.detector import Detector
from envguard.envfile.document import read
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, begin
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.sources.globs import Globs
from envguard.sources.worktree import files, ignored_env_files


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans the files of `request.paths`, or of its folder.

    Raises UsageError where a path does not exist and where there is nothing to look at; what
    could not be read is in `coverage.skipped`.
    """
    scan = begin(request, config, folders, progress)
    coverage = scan.coverage
    paths = request.paths or (request.folder,)
    git = git_door.find(paths[0])
    findings: list[Finding] = []
    for document in files(
        git,
        request.folder,
        paths,
        exclude=Globs(scan.exclude, _below(git, request.folder, config)),
        ignored=request.ignored,
        coverage=coverage,
    ):
        findings += scan.findings(document.path, scan.candidates(document))
        if document.path.rpartition("/")[2] == secrets_baseline.FILE_NAME:
            coverage.notes += _plugin_note(document)
    if not (coverage.files or coverage.skipped):
        raise UsageError(
            f"there is nothing to scan in {', '.join(str(path) for path in paths)}: "
            "no file, or none that git does not ignore",
            "name files, or scan what git ignores with --ignored",
        )
    if git is not None and not request.ignored:
        coverage.notes += [
            _env_note(request.folder / path, path, scan.detector)
            for path in ignored_env_files(git, request.folder, paths)
        ]
    return scan.result(findings)


def _below(git: Git | None, folder: Path, config: Config) -> str:
    """Where the folder is as the globs count: from the top of the repository, outside one from
    the folder of the configuration."""
    top = git.top if git is not None else config.root
    if not folder.resolve().is_relative_to(top.resolve()):
        return ""
    inside = folder.resolve().relative_to(top.resolve()).as_posix()
    return "" if inside == "." else f"{inside}/"


def _plugin_note(document: Document) -> Iterator[str]:
    """What to know about a baseline of detect-secrets that would make it run something."""
    named = secrets_baseline.named_programs(document.text)
    if named:
        yield f"{document.path} names plugins, which are not loaded: {', '.join(named)}"


def _env_note(file: Path, path: str, detector: Detector) -> str:
    """What to know about a .env that git ignores, which is as it should be and no finding."""
    if file.name.startswith(TEMPORARY_PREFIX):
        return f"{path} was left by a migration that was interrupted, and may hold values: rm it"
    try:
        entries = read(file).entries
    except EnvguardError as error:
        return f"{path} is ignored by git and was not read: {error.what}"
    kinds = [classify(entry.key, entry.value, detector).kind for entry in entries]
    count = kinds.count(Kind.SECRET)
    if not count:
        return f"{path} is ignored by git and holds no secrets"
    noun = "secret" if count == 1 else "secrets"
    return f"{path} is ignored by git and holds {count} {noun}: envguard migrate {path}"
