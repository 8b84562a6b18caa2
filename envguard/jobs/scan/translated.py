"""From what another tool says of findings to our own: the files that it names are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.config import Config, Folders
from envguard.core.document import Document, Large
from envguard.core.finding import Coverage, Finding
from envguard.detection.baseline.matches import matched
from envguard.detection.baseline.told import Told
from envguard.detection.findings import likely
from envguard.jobs.scan.request import Request
from envguard.jobs.scan.state import Progress, Scan, begin
from envguard.sources import git as git_door
from envguard.sources.at_commits import contents_at
from envguard.sources.git import Git
from envguard.sources.reading import read

_Place = tuple[str | None, str]  # the commit (None: the file as it is) and the path


class Same(NamedTuple):
    """A finding of ours that is another tool's; `is_whole` as detection's Match has it."""

    told: Told
    finding: Finding
    is_whole: bool


class Translated(NamedTuple):
    """Our findings, each with the other tool's, and how many of its findings are none of ours."""

    found: Sequence[Same]
    others: int


def translate(
    told: Sequence[Told], request: Request, config: Config, folders: Folders, progress: Progress
) -> Translated:
    """The findings of ours that `told` are about. Raises as a scan does."""
    scan = begin(request, config, folders, progress)
    git = git_door.find(request.folder)
    top = git.top if git is not None else request.folder
    found = list(translated(scan, told, top, git))
    seen = {same.told for same in found}
    return Translated(found, len([one for one in told if one not in seen]))


def translated(
    scan: Scan, told: Iterable[Told], top: Path, git: Git | None, base: str | None = None
) -> Iterator[Same]:
    """The same with a scan that is under way; `base` is the commit whose files are meant where
    `told` names none, None for those of the work tree."""
    places: dict[_Place, list[Told]] = {}
    for one in told:
        places.setdefault((one.commit or base, one.path), []).append(one)
    for place, document in _documents(places, top, git):
        if isinstance(document, Large):
            text, candidates = b"", list(scan.in_segments(document))
        else:
            text, candidates = document.text, scan.earlier(document)
        sure = list(likely(candidates, document.path, scan.minimum))
        confidences = {id(candidate): confidence for candidate, confidence in sure}
        for one, candidate, is_whole in matched(places[place], [c for c, _ in sure], text):
            finding = scan.describe(candidate, confidences[id(candidate)], document.path)
            yield Same(one, finding, is_whole)


def _documents(
    places: Iterable[_Place], top: Path, git: Git | None
) -> Iterator[tuple[_Place, Document | Large]]:
    committed = []
    for commit, path in places:
        if commit is not None:
            committed.append((commit, path))
            continue
        # Reports name an archive and what is in it as one.
        name = path if (top / path).exists() else path.partition("!")[0]
        inside = not Path(name).is_absolute() and ".." not in Path(name).parts
        document = read((str(top / name), name), Coverage()) if inside and name else None
        if document is not None:
            yield (None, path), document
    if committed and git is not None:
        for place, content in contents_at(git, committed):
            yield place, Document(place[1], content)
