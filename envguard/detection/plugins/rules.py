"""From plugins of detect-secrets to rules: one for each plugin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from envguard.core.errors import ConfigError
from envguard.core.rule import Confidence, Rule, Severity
from envguard.core.text import printable
from envguard.detection.builtin import RuleFile
from envguard.detection.derived import derive
from envguard.detection.foreign import PLUGIN, Spec
from envguard.detection.plugins import library
from envguard.detection.plugins.files import baseline
from envguard.detection.plugins.filters import DEFAULT_FILTERS, FILTERS, Filters
from envguard.detection.rule_files import ALL, is_program

# At the end of each line that is not empty, for plugins of which nothing is known.
_EVERY_LINE = r"[^\r\n](?:[\r\n]|\z)"
_NO_NAME = re.compile(r"[^a-z0-9]+")

Found = tuple[Rule, Spec, Sequence[str]]
"""A rule, what it decides with, and the anchors to fall back on."""


def to_rules(file: RuleFile) -> tuple[list[Found], list[str]]:
    """The rules for the plugins that a file names or holds, and notes on what is not used.

    Raises ConfigError where detect-secrets is missing, or a plugin cannot be loaded.
    """
    path, content = file
    notes: list[str] = []
    if is_program(path):
        chosen = list(_own(path, content))
        filters = _default_filters()
    elif file == ALL:
        chosen = [(kind, {}, None) for kind in library.classes().values()]
        filters = _default_filters()
    else:
        data = baseline(content) or {}
        chosen = list(_of_baseline(data["plugins_used"], path, notes))
        filters = _filters_of(data, path, notes)
    found: list[Found] = []
    for kind, options, source in chosen:
        found.append(_rule(kind, options, source, filters, path, notes))
    return found, [printable(note) for note in notes]


_Chosen = tuple[type[Any], Mapping[str, Any], str | None]
"""A plugin's class, its options, and the source of the file that holds it, for one of the user's
own."""


def _own(path: Path, content: bytes) -> Iterator[_Chosen]:
    try:
        source = content.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8", "save it as UTF-8") from None
    for kind in library.classes_in(source, str(path)).values():
        yield kind, {}, source


def _of_baseline(entries: Iterable[Any], path: Path, notes: list[str]) -> Iterator[_Chosen]:
    known = library.classes()
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            raise ConfigError(f"{path} has an entry in plugins_used without a name", "correct it")
        if "path" in entry:
            own = str(entry["path"]).removeprefix("file://")
            notes.append(
                f"{path} names a plugin of its own, {name}, which is not loaded"
                f" (to load it: --rules {own})"
            )
        elif name not in known:
            notes.append(f"{path} names a plugin that detect-secrets does not have: {name}")
        else:
            options = {key: value for key, value in entry.items() if key != "name"}
            yield known[name], _usable(options), None


def _usable(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options without those that say nothing."""
    return {key: value for key, value in options.items() if value not in ("", None)}


def _default_filters() -> list[dict[str, Any]]:
    return [{"path": path} for path in DEFAULT_FILTERS]


def _filters_of(data: Mapping[str, Any], path: Path, notes: list[str]) -> list[Any]:
    used = data.get("filters_used")
    if not isinstance(used, list):
        return _default_filters()
    entries = [entry for entry in used if isinstance(entry, dict)]
    unknown = Filters.unknown(entries)
    notes += [f"{path} names a filter that is not used here: {name}" for name in unknown]
    known = [entry for entry in entries if str(entry.get("path")) not in unknown]
    # This one is always there, and stands in no baseline.
    return [*known, {"path": f"{FILTERS}heuristic.is_non_text_file"}]


def _rule(
    kind: type[Any],
    options: Mapping[str, Any],
    source: str | None,
    filters: Sequence[Any],
    path: Path,
    notes: list[str],
) -> Found:
    plugin = library.made(kind, options, str(path))
    anchor = _anchor(plugin)
    if anchor is None:
        notes.append(f"the plugin {kind.__name__} looks at every line, which takes its time")
    try:
        Filters(filters)
    except (re.error, KeyError, TypeError, AttributeError):
        raise ConfigError(f"{path} has a wrong filter in filters_used", "correct it") from None
    title = str(plugin.secret_type)
    rule = Rule(
        id=f"detect-secrets/{_NO_NAME.sub('-', title.lower()).strip('-')}",
        title=printable(title),
        severity=Severity.HIGH if _says_what(plugin) else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        pattern="",
        anchor=anchor or _EVERY_LINE,
        source=str(path),
        revoke="",
        proof=None,
        span=0,
        weighed=False,
        examples=(),
        non_examples=(),
    )
    spec = {
        "tool": PLUGIN,
        "class": kind.__name__,
        "options": dict(options),
        "source": source,
        "path": str(path),
        "filters": list(filters),
        "names": library.reads_names(plugin),
    }
    json.dumps(spec)  # options come from JSON, or are none
    return rule, spec, (_EVERY_LINE,)


def _anchor(plugin: Any) -> str | None:
    """What stands in each line in which the plugin finds something; None where nobody can say."""
    patterns = library.expressions(plugin)
    if patterns is None:
        return None
    try:
        found = [derive(pattern.pattern, pattern.flags).expressions[0] for pattern in patterns]
    except (ValueError, AttributeError, TypeError):
        return None
    return "|".join(f"(?:{text})" for text in dict.fromkeys(found)) or None


def _says_what(plugin: Any) -> bool:
    """Whether a plugin knows what it finds, and not only that it looks like a secret."""
    return hasattr(plugin, "denylist")
