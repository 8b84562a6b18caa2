"""run: .env files and profile give values, references are resolved, the child is started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from envguard.backends.registry import open_backend
from envguard.core.config import Config, Profile, Settings
from envguard.core.errors import ConfigError, UsageError
from envguard.core.reference import LOCAL_SCHEMES, PROFILE_BACKEND, Reference, parse_reference
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile import document
from envguard.envfile.interpolate import expand, variables
from envguard.launch.environment import child_environment
from envguard.references.resolve import Wanted, resolve
from envguard.workspace import trust


class Request(NamedTuple):
    """What to start and with what. `env_files` empty: the profile's; `only` and `exclude` are
    keys; `trusted` resolves without asking what is trusted (CI)."""

    command: tuple[str, ...]
    folder: Path
    env_files: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    override: bool = True
    clean: bool = False
    trusted: bool = False


class Launch(NamedTuple):
    """A command and the environment that it gets; carries plaintext, so it is started, not kept."""

    command: tuple[str, ...]
    environ: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Launch({len(self.environ)} variables)"


class _Pair(NamedTuple):
    key: str
    value: str | None
    folder: Path


def run(request: Request, config: Config, profile: Profile, settings: Settings) -> Launch:
    """The command with its whole environment; nothing is started here.

    Raises what the class of the problem is: UsageError, ConfigError, TrustError, BackendError,
    NotFoundError; always before anything has run.
    """
    pairs = [*_from_files(request, profile, config), *_from_profile(profile, config)]
    chosen = _chosen(request, pairs)
    pairs = _needed(pairs, chosen)
    references = {
        i: ref for i, pair in enumerate(pairs) if (ref := _reference(pair, config, profile))
    }
    if not request.trusted:
        _check_trust(request, config, profile, settings, pairs, references)
    _check_files(settings, pairs, references)
    wanted = [Wanted(pairs[i].key, ref, pairs[i].folder) for i, ref in references.items()]
    backends = {
        scheme: open_backend(
            profile.backend if scheme == PROFILE_BACKEND else scheme, config, settings
        )
        for scheme in {ref.backend for ref in references.values()} - set(LOCAL_SCHEMES)
    }
    resolved = dict(zip(references, resolve(wanted, backends, settings.environ), strict=True))
    values = expand(
        (
            (pair.key, resolved[i].reveal(), True)
            if i in resolved
            else (pair.key, pair.value, False)
            for i, pair in enumerate(pairs)
        ),
        # What the child must not get, no value may be built from.
        child_environment(settings.environ),
        override=request.override or request.clean,
    )
    return Launch(
        request.command,
        child_environment(
            {} if request.clean else settings.environ,
            {k: Secret(v) for k, v in values.items() if v is not None and k in chosen},
            override=request.override,
        ),
    )


def _from_files(request: Request, profile: Profile, config: Config) -> list[_Pair]:
    files = request.env_files or tuple(config.root / name for name in profile.env_files)
    present = [file for file in files if request.env_files or file.exists()]
    if not present and not profile.env:
        raise UsageError(
            f"there is no {', '.join(str(file) for file in files)}",
            "create it (cp .env.example .env), or name one: envguard run --env-file FILE -- …",
        )
    pairs: list[_Pair] = []
    for file in present:
        parsed = document.read(file)
        parsed.require_clean()
        pairs += [
            _Pair(entry.key, None if entry.value is None else entry.value.reveal(), file.parent)
            for entry in parsed.entries
        ]
    return pairs


def _from_profile(profile: Profile, config: Config) -> list[_Pair]:
    return [_Pair(key, value, config.root) for key, value in profile.env.items()]


def _chosen(request: Request, pairs: Sequence[_Pair]) -> set[str]:
    """The keys that the child gets."""
    keys = {pair.key for pair in pairs}
    for name in (*request.only, *request.exclude):
        if name not in keys:
            raise UsageError(
                f"there is no key {printable(name)} to choose", "check --only and --exclude"
            )
    return (set(request.only) or keys) - set(request.exclude)


def _needed(pairs: Sequence[_Pair], chosen: set[str]) -> list[_Pair]:
    """The pairs of the chosen keys, and of those that their values are built from."""
    needed, open_keys = set(chosen), set(chosen)
    while open_keys:
        used = {n for p in pairs if p.key in open_keys for n in variables(p.value or "")}
        open_keys = used - needed
        needed |= used
    return [pair for pair in pairs if pair.key in needed]


def _reference(pair: _Pair, config: Config, profile: Profile) -> Reference | None:
    reference = parse_reference(pair.value or "", config.backends)
    if reference is None or profile.references is None or reference.backend == "literal":
        return reference
    return reference if reference.backend in profile.references else None


def _check_trust(
    request: Request,
    config: Config,
    profile: Profile,
    settings: Settings,
    pairs: Sequence[_Pair],
    references: Mapping[int, Reference],
) -> None:
    used = {i: ref for i, ref in references.items() if ref.backend != "literal"}
    named = [config.root / name for name in profile.env_files]
    # A configuration in the tree may name a .env of somebody else.
    if not used and (request.env_files or config.file is None or _inside(named, config.root)):
        return
    targets = [pairs[i].folder / ref.name for i, ref in used.items() if ref.backend == "file"]
    if not request.env_files:
        targets += named
    trust.require(settings.folders, config, profile, targets, request.env_files)


def _check_files(
    settings: Settings, pairs: Sequence[_Pair], references: Mapping[int, Reference]
) -> None:
    """Refuses `file:` references to envguard's own keys and stores, trusted or not."""
    own = [settings.folders.config.resolve(), settings.folders.data.resolve()]
    for i, reference in references.items():
        if reference.backend != "file":
            continue
        target = (pairs[i].folder / reference.name).resolve()
        if any(target.is_relative_to(folder) for folder in own):
            raise ConfigError(
                f"{printable(pairs[i].key)}: {printable(str(reference))} would hand out"
                " envguard's own files",
                "remove it, or write literal:file:… if the text is meant",
            )


def _inside(files: Iterable[Path], folder: Path) -> bool:
    top = folder.resolve()
    return all(file.resolve().is_relative_to(top) for file in files)
