"""Many secrets at once: from a .env file, from JSON, from a folder with one file a key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from envguard.core.backend import Backend, Batch
from envguard.core.config import DEFAULT_DIALECT, Config
from envguard.core.errors import BackendError, UsageError
from envguard.core.reference import parse_reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile.interpolate import Piece, join, names
from envguard.jobs.environment.written import read_file
from envguard.jobs.secrets.values import put

Values = Mapping[str, Secret | None]
"""Values by name; None for what is no value: a key alone, a reference."""

_LARGEST = 1 << 20  # bytes of one file in a folder: no secret is a megabyte


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, by name."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[str, ...]  # references and keys without a value


def read(
    source: Path, environ: Mapping[str, str], config: Config, dialect: str = DEFAULT_DIALECT
) -> Values:
    """The values in a folder, a `.json` file, or a file with KEY=VALUE lines."""
    if source.is_dir():
        return read_folder(source)
    if source.suffix == ".json":
        return read_json(source)
    return read_env(source, environ, config, dialect)


def read_env(
    file: Path, environ: Mapping[str, str], config: Config, dialect: str = DEFAULT_DIALECT
) -> Values:
    """The values of a file as its dialect reads them, the last of each key.

    None for a key without a value, for a reference, and for what is built from one of them.
    """
    pairs: list[tuple[str, Sequence[Piece] | None]] = []
    without: set[str] = set()
    for item in read_file(file, dialect):
        text = None if item.text is None else item.text.reveal()
        used = set(names(item.pieces()))
        if text is None or parse_reference(text, config.backends) is not None or used & without:
            without.add(item.key)
        else:
            without.discard(item.key)
        pairs.append((item.key, None if text is None else item.pieces()))
    found = join(pairs, environ)
    return {
        key: None if text is None or key in without else Secret(text) for key, text in found.items()
    }


def read_json(file: Path) -> Values:
    """The values of one JSON object: a text as it is, null as no value, anything else as JSON.
    Raises UsageError."""
    try:
        content = json.loads(_text(file))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise UsageError(f"{file} is no JSON object", 'write {"NAME": "value"}')
    return {name: None if value is None else _plain(value) for name, value in content.items()}


def read_folder(folder: Path) -> Values:
    """The values of a folder with one file a key, as secrets are mounted into containers: the
    file's name, and its text without one final line end. What begins with a dot is left out (so
    Kubernetes and editors name their own). Raises UsageError."""
    found: dict[str, Secret | None] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or not file.is_file():
            continue
        if file.stat().st_size > _LARGEST:
            raise UsageError(
                f"{file} is larger than a megabyte", "it is no secret: move it out of the folder"
            )
        found[file.name] = Secret(_text(file).removesuffix("\n"))
    if not found:
        raise UsageError(f"{folder} holds no files", "name a folder with one file a key")
    return found


def import_values(backend: Backend, values: Values, prefix: str) -> Imported:
    """Writes the values whose names begin with `prefix` (which is dropped); those that are there
    already are left alone. Empty values are kept; keys without a value are skipped. Every name is
    checked before the first is written, and every value read back."""
    wanted: dict[str, Secret] = {}
    skipped: list[str] = []
    for key, value in values.items():
        if not key.startswith(prefix) or key == prefix:
            continue
        if value is None:
            skipped.append(key)
        else:
            wanted[key.removeprefix(prefix)] = value
    references = {name: backend.locate(name) for name in wanted}
    held = backend.read(list(references.values()))
    written = [name for name in wanted if held.get(references[name]) != wanted[name]]
    if isinstance(backend, Batch):
        news = {references[name]: wanted[name] for name in written}
        backend.write_all(news, token=token_hex(16))
        kept = backend.read(list(news))
        lost = [ref.name for ref, value in news.items() if kept.get(ref) != value]
        if lost:
            raise BackendError(
                f"the backend does not give back what was written for {', '.join(lost)}",
                "check the backend",
            )
    else:
        for name in written:
            put(backend, name, wanted[name])
    return Imported(tuple(written), tuple(n for n in wanted if n not in written), tuple(skipped))


def _plain(value: object) -> Secret:
    if isinstance(value, str):
        return Secret(value)
    return Secret(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", "check the file") from None
    except UnicodeDecodeError:
        raise UsageError(
            f"{printable(str(file))} is not UTF-8 text", "encode it: base64 FILE | …"
        ) from None
