"""One scan under way: what every mode of it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from envguard.core.config import Config, Folders
from envguard.core.document import LARGE, Document, Large
from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Finding, Unseen
from envguard.core.rule import Confidence
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.detector import Candidate, named
from envguard.detection.finder import Finder
from envguard.detection.findings import Key, describe, key, likely
from envguard.detection.fingerprint import Fingerprinter
from envguard.detection.prepare import prepare
from envguard.detection.rule_files import of_tree, of_user, read_rules
from envguard.jobs.scan.request import Mode, Request, Result
from envguard.sources import git as git_door
from envguard.sources.archives import HEAD, Kind, kind_of, peeked
from envguard.sources.git import Git
from envguard.sources.globs import EXCLUDED, Globs

if TYPE_CHECKING:
    from envguard.detection.foreign import Beside
    from envguard.jobs.scan.accepted import Accepted
    from envguard.jobs.scan.tokens import Tokens
    from envguard.sources.changes import Change

Progress = Callable[[Coverage], None]
"""Called after each document with what has been read so far."""


class Scan:
    """A request with what it is carried out with, and the coverage that grows."""

    def __init__(
        self, request: Request, config: Config, detector: Finder, progress: Progress
    ) -> None:
        self.request = request
        self.config = config
        self.detector = detector
        self.progress = progress
        self.minimum = request.minimum or Confidence[config.scan.min_confidence.upper()]
        self.exclude = (*config.scan.exclude, *request.exclude)
        self.coverage = Coverage()
        self.tokens: Tokens | None = None
        self.beside: Beside | None = None
        self.base: tuple[Git, str] | None = None
        """Where a range begins, whose baseline counts."""
        self._globs = Globs(self.exclude)
        self._left_out: set[str] = set()

    @cached_property
    def accepted(self) -> Accepted:
        """Which findings are known. Most staged scans never ask."""
        from envguard.jobs.scan.accepted import Accepted  # noqa: PLC0415

        return Accepted(self, self.base)

    @cached_property
    def fingerprints(self) -> Fingerprinter | None:
        """What names values, where the report or a baseline needs it: those of weak ones take
        their time."""
        wanted = self.request.fingerprints or self.accepted.is_any
        return Fingerprinter(self.accepted.salt) if wanted else None

    def excludes(self, path: str) -> bool:
        """Whether the configuration or the call leaves a path out; the coverage says so."""
        found = self._globs.match(path)
        if found is not None:
            self.leave_out(found)
        return found is not None

    def newly(self, change: Change) -> Change:
        """The change, as an addition where the file comes from a place that is left out: nobody
        has looked at it there."""
        hidden = change.moved_from and self._globs.match(change.moved_from)
        return change._replace(old=()) if hidden else change

    def leave_out(self, place: str) -> None:
        """Says in the coverage that a file or folder is left out."""
        if place not in self._left_out:
            self._left_out.add(place)
            self.coverage.excluded.append(Unseen(place, EXCLUDED))

    def candidates(self, document: Document | Large) -> list[Candidate]:
        """Every candidate of a document, likely or not; also of what is packed in it."""
        if isinstance(document, Large):
            return list(self.in_segments(document))
        found = self.detector.candidates(document)
        kind = kind_of(document.text)
        if kind is not None:
            inside = list(self._unpacked(document.path, kind, [document.text], self.coverage))
            known = {key(candidate) for candidate in inside}
            found = [*inside, *(c for c in found if key(c) not in known)]
        self.progress(self.coverage)
        return found

    def earlier(self, document: Document) -> list[Candidate]:
        """The same of a content that another one replaces: that not all of it can be read makes
        nothing incomplete."""
        kind = kind_of(document.text)
        if kind is None:
            return self.detector.candidates(document)
        inside = self._unpacked(document.path, kind, [document.text], Coverage())
        return [*inside, *self.detector.candidates(document)]

    def in_segments(self, document: Large) -> Iterator[Candidate]:
        """Every candidate of a large document, as they come."""
        head, pieces = peeked(document.pieces, HEAD)
        kind = kind_of(head)
        if kind is not None:
            return self._unpacked(document.path, kind, pieces, self.coverage)
        return self._segments(document.path, pieces)

    def _segments(self, path: str, pieces: Iterable[bytes]) -> Iterator[Candidate]:
        # Most scans meet none.
        from envguard.detection.segments import candidates  # noqa: PLC0415

        return candidates(
            lambda text: self.detector.candidates(Document(path, text)),
            pieces,
            lambda: self.progress(self.coverage),
        )

    def _unpacked(
        self, path: str, kind: Kind, pieces: Iterable[bytes], coverage: Coverage
    ) -> Iterator[Candidate]:
        """Every candidate of what is packed into a content of this kind."""
        # Most scans meet none.
        from envguard.jobs.scan.containers import Opened  # noqa: PLC0415

        def look(content: Iterable[bytes]) -> Iterable[Candidate]:
            head, rest = peeked(content, LARGE)
            if len(head) < LARGE:
                return self.detector.candidates(Document(path, head))
            return self._segments(path, rest)

        return Opened(look, path, coverage).candidates(kind, pieces)

    def look(self, document: Document | Large) -> Iterator[Finding]:
        """The findings in a document that has a path."""
        if isinstance(document, Large):
            return self.findings(document.path, self.in_segments(document))
        return self.findings(document.path, self.candidates(document))

    def findings(self, path: str, candidates: Iterable[Candidate]) -> Iterator[Finding]:
        """The findings among the candidates of the file `path`, and what its name says; what a
        marker allows is noted."""
        for _, finding in self.credentials(path, candidates):
            yield finding
        yield from self.named(path)

    def named(self, path: str) -> Iterator[Finding]:
        """The findings that the name of a file says alone, by rules of other tools."""
        if self.beside is None or self.minimum > Confidence.MEDIUM:
            return
        for candidate in named(self.beside, path):
            finding = self.describe(candidate, candidate.best, path)
            yield finding._replace(preview=path.rpartition("/")[2])

    def credentials(
        self, path: str, candidates: Iterable[Candidate]
    ) -> Iterator[tuple[Key, Finding]]:
        """The same, each with the credential that it is of."""
        for candidate, confidence in likely(candidates, path, self.minimum):
            if candidate.taken:
                continue
            if candidate.marked:
                self.coverage.notes.append(f"{path}:{candidate.line} is allowed by a marker")
            else:
                yield key(candidate), self.describe(candidate, confidence, path)

    def describe(self, candidate: Candidate, confidence: Confidence, path: str) -> Finding:
        """The finding that a candidate in the file `path` is."""
        finding = describe(candidate, confidence, path, self.fingerprints)
        if self.tokens is not None:
            self.tokens.keep(finding, candidate)
        return finding

    def result(self, findings: Iterable[Finding]) -> Result:
        """The result, with the findings in the order of their places."""
        found = sorted(findings, key=_place)
        if self.beside is not None:
            # Only other tools' rules find what ours find too.
            from envguard.detection.together import told  # noqa: PLC0415

            found = told(found, self.detector.rules, self.beside)
        if found or self.request.mode in (Mode.TREE, Mode.HISTORY):
            found = self.accepted.sorted_out(found, is_whole=self._is_whole)
        return Result(tuple(found), self.coverage, tokens=self.tokens)

    @property
    def _is_whole(self) -> bool:
        """Whether all was looked at that a baseline is made from."""
        request = self.request
        configured = Confidence[self.config.scan.min_confidence.upper()]
        return (
            request.mode in (Mode.TREE, Mode.HISTORY)
            and (request.mode is Mode.HISTORY or not request.paths)
            and not request.exclude
            and self.minimum <= configured
            and self.coverage.complete
        )


def begin(
    request: Request,
    config: Config,
    folders: Folders,
    progress: Progress,
    configured: Sequence[RuleFile] | None = None,
) -> Scan:
    """A scan of what `request` names, by the rules of `config`; `configured` are the rule files
    that it names, where they are not to be read from the work tree. Raises UsageError and
    ConfigError."""
    refused: list[str] = []
    if configured is None:
        configured, refused = of_tree(config)
    others = [*configured, *of_user(folders), *read_rules(request.rules)]
    detector = prepare([*built_in(), *others], folders.cache if request.cache else None)
    if request.baseline is not None and not request.baseline.is_file():
        raise UsageError(f"there is no file {request.baseline}", "envguard baseline create")
    if request.known is None and not request.verify:
        scan = Scan(request, config, detector, progress)
        _tell(scan, detector.beside, refused)
        return scan
    # Few scans ask for these.
    from envguard.jobs.scan import held, tokens  # noqa: PLC0415

    found: Finder = detector
    notes: list[str] = []
    if request.known is not None:
        found, notes = held.looked_for(request.known, detector, request)
    scan = Scan(request, config, found, progress)
    scan.coverage.notes += notes
    _tell(scan, detector.beside, refused)
    if request.verify:
        scan.tokens = tokens.Tokens(tokens.askable(read_rules(request.rules)))
    return scan


def _tell(scan: Scan, beside: Beside | None, refused: Sequence[str]) -> None:
    """Notes what of other tools' configurations is not honoured."""
    scan.coverage.notes += refused
    if beside is None:
        return
    scan.beside = beside
    scan.coverage.notes += beside.notes
    if beside.named and scan.request.mode is Mode.HISTORY:
        rules = ", ".join(rule.id for rule in beside.named)
        scan.coverage.notes.append(f"{rules}: names of files are not looked at in a history")


def repository(request: Request) -> Git:
    """The repository that a request is about; UsageError where there is none."""
    where = request.paths[0] if request.paths else request.folder
    found = git_door.find(where, allow_bare=bool(request.paths))
    if found is None:
        raise UsageError(
            f"{where} is not in a git repository",
            "scan its files with `envguard scan`, or go to the repository",
        )
    return found


def _place(finding: Finding) -> tuple[str, int, int, str]:
    return finding.path, finding.line, finding.column, finding.rule
