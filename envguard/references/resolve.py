"""From references to values: each backend asked once, all problems in one error.

What a backend, a variable or a file gives is a value and is never read as a reference again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.core.backend import Backend, UnreadableError
from envguard.core.errors import ConfigError, EnvguardError, NotFoundError
from envguard.core.reference import Reference
from envguard.core.secret import Secret

FILE_LIMIT = 64 * 1024
"""The longest text that `file:` reads, in bytes."""

_OWN_PREFIX = "ENVGUARD_"


class Wanted(NamedTuple):
    """A reference, the key that it gives a value to, and the folder that `file:` is relative to."""

    key: str
    reference: Reference
    folder: Path


class Resolved(NamedTuple):
    """The values of what was wanted, and why the others have none."""

    values: Mapping[Wanted, Secret]
    problems: Sequence[EnvguardError]


def resolve(
    wanted: Sequence[Wanted], backends: Mapping[str, Backend], environ: Mapping[str, str]
) -> list[Secret]:
    """The values, in the order of `wanted`. `backends` holds one for each scheme that occurs.

    Raises NotFoundError or ConfigError naming every key that has no value, BackendError where
    a backend fails.
    """
    found = gather(wanted, backends, environ)
    if found.problems:
        raise joined(found.problems)
    return [found.values[want] for want in wanted]


def gather(
    wanted: Sequence[Wanted], backends: Mapping[str, Backend], environ: Mapping[str, str]
) -> Resolved:
    """The values and the problems; each backend is asked once, several at the same time."""
    values: dict[Wanted, Secret] = {}
    problems: list[EnvguardError] = []
    asked: dict[str, list[Wanted]] = {}
    for want in wanted:
        asked.setdefault(want.reference.backend, []).append(want)
    answers = _ask({s: w for s, w in asked.items() if s not in _LOCAL}, backends)
    for scheme, wants in asked.items():
        answer = answers.get(scheme, {})
        if isinstance(answer, EnvguardError):
            problems.append(answer)
            continue
        for want in wants:
            try:
                values[want] = (
                    _LOCAL[scheme](want, environ) if scheme in _LOCAL else _held(want, answer)
                )
            except EnvguardError as error:
                problems.append(error)
    return Resolved(values, problems)


def joined(problems: Sequence[EnvguardError]) -> EnvguardError:
    """One error for all of them: the first one's class and hint, every key named."""
    if len(problems) == 1:
        return problems[0]
    what = "; ".join(problem.what for problem in problems)
    return type(problems[0])(what, problems[0].hint)


_Answer = Mapping[Reference, Secret | EnvguardError] | EnvguardError
"""Of each reference its value, or why it has none; or why nobody has one."""


def _ask(
    asked: Mapping[str, Sequence[Wanted]], backends: Mapping[str, Backend]
) -> Mapping[str, _Answer]:
    """What each backend answers. More than one are asked at the same time."""
    answers: dict[str, _Answer] = {}
    failures: list[BaseException] = []

    def ask(scheme: str) -> None:
        try:
            references = list(dict.fromkeys(want.reference for want in asked[scheme]))
            answers[scheme] = backends[scheme].read(references)
        except UnreadableError as error:
            answers[scheme] = {**error.values, **error.problems}
        except EnvguardError as error:
            answers[scheme] = error
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            failures.append(error)

    if len(asked) > 1:
        from threading import Thread  # noqa: PLC0415 - most calls have one backend

        threads = [Thread(target=ask, args=(scheme,), daemon=True) for scheme in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    else:
        for scheme in asked:
            ask(scheme)
    if failures:
        raise failures[0]
    return answers


def _held(want: Wanted, answer: Mapping[Reference, Secret | EnvguardError]) -> Secret:
    found = answer.get(want.reference)
    if isinstance(found, Secret):
        return found
    if found is not None:
        raise type(found)(f"{want.key}: {found.what}", found.hint)
    raise NotFoundError(
        f"{want.key}: there is no {want.reference}",
        f"set it: envguard secrets set {want.reference.name}",
    )


def _literal(want: Wanted, _environ: Mapping[str, str]) -> Secret:
    return Secret(want.reference.name)


def _variable(want: Wanted, environ: Mapping[str, str]) -> Secret:
    name = want.reference.name
    if name.upper().startswith(_OWN_PREFIX):  # Windows knows no case
        raise ConfigError(
            f"{want.key}: env:{name} would hand out envguard's own settings",
            f"remove it, or write literal:env:{name} if the text is meant",
        )
    if name not in environ:
        raise NotFoundError(
            f"{want.key}: there is no variable {name} in the environment",
            f"export {name}, or write literal:env:{name} if the text is meant",
        )
    return Secret(environ[name])


def _file(want: Wanted, _environ: Mapping[str, str]) -> Secret:
    name = want.reference.name
    hint = f"check the path, or write literal:file:{name} if the text is meant"
    path = want.folder / name
    try:
        if not path.is_file():
            raise NotFoundError(f"{want.key}: there is no file {path}", hint)
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise ConfigError(f"{want.key}: {path} cannot be read: {error.strerror}", hint) from None
    if len(content) > FILE_LIMIT:
        raise ConfigError(f"{want.key}: {path} is longer than {FILE_LIMIT} bytes", hint)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{want.key}: {path} is not UTF-8 text", hint) from None
    return Secret(text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n"))


_LOCAL = {"literal": _literal, "env": _variable, "file": _file}
