"""One scan under way: what every mode of it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from envguard.core.config import Config, Folders
from envguard.core.document import Document
from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Finding, Unseen
from envguard.core.rule import Confidence
from envguard.detection.builtin import RuleFile, built_in
from envguard.detection.detector import Candidate, Detector
from envguard.detection.findings import describe, likely
from envguard.detection.fingerprint import Fingerprinter
from envguard.detection.prepare import prepare
from envguard.jobs.scan.request import Request, Result
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.sources.globs import EXCLUDED, Globs

Progress = Callable[[Coverage], None]
"""Called after each document with what has been read so far."""


class Scan:
    """A request with what it is carried out with, and the coverage that grows."""

    def __init__(
        self, request: Request, config: Config, detector: Detector, progress: Progress
    ) -> None:
        self.request = request
        self.config = config
        self.detector = detector
        self.progress = progress
        self.fingerprints = Fingerprinter(config.project_id)
        self.minimum = request.minimum or Confidence[config.scan.min_confidence.upper()]
        self.exclude = (*config.scan.exclude, *request.exclude)
        self.coverage = Coverage()
        self._globs = Globs(self.exclude)
        self._left_out: set[str] = set()

    def excludes(self, path: str) -> bool:
        """Whether the configuration or the call leaves a path out; the coverage says so."""
        found = self._globs.match(path)
        if found is not None and found not in self._left_out:
            self._left_out.add(found)
            self.coverage.excluded.append(Unseen(found, EXCLUDED))
        return found is not None

    def candidates(self, document: Document) -> list[Candidate]:
        """Every candidate of a document, likely or not."""
        found = self.detector.candidates(document)
        self.progress(self.coverage)
        return found

    def findings(self, path: str, candidates: Sequence[Candidate]) -> Iterator[Finding]:
        """The findings among the candidates of the file `path`; what a marker allows is noted."""
        for candidate, confidence in likely(candidates, path, self.minimum):
            if candidate.marked:
                self.coverage.notes.append(f"{path}:{candidate.line} is allowed by a marker")
            else:
                yield describe(candidate, confidence, path, self.fingerprints)

    def result(self, findings: Iterable[Finding]) -> Result:
        """The result, with the findings in the order of their places."""
        return Result(tuple(sorted(findings, key=_place)), self.coverage)


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
    if configured is None:
        configured = read_rules([config.root / name for name in config.scan.rules])
    files = [*built_in(), *configured, *read_rules(request.rules)]
    detector = prepare(files, folders.cache if request.cache else None)
    return Scan(request, config, detector, progress)


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


def read_rules(paths: Iterable[Path]) -> list[RuleFile]:
    """The rule files at these paths. Raises UsageError where one cannot be read."""
    files: list[RuleFile] = []
    for path in paths:
        try:
            files.append((path, path.read_bytes()))
        except OSError as error:
            raise UsageError(
                f"the rules in {path} cannot be read: {error.strerror}",
                "check --rules and scan.rules",
            ) from None
    return files
