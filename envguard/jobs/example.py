"""example: a .env file is read, classified, and written again without its secrets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.detection.classify import Kind, classify, is_plain_comment
from envguard.detection.detector import Detector
from envguard.envfile import document
from envguard.envfile import example as envfile_example
from envguard.envfile.example import Decision


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one example file; `changed`: it was, or with check would be, written."""

    path: Path
    changed: bool
    undocumented: tuple[str, ...]  # keys of the .env that the example lacked
    missing: tuple[str, ...]  # keys of the example that the .env lacks


_DECISIONS = {Kind.SECRET: Decision.BLANK, Kind.REFERENCE: Decision.REFER}


def example(
    file: Path, detector: Detector, aliases: Collection[str] = (), *, check: bool = False
) -> Outcome:
    """Writes `FILE.example` beside a .env file, or with `check` only compares.

    Raises UsageError where either file cannot be read or parsed; nothing is written then.
    """

    def decide(entry: Entry) -> Decision:
        kind = classify(entry.key, entry.value, detector, aliases).kind
        return _DECISIONS.get(kind, Decision.KEEP)

    def is_safe(text: str) -> bool:
        return is_plain_comment(text, detector)

    target = file.with_name(f"{file.name}.example")
    env = document.read(file)
    if target.is_symlink():
        raise UsageError(
            f"{target} is a symbolic link, and is not replaced",
            f"put a file there instead: rm {target}",
        )
    existing = document.read(target) if target.exists() else None
    content = envfile_example.merge_example(existing, env, decide, is_safe)
    changed = existing is None or content != existing.render()
    if changed and not check:
        try:
            write_atomically(target, content, mode=None if target.exists() else 0o644)
        except OSError as error:
            raise UsageError(
                f"{target} cannot be written: {error.strerror}", f"ls -ld {target.parent}"
            ) from None
    return Outcome(
        target,
        changed,
        tuple(envfile_example.undocumented(existing, env)) if existing else (),
        tuple(envfile_example.missing(existing, env)) if existing else (),
    )
