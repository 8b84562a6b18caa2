"""The door to detect-secrets: its plugins, and those of the user's own.

https://github.com/Yelp/detect-secrets/blob/master/docs/plugins.md
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

from envguard.core.errors import ConfigError

Options = Mapping[str, Any]
"""What a plugin is made with, as a baseline says it."""

_PLUGINS = "detect_secrets.plugins."
_MODULE = "envguard_plugins"
# A plugin that ends the program would pass for a scan that found nothing.
_ANY = (Exception, SystemExit)
# One file name for each way in which the detector of keywords reads a file.
FILE_KINDS = ("x.py", "x.yaml", "x.go", "x.cs", "x.cpp")


def version() -> str:
    """The version of detect-secrets. Raises ConfigError where it is not installed."""
    try:
        from detect_secrets.__version__ import VERSION  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            "detect-secrets is not installed, and the rules name its plugins",
            "pip install 'envguard-cli[detect-secrets]'",
        ) from None
    return str(VERSION)


def classes() -> dict[str, type[Any]]:
    """The plugins that come with detect-secrets, by name."""
    version()
    from detect_secrets.core.plugins.util import (  # noqa: PLC0415 - an extra
        get_mapping_from_secret_type_to_class,
    )

    found: Any = get_mapping_from_secret_type_to_class().values()
    return {kind.__name__: kind for kind in found if kind.__module__.startswith(_PLUGINS)}


def classes_in(source: str, path: str) -> dict[str, type[Any]]:
    """The plugins in a file of the user's own, by name; runs it. Raises ConfigError."""
    version()
    from detect_secrets.core.plugins.util import get_plugins_from_module  # noqa: PLC0415 - an extra

    module = ModuleType(_MODULE)
    module.__file__ = path
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - what the user asked for
    except _ANY as error:  # whatever the user's code raises
        raise ConfigError(
            f"the plugins in {path} cannot be loaded: {_told(error, path)}", "correct that file"
        ) from None
    plugins: Iterable[type[Any]] = get_plugins_from_module(module)
    found = {
        kind.__name__: kind
        for kind in plugins
        if kind.__module__ == _MODULE  # not what it imports
    }
    if not found:
        raise ConfigError(
            f"{path} holds no plugin",
            "write a class of detect_secrets.plugins.base.RegexBasedDetector there",
        )
    return found


def made(kind: type[Any], options: Options, place: str) -> Any:
    """A plugin with its options. It will never ask anybody whether a secret is real.

    Raises ConfigError where it does not take these options.
    """
    try:
        plugin = kind(**options)
    except _ANY as error:  # whatever the plugin raises
        raise ConfigError(
            f"{place}: the plugin {kind.__name__} cannot be made: {_told(error)}",
            "correct its options",
        ) from None
    plugin.verify = _Unverified()
    return plugin


class _Unverified:
    """Stands in the place of a plugin's `verify`, which would ask over the network."""

    injectable_variables: frozenset[str] = frozenset()
    """What detect-secrets gives it: nothing."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        from detect_secrets.constants import VerifiedResult  # noqa: PLC0415 - an extra

        return VerifiedResult.UNVERIFIED


def expressions(plugin: Any) -> list[re.Pattern[str]] | None:
    """Expressions one of which matches in each line in which the plugin finds something; None
    where nobody can say."""
    from detect_secrets.plugins import high_entropy_strings, keyword  # noqa: PLC0415 - an extra
    from detect_secrets.plugins.base import RegexBasedDetector  # noqa: PLC0415

    kind = type(plugin)
    trusted = _is_builtin(kind) or not _overrides(kind)
    if isinstance(plugin, keyword.KeywordDetector) and trusted:
        return list({p for group in keyword.REGEX_BY_FILETYPE.values() for p in group})
    if isinstance(plugin, high_entropy_strings.HighEntropyStringsPlugin) and trusted:
        # The entropy of n characters is log2(n) bits at most.
        least = int(2**plugin.entropy_limit) + 1 if _is_builtin(kind) else 1
        return [re.compile(rf"""["'][{re.escape(plugin.charset)}]{{{least}}}""")]
    if isinstance(plugin, RegexBasedDetector) and trusted:
        return list(plugin.denylist)
    return None


def _is_builtin(kind: type[Any]) -> bool:
    return kind.__module__.startswith(_PLUGINS)


def _overrides(kind: type[Any]) -> bool:
    """Whether a class of the user's own decides by itself what it finds."""
    own = [base for base in kind.__mro__ if not _is_builtin(base) and base is not object]
    return any(name in base.__dict__ for base in own for name in ("analyze_line", "analyze_string"))


def reads_names(plugin: Any) -> bool:
    """Whether what a plugin finds may depend on the name of the file."""
    from detect_secrets.plugins.base import BasePlugin  # noqa: PLC0415 - an extra
    from detect_secrets.plugins.high_entropy_strings import (  # noqa: PLC0415
        HighEntropyStringsPlugin,
    )

    plain = (BasePlugin.analyze_line, HighEntropyStringsPlugin.analyze_line)
    return type(plugin).analyze_line not in plain


def file_kind(path: str) -> int:
    """Which of FILE_KINDS a file is like."""
    from detect_secrets.plugins import keyword  # noqa: PLC0415 - an extra
    from detect_secrets.util.filetype import determine_file_type  # noqa: PLC0415

    default = keyword.QUOTES_REQUIRED_DENYLIST_REGEX_TO_GROUP

    def way(name: str) -> Any:
        return keyword.REGEX_BY_FILETYPE.get(determine_file_type(name), default)

    ways = [way(name) for name in FILE_KINDS]
    return next((n for n, known in enumerate(ways) if known is way(path)), 0)


def analyzed(plugin: Any, line: str, name: str, place: str) -> list[str]:
    """The secrets that a plugin finds in a line of a file of that name. Raises ConfigError."""
    from detect_secrets.util.code_snippet import get_code_snippet  # noqa: PLC0415 - an extra
    from detect_secrets.util.inject import call_function_with_arguments  # noqa: PLC0415

    try:
        found = call_function_with_arguments(
            plugin.analyze_line,
            filename=name,
            line=line,
            line_number=1,
            context=get_code_snippet([line], 1),
        )
        return sorted({s.secret_value or _whole(plugin, line) for s in found or ()} - {""})
    except _ANY as error:  # whatever the plugin raises
        raise ConfigError(
            f"{place}: the plugin {type(plugin).__name__} failed: {_told(error)}",
            "correct it, or leave it out",
        ) from None


def line_forms(path: str) -> list[list[str]]:
    """The lines of a file in each form in which plugins are given them: as they are, and with the
    quotes that YAML and INI files can do without."""
    from detect_secrets.transformers import get_transformed_file  # noqa: PLC0415 - an extra

    found: list[list[str]] = []
    for eager in (False, True):
        try:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123 - it asks for its name
                named: Any = file
                lines = get_transformed_file(named, use_eager_transformers=eager)
                found += [lines] if lines else []
        except (OSError, ValueError):
            continue
    return found


def _whole(plugin: Any, line: str) -> str:
    """What stands in the place of a secret that is an optional group, and empty: the match."""
    matches = (pattern.search(line) for pattern in getattr(plugin, "denylist", ()))
    return next((match[0] for match in matches if match is not None), "")


def _told(error: BaseException, path: str = "") -> str:
    """An error by its class and line: what it says may hold a value."""
    line: int | None = error.lineno if isinstance(error, SyntaxError) else None
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    for frame in frames:
        if frame.filename == path:
            line = frame.lineno
    return f"{type(error).__name__}{f' in line {line}' if line else ''}"
