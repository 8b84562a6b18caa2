"""After a migration: where the moved values still stand, what must be rotated, what remains."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envguard.core.document import Document
from envguard.core.errors import ExitCode
from envguard.core.finding import Coverage
from envguard.core.secret import Secret
from envguard.detection.detector import GENERIC, Detector
from envguard.detection.literals import Literals, is_searchable
from envguard.envfile.origins import is_yaml
from envguard.sources import git as git_door
from envguard.sources import traces as source
from envguard.sources.git import Git
from envguard.sources.globs import is_env_file
from envguard.sources.traces import Place, Trace


@dataclass(frozen=True, slots=True)
class Rotation:
    """A value that git has seen: it must be replaced where it comes from. `title` and `revoke`
    (a page, empty where none is known) are those of the rule that recognises it; `seen` are the
    commits, messages and objects that hold it."""

    key: str
    title: str
    revoke: str
    seen: tuple[Trace, ...]

    @property
    def pushed_to(self) -> tuple[str, ...]:
        """The remote branches and tags that hold it."""
        return tuple(dict.fromkeys(ref for trace in self.seen for ref in trace.pushed_to))


@dataclass(frozen=True, slots=True)
class Staged:
    """A file in the index that holds a moved value, and the command that takes it out."""

    path: str
    keys: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A file on disk that holds a moved value; `is_copy`: left beside the file by an editor."""

    path: str
    line: int
    keys: tuple[str, ...]
    is_copy: bool


@dataclass(frozen=True, slots=True)
class Aftercare:
    """What a migration leaves to do. Holds no values.

    `unsearched` are keys whose values are too short or too plain to be looked for; `unignored`
    are migrated files that git would add; `remains` is what the caller knows to remain.
    """

    rotations: tuple[Rotation, ...]
    staged: tuple[Staged, ...]
    standing: tuple[Standing, ...]
    unsearched: tuple[str, ...]
    unignored: tuple[str, ...]
    remains: tuple[str, ...]
    coverage: Coverage = field(repr=False)

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS while a moved value would go into the next commit."""
        return ExitCode.FINDINGS if self.staged else ExitCode.OK


def aftercare(
    files: Sequence[Path],
    moved: Mapping[str, Secret],
    detector: Detector,
    remains: Sequence[str] = (),
    *,
    folder: Path,
) -> Aftercare:
    """Looks for the values that were moved out of `files`, by their keys, in each repository
    that one of the files is in, and beside the files. Reads only.

    `folder` is where commands are typed: paths below it are relative to it.
    """
    keys = [key for key, value in moved.items() if is_searchable(value)]
    literals = Literals([moved[key] for key in keys])
    coverage = Coverage()
    repositories: dict[Path, Git] = {}
    unignored: list[str] = []
    found: list[Trace] = []
    for file in files:
        git = git_door.find(file)
        if git is not None:
            repositories[git.top] = git
            if not is_yaml(file) and not git.ignores(file):
                unignored.append(_shown(str(file), folder))
        found += source.beside(file, literals.find, coverage)
    for git in repositories.values() if keys else ():
        found += source.in_repository(git, literals.find, coverage)
    found = list(dict.fromkeys(found))
    return Aftercare(
        rotations=_rotations(keys, moved, found, detector),
        staged=_staged(keys, found, {str(file) for file in files}, folder),
        standing=_standing(keys, found, folder),
        unsearched=tuple(key for key in moved if key not in set(keys)),
        unignored=tuple(unignored),
        remains=tuple(remains),
        coverage=coverage,
    )


def _rotations(
    keys: Sequence[str], moved: Mapping[str, Secret], found: Sequence[Trace], detector: Detector
) -> tuple[Rotation, ...]:
    """The values that a commit, a message or a lost object holds, those pushed first."""
    seen: dict[int, list[Trace]] = {}
    for trace in found:
        if trace.place not in (Place.INDEX, Place.FILE, Place.COPY):
            seen.setdefault(trace.number, []).append(trace)
    rotations = []
    for number in sorted(seen):
        title, revoke = _provider(moved[keys[number]], detector)
        rotations.append(Rotation(keys[number], title, revoke, tuple(seen[number])))
    return tuple(sorted(rotations, key=lambda rotation: not rotation.pushed_to))


def _provider(value: Secret, detector: Detector) -> tuple[str, str]:
    """What a value is by the rule that recognises it, and where it is revoked."""
    document = Document("", value.reveal().encode("utf-8", "surrogateescape"))
    for candidate in detector.candidates(document):
        if candidate.rule is not GENERIC and candidate.confidence("") is not None:
            return candidate.rule.title, candidate.rule.revoke
    return "", ""


def _staged(
    keys: Sequence[str], found: Sequence[Trace], migrated: set[str], folder: Path
) -> tuple[Staged, ...]:
    """What the index holds and should not: .env files that were migrated at all, any other file
    where HEAD has it differently, or not."""
    on_disk = {(trace.number, trace.path) for trace in found if trace.place is Place.FILE}
    by_path: dict[str, list[Trace]] = {}
    for trace in found:
        if trace.place is Place.INDEX and (_is_env(trace, migrated) or not trace.at_head):
            by_path.setdefault(trace.path, []).append(trace)
    staged = []
    for path, those in sorted(by_path.items()):
        first = those[0]
        stays = any((trace.number, path) in on_disk for trace in those)
        if _is_env(first, migrated) or (stays and first.at_head is None):
            command = ["git", "rm", "--cached"]
            if not (stays or first.at_head):
                command.append("-f")  # git asks for it: neither the file nor HEAD is the same
        elif not stays:
            command = ["git", "add"]  # the file itself has references by now
        else:
            command = ["git", "restore", "--staged"]
        shown = _shown(path, folder)
        if not Path(path).is_relative_to(folder):
            command[1:1] = ["-C", str(Path(path).parent)]
        staged.append(Staged(shown, _names(keys, those), shlex.join([*command, shown])))
    return tuple(staged)


def _is_env(trace: Trace, migrated: set[str]) -> bool:
    return trace.path in migrated and is_env_file(trace.path)


def _standing(keys: Sequence[str], found: Sequence[Trace], folder: Path) -> tuple[Standing, ...]:
    """The files that hold a value still: each once, as a copy where it is beside the migrated."""
    by_path: dict[str, list[Trace]] = {}
    for trace in found:
        if trace.place in (Place.FILE, Place.COPY):
            by_path.setdefault(trace.path, []).append(trace)
    return tuple(
        Standing(
            _shown(path, folder),
            min(trace.line or 1 for trace in those),
            _names(keys, those),
            any(trace.place is Place.COPY for trace in those),
        )
        for path, those in sorted(by_path.items())
    )


def _names(keys: Sequence[str], found: Sequence[Trace]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys[trace.number] for trace in found))


def _shown(path: str, folder: Path) -> str:
    """A path as it is typed in `folder`."""
    absolute = Path(path)
    return str(absolute.relative_to(folder)) if absolute.is_relative_to(folder) else path
