"""env_files: which .env files that hold values are, or are about to be, in git."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from envguard.core.config import Config, Settings
from envguard.core.errors import UsageError
from envguard.core.finding import Coverage
from envguard.core.text import printable
from envguard.detection.classify import Kind, classify
from envguard.detection.prepare import standard
from envguard.envfile import document
from envguard.sources import git as git_door
from envguard.sources import index, ranges
from envguard.sources.changes import Change
from envguard.sources.committed import config_at
from envguard.sources.git import Git
from envguard.sources.globs import Globs, is_env_file


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry that must not be in git; `what` says why without the value."""

    path: str
    line: int
    what: str


def committed_values(
    folder: Path, chosen: str | None, config: Config, settings: Settings
) -> list[Problem]:
    """The entries with values in .env files of the range `chosen` (`A..B`), else of what is
    staged, else (under pre-commit with nothing staged) of everything that git tracks.

    `.env` and `.env*.local` hold one person's settings: no value of them belongs into git, and
    no line that nobody can read. Other environments' files (`.env.test`) are often shared on
    purpose: only secrets are refused.
    """
    git = git_door.find(folder)
    if git is None:
        raise UsageError(f"{folder} is not in a git repository", "go to the repository")
    coverage = Coverage()
    if chosen is not None:
        span = ranges.choose(git, chosen, None)
        if span.base is not None:
            config = config_at(git, span.base, config, folder)
        commits = ranges.changes(git, span, coverage)
        changes: Iterable[Change] = [change for commit in commits for change in commit.changes]
    else:
        changes = index.staged(git, coverage)
        if not changes and settings.environ.get("PRE_COMMIT"):
            changes = index.tracked(git)
    exclude = Globs(config.scan.exclude)
    # One content may be new under several paths, and one path have several contents.
    places = dict.fromkeys(
        (change.new, change.path)
        for change in changes
        if change.new is not None
        and is_env_file(change.path)
        and exclude.match(change.path) is None
    )
    return _problems(git, list(places), config, settings) if places else []


def _problems(
    git: Git, places: list[tuple[str, str]], config: Config, settings: Settings
) -> list[Problem]:
    detector = standard(settings.folders.cache)
    problems: list[Problem] = []
    contents = git.contents(blob for blob, _ in places)
    for (blob, path), (_, content) in zip(places, contents, strict=True):
        if content is None:
            raise UsageError(
                f"git object {blob[:12]} of {printable(path)} is missing", "git fetch --refetch"
            )
        private = _is_private(path)
        env = document.parse(content, path)
        for entry in env.entries:
            kind = classify(entry.key, entry.value, detector, config.backends).kind
            if kind is Kind.SECRET or (private and kind in (Kind.CONFIGURATION, Kind.UNSURE)):
                problems.append(Problem(path, entry.line, f"{printable(entry.key)} has a value"))
        if private:
            problems += [Problem(path, s.line, "is no KEY=VALUE line") for s in env.problems]
    return sorted(set(problems), key=lambda problem: (problem.path, problem.line))


def _is_private(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name == ".env" or (name.startswith(".env.") and name.endswith(".local"))
