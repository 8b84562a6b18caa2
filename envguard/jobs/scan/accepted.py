"""Which findings of a scan are known: those in its baseline, and those that other tools' files
name. Nothing is read before there is a finding, or a whole tree to compare it with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.core import dates
from envguard.core.finding import Finding
from envguard.detection.baseline.entries import Baseline, Entry, State
from envguard.detection.baseline.file import FILE_NAME
from envguard.detection.baseline.gitleaks import IGNORE_FILE
from envguard.detection.baseline.reading import read, text_of
from envguard.detection.baseline.told import Told
from envguard.detection.secrets_baseline import FILE_NAME as SECRETS_BASELINE
from envguard.jobs.scan.request import Mode
from envguard.sources.committed import name_in, text_at

if TYPE_CHECKING:
    from envguard.jobs.scan.state import Scan
    from envguard.sources.git import Git


class Accepted:
    """What is known to the repository of a scan. In a range it is what the base knows: `base` is
    the repository and that commit."""

    def __init__(self, scan: Scan, base: tuple[Git, str] | None) -> None:
        self._scan = scan
        self._base = base
        request = scan.request
        other = request.paths[0] if request.mode is Mode.HISTORY and request.paths else None
        self.top = base[0].top if base is not None else _top(other or request.folder)
        """Where the files are that are not named by the caller or the configuration."""
        named = scan.config.scan.baseline
        usual = scan.config.root / named if named else self.top / FILE_NAME
        self._file = request.baseline or usual

    @cached_property
    def _known(self) -> Baseline | list[Told]:
        text = self._text(self._file)
        return read(text, self._shown) if text is not None else self._nothing

    @cached_property
    def _ignored(self) -> list[Told]:
        text = self._text(self.top / IGNORE_FILE)
        found = read(text, IGNORE_FILE) if text is not None else []
        return found if isinstance(found, list) else []

    @property
    def _baseline(self) -> Baseline:
        return self._known if isinstance(self._known, Baseline) else self._nothing

    @property
    def _told(self) -> list[Told]:
        """What other tools' files say."""
        return [*self._ignored, *(self._known if isinstance(self._known, list) else ())]

    @property
    def _nothing(self) -> Baseline:
        return Baseline(self._scan.config.project_id)

    @property
    def is_any(self) -> bool:
        """Whether anything is known at all."""
        return bool(self._baseline.entries or self._told)

    @property
    def salt(self) -> str:
        """What the fingerprints are made with."""
        wanted = self._scan.request.salt
        return self._baseline.salt if wanted is None else wanted

    def sorted_out(self, findings: Sequence[Finding], *, is_whole: bool) -> list[Finding]:
        """The findings that are not known, and those whose time is over; where the request is
        to report the others too, all of them, each with its state. Notes what is left out; and,
        of a scan that looked at everything, what is known and not there any more."""
        known = self._baseline.entries
        rest = list(self._judged(findings))
        if is_whole and self._scan.request.folder.resolve() == self.top:
            here = {finding.fingerprint for finding in findings}
            self._note_gone(entry for name, entry in known.items() if name not in here)
        new = [finding for finding in rest if finding.state == "open"]
        if not (new and self._told):
            self._note_unused(is_new=bool(new))
            return rest
        # Most repositories have no such files.
        from envguard.jobs.scan.named import Named  # noqa: PLC0415

        named = Named(self._scan, self._told, self.top, self._base)
        theirs = {id(finding) for finding in named.known(new)}
        if self._scan.request.baselined:
            return [finding for finding in rest if id(finding) not in theirs]
        return [f._replace(state="ignored") if id(f) in theirs else f for f in rest]

    def _judged(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings by the baseline alone."""
        now, silent, expired = dates.now(), Counter[State](), 0
        for finding in findings:
            entry = self._baseline.entries.get(finding.fingerprint)
            if entry is None:
                yield finding
                continue
            details = *finding.details, ("baseline", entry.told())
            if entry.has_expired(now):
                expired += 1
                yield finding._replace(state="expired", details=details)
            elif self._scan.request.baselined:
                silent[entry.state] += 1
            else:
                yield finding._replace(state=entry.state.value, details=details)
        if silent:
            waits = silent[State.UNREVIEWED]
            ask = f", {waits:,} of them not reviewed: envguard baseline audit" if waits else ""
            self._note(f"{silent.total():,} known by {self._shown}{ask}")
        if expired:
            self._note(f"{expired:,} expired in {self._shown}: envguard baseline audit")

    def _note_gone(self, entries: Iterable[Entry]) -> None:
        past = self._scan.request.mode is Mode.HISTORY
        gone = sum(entry.is_past is past for entry in entries)
        if gone:
            noun = "entry" if gone == 1 else "entries"
            command = f"envguard baseline prune{' --history' if past else ''}"
            self._note(f"{gone:,} {noun} of {self._shown} without a finding: {command}")

    def _note_unused(self, *, is_new: bool) -> None:
        """Says how what detect-secrets knows could count, where nothing else is known."""
        is_alone = is_new and self._base is None and not self.is_any
        if is_alone and (self.top / SECRETS_BASELINE).is_file():
            self._note(f"{SECRETS_BASELINE} is not used (to use it: envguard baseline import)")

    def _note(self, note: str) -> None:
        self._scan.coverage.notes.append(note)

    @property
    def _shown(self) -> str:
        file = self._file
        inside = file.is_relative_to(self.top)
        return file.relative_to(self.top).as_posix() if inside else str(file)

    def _text(self, file: Path) -> str | None:
        if self._base is not None and name_in(self._base[0], file) is not None:
            return text_at(*self._base, file)
        return text_of(file)


def _top(folder: Path) -> Path:
    """The top of the repository that a folder is in, else the folder itself. git is not asked:
    most scans that get here have no baseline."""
    real = folder.resolve()
    return next((above for above in (real, *real.parents) if (above / ".git").exists()), real)
