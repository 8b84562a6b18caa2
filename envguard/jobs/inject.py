"""inject: a template is read, its references are resolved, and their values written in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import TrustError, UsageError
from envguard.core.reference import PROFILE_BACKEND, Reference, parse_reference
from envguard.core.text import printable
from envguard.formats import template
from envguard.formats.scan_data import scan_json, scan_plain, scan_toml, scan_xml
from envguard.formats.scan_shell import scan_shell
from envguard.formats.scan_yaml import scan_yaml
from envguard.jobs.environment.allowed import outside, refuse_own_files
from envguard.jobs.environment.values import open_backends
from envguard.references import inline
from envguard.references.resolve import Wanted, resolve
from envguard.workspace import trust

SCANNERS: Mapping[str, Callable[[str], Iterable[template.Region]]] = {
    "json": scan_json,
    "yaml": scan_yaml,
    "toml": scan_toml,
    "xml": scan_xml,
    "shell": scan_shell,
    "plain": scan_plain,
}


def inject(
    file: Path | None,
    stdin: BinaryIO,
    format: str | None,
    config: Config,
    profile: Profile,
    settings: Settings,
    *,
    folder: Path,
    trusted: bool = False,
) -> bytes:
    """The template with its values, all of them or an error that names every missing one.

    `file` is None for standard input, whose `file:` references are relative to `folder`;
    `format` None: what the file's name says. Raises UsageError, TrustError, ConfigError,
    BackendError, NotFoundError.
    """
    name = "standard input" if file is None else str(file)
    text = _read(file, stdin, name)
    chosen = format or template.format_of(file.name if file else "")

    def whole(content: str) -> Reference | None:
        found = parse_reference(content, config.backends)
        return found if found is None or _allowed(found, profile) else None

    def find(text: str) -> list[tuple[int, int, Reference]]:
        if not _allowed(Reference(PROFILE_BACKEND, ""), profile):
            return []
        return inline.places(text)

    slots = template.slots(text, SCANNERS[chosen], find, whole, name)
    base = folder if file is None else file.parent
    wanted = {
        piece: Wanted(f"{name}:{slot.line}", piece, base)
        for slot in slots
        for piece in slot.pieces
        if not isinstance(piece, str)
    }
    if not trusted:
        _require_trust(wanted.values(), config, profile, settings)
    refuse_own_files(settings, wanted.values())
    backends = open_backends(wanted.values(), config, profile, settings)
    values = resolve(list(wanted.values()), backends, settings.environ)
    known = {ref: value.reveal() for ref, value in zip(wanted, values, strict=True)}
    filled = template.fill(text, slots, known, chosen, name)
    return filled.encode("utf-8", "surrogateescape")


def _read(file: Path | None, stdin: BinaryIO, name: str) -> str:
    try:
        content = stdin.read() if file is None else file.read_bytes()
        return content.decode("utf-8")
    except OSError as error:
        raise UsageError(
            f"{printable(name)} cannot be read: {error.strerror}", "name a template"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{printable(name)} is not UTF-8 text", "convert it to UTF-8") from None


def _allowed(reference: Reference, profile: Profile) -> bool:
    allowed = profile.references
    return allowed is None or reference.backend == "literal" or reference.backend in allowed


def _require_trust(
    wanted: Iterable[Wanted], config: Config, profile: Profile, settings: Settings
) -> None:
    used = [want for want in wanted if want.reference.backend != "literal"]
    if not used:
        return
    trust.require(settings.folders, config, profile)
    targets = [w.folder / w.reference.name for w in used if w.reference.backend == "file"]
    beyond = outside(targets, config.root)
    if beyond:
        files = ", ".join(printable(str(file)) for file in beyond)
        raise TrustError(
            f"the template reads outside {printable(str(config.root))}: {files}",
            "if that is right, repeat it with --trust",
        )
