"""What Python programs call: the values of a .env file, references resolved.

`from envguard import load_env` in place of python-dotenv's `load_dotenv`, with the same parameters
(https://saurabh-kumar.com/python-dotenv/reference/).
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, NamedTuple

from envguard.core.config import DEFAULT_DIALECT, Config, Profile, Settings, load
from envguard.core.errors import EnvguardError, UsageError
from envguard.core.text import printable
from envguard.envfile import document
from envguard.jobs.environment.request import Request
from envguard.jobs.environment.values import Values, resolve_written
from envguard.jobs.environment.written import FILE, Written

_FILE_NAME = ".env"
_TRUE = ("1", "true", "t", "yes", "y")


def load_env(
    dotenv_path: str | os.PathLike[str] | None = None,
    stream: IO[str] | None = None,
    verbose: bool = False,
    override: bool = False,
    interpolate: bool = True,
    encoding: str | None = "utf-8",
) -> bool:
    """Sets the variables of a .env file in `os.environ`; True where the file has any.

    Without path and stream, the `.env` in the folder of the calling file, or the nearest one
    above. Variables that are there already stay, unless `override`. References are resolved with
    the configuration of the file's folder and the profile of ENVGUARD_PROFILE, and the file is
    read in that profile's dialect; either all of the variables are set, or none. Lines that are no
    KEY=VALUE are skipped, and logged.

    Raises EnvguardError: a reference that cannot be resolved, a folder that is not trusted, a
    value that is not what `[secrets]` expects.
    """
    if os.environ.get("PYTHON_DOTENV_DISABLED", "").casefold() in _TRUE:
        return False
    found = _read(dotenv_path, stream, verbose, encoding, _calling_folder())
    values = _resolve(found, override=override, interpolate=interpolate)
    for key in values.given:
        # The one place where os.environ is changed: whoever calls this asks for it.
        if key in values.environ and (override or key not in os.environ):
            os.environ[key] = values.environ[key]
    return bool(found.items)


def env_values(
    dotenv_path: str | os.PathLike[str] | None = None,
    stream: IO[str] | None = None,
    verbose: bool = False,
    interpolate: bool = True,
    encoding: str | None = "utf-8",
) -> dict[str, str | None]:
    """The variables of a .env file, as load_env would set them with `override`; None for a key
    without a value. `os.environ` stays as it is. Raises EnvguardError."""
    found = _read(dotenv_path, stream, verbose, encoding, _calling_folder())
    values = _resolve(found, override=True, interpolate=interpolate)
    return {
        key: values.given[key].reveal() if key in values.given else None
        for key in dict.fromkeys(item.key for item in found.items)
    }


class _Found(NamedTuple):
    """What was read: `file` is None for a stream."""

    items: list[Written]
    file: Path | None
    config: Config
    profile: Profile
    settings: Settings


def _read(
    path: str | os.PathLike[str] | None,
    stream: IO[str] | None,
    verbose: bool,
    encoding: str | None,
    calling: Path,
) -> _Found:
    file = Path(path) if path is not None and os.fspath(path) else None
    if path is None and stream is None:
        file = _nearest(calling)
    if file is not None and _is_readable(file):
        file = file.absolute()
        text, folder = _text(file, encoding), file.parent
    else:
        file, folder = None, Path.cwd()
        text = "" if stream is None else stream.read()
        if stream is None and verbose:
            _log(f"there is no file {printable(os.fspath(path or _FILE_NAME))}")
    settings = Settings.of(os.environ)
    config = load(folder)
    profile = config.profile(settings.profile)
    name = "the stream" if file is None else str(file)
    return _Found(
        list(_items(text, name, folder, profile.dialect)), file, config, profile, settings
    )


def _items(text: str, name: str, folder: Path, dialect: str) -> Iterator[Written]:
    if dialect != DEFAULT_DIALECT:
        from envguard.envfile.dialects import registry  # noqa: PLC0415 - only where one is declared

        content = text.encode("utf-8", "surrogateescape")
        for line in registry.read(content, name, dialect):
            yield Written(line.key, line.text, folder, f"{name}:{line.line}", FILE, line.pieces)
        return
    parsed = document.parse(text.encode("utf-8", "surrogatepass"), name)
    for problem in parsed.problems:
        _log(f"{printable(name)}:{problem.line} is no KEY=VALUE line and is skipped")
    for entry in parsed.entries:
        yield Written(entry.key, entry.value, folder, f"{name}:{entry.line}", FILE)


def _resolve(found: _Found, *, override: bool, interpolate: bool) -> Values:
    items, config, profile = found.items, found.config, found.profile
    if not interpolate:
        items = [
            item._replace(cut=() if item.text is None else (item.text.reveal(),)) for item in items
        ]
    own = {(config.root / name).absolute() for name in profile.env_files}
    named = () if found.file is None or found.file in own else (found.file,)
    request = Request(env_files=named, override=override, dialect=profile.dialect)
    chosen = {item.key for item in items}
    try:
        return resolve_written(items, chosen, request, config, profile, found.settings)
    except EnvguardError as error:
        # A program that does not catch it shows the arguments alone.
        error.args = (f"{error.what} ({error.hint})",)
        raise


def _nearest(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if _is_readable(place / _FILE_NAME):
            return place / _FILE_NAME
    return None


def _is_readable(file: Path) -> bool:
    """Whether it is a file or a pipe."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISFIFO(mode)


def _text(file: Path, encoding: str | None) -> str:
    try:
        return file.read_bytes().decode(encoding or "utf-8")
    except OSError as error:
        raise UsageError(
            f"{printable(str(file))} cannot be read: {error.strerror}", "check the file"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(
            f"{printable(str(file))} is not {encoding or 'utf-8'}", "name its encoding"
        ) from None


def _calling_folder() -> Path:
    """Where python-dotenv looks first: the folder of the file whose code calls us; the current
    one in an interactive session, under a debugger, and in a frozen program."""
    interactive = hasattr(sys, "ps1") or not hasattr(sys.modules.get("__main__"), "__file__")
    if interactive or sys.gettrace() is not None or getattr(sys, "frozen", False):
        return Path.cwd()
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        name = frame.f_code.co_filename
        if name != __file__ and Path(name).exists():
            return Path(name).absolute().parent
        frame = frame.f_back
    return Path.cwd()


def _log(message: str) -> None:
    import logging  # noqa: PLC0415 - most calls have nothing to say

    logging.getLogger("envguard").warning(message)
