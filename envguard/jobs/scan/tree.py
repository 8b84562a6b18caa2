"""scan: files and folders, as git sees them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from envguard.core.config import Config, Folders
from envguard.core.errors import UsageError
from envguard.jobs.scan.parts import Looked, look
from envguard.jobs.scan.request import Request, Result
from envguard.jobs.scan.state import Progress, Scan, begin
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.sources.globs import Globs
from envguard.sources.reading import File
from envguard.sources.worktree import Worktree


def scan(request: Request, config: Config, folders: Folders, progress: Progress) -> Result:
    """Scans the files of `request.paths`, or of its folder, in several processes where there are
    many.

    Raises UsageError where a path does not exist and where there is nothing to look at; what
    could not be read is in `coverage.skipped`.
    """
    scan = begin(request, config, folders, progress)
    coverage = scan.coverage
    paths = request.paths or (request.folder,)
    git = git_door.find(paths[0])
    tree = Worktree(
        git,
        request.folder,
        paths,
        exclude=Globs(scan.exclude, _below(git, request.folder, config)),
        ignored=request.ignored,
        coverage=coverage,
    )
    others: list[File] = []
    env_files: list[str] = []

    def ask_git() -> None:
        others.extend(tree.untracked())
        if not request.ignored:
            env_files.extend(tree.ignored_env_files())

    looked = look(scan, tree.tracked(), progress, meanwhile=ask_git)
    if others and not looked.interrupted:
        more = look(scan, others, progress)
        looked = Looked(looked.findings + more.findings, more.interrupted)
    if not (coverage.files or coverage.skipped):
        raise UsageError(
            f"there is nothing to scan in {', '.join(str(path) for path in paths)}: "
            "no file, or none that git does not ignore",
            "name files, or scan what git ignores with --ignored",
        )
    coverage.notes += _env_notes(scan, env_files)
    return scan.result(looked.findings)._replace(interrupted=looked.interrupted)


def _below(git: Git | None, folder: Path, config: Config) -> str:
    """Where the folder is as the globs count: from the top of the repository, outside one from
    the folder of the configuration."""
    top = git.top if git is not None else config.root
    if not folder.resolve().is_relative_to(top.resolve()):
        return ""
    inside = folder.resolve().relative_to(top.resolve()).as_posix()
    return "" if inside == "." else f"{inside}/"


def _env_notes(scan: Scan, files: Sequence[str]) -> list[str]:
    if not files:
        return []
    # To read .env files and tell what is in them takes half of what a scan needs to start.
    from envguard.jobs.scan.ignored_env import note  # noqa: PLC0415

    return [note(scan.request.folder / path, path, scan.detector) for path in files]
