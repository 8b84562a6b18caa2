"""example: a .env file is read, classified, and written again without its secrets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from envguard.core.config import DEFAULT_DIALECT
from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.files import write_atomically
from envguard.detection.classify import Kind, classify, is_placeholder, is_plain_comment
from envguard.detection.finder import Finder
from envguard.detection.harmless import is_harmless, without_secrets
from envguard.envfile import document, origins
from envguard.envfile import example as envfile_example
from envguard.envfile.document import EnvDocument
from envguard.envfile.example import Decide, Decision, IsSafe
from envguard.envfile.origins import Document


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one example file; `changed`: it was, or with check would be, written."""

    path: Path
    changed: bool
    undocumented: tuple[str, ...]  # keys of the .env that the example lacked
    missing: tuple[str, ...]  # keys of the example that the .env lacks


_DECISIONS = {
    Kind.SECRET: Decision.BLANK,
    Kind.UNSURE: Decision.HIDE,
    Kind.REFERENCE: Decision.REFER,
}


def example(
    file: Path,
    detector: Finder,
    aliases: Collection[str] = (),
    *,
    check: bool = False,
    dialect: str = DEFAULT_DIALECT,
) -> Outcome:
    """Writes `FILE.example` beside a .env file, or with `check` only compares.

    What is not certain to be harmless is hidden, whatever its name. Raises UsageError where either
    file cannot be read or parsed; nothing is written then.
    """

    def decide(entry: Entry) -> Decision:
        found = classify(entry.key, entry.value, detector, aliases)
        if found.kind is Kind.CONFIGURATION and entry.value is not None:
            is_shown = is_placeholder(entry.value.reveal()) or is_harmless(entry.value.reveal())
            return Decision.KEEP if is_shown else Decision.HIDE
        return _DECISIONS.get(found.kind, Decision.KEEP)

    def is_safe(text: str) -> bool:
        return is_plain_comment(text, detector)

    target = file.with_name(f"{file.name}.example")
    env = origins.parse(document.read_bytes(file), str(file), dialect)
    if target.is_symlink():
        raise UsageError(
            f"{target} is a symbolic link, and is not replaced",
            f"put a file there instead: rm {target}",
        )
    existing = None
    if target.exists():
        existing = origins.parse(document.read_bytes(target), str(target), dialect)
    content = _merged(existing, env, decide, is_safe)
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


def _merged(
    existing: Document | None, env: Document, decide: Decide, comment_is_safe: IsSafe
) -> bytes:
    if isinstance(env, EnvDocument) and (existing is None or isinstance(existing, EnvDocument)):
        return envfile_example.merge_example(
            existing, env, decide, comment_is_safe, without_secrets
        )
    from envguard.envfile.dialects import document as other  # noqa: PLC0415 - seldom used
    from envguard.envfile.dialects import example as of_dialect  # noqa: PLC0415 - seldom used

    if not isinstance(env, other.DialectDocument) or not (
        existing is None or isinstance(existing, other.DialectDocument)
    ):
        raise TypeError("a .env file and its example have one dialect")
    return of_dialect.merge_example(existing, env, decide, comment_is_safe, without_secrets)
