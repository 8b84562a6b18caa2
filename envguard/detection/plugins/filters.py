"""What detect-secrets passes by although a plugin finds it: its filters.

https://github.com/Yelp/detect-secrets/blob/master/docs/filters.md
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Options = Mapping[str, Any]
"""A filter as a baseline says it: its `path`, and what it needs."""

FILTERS = "detect_secrets.filters."
DEFAULT_FILTERS = tuple(
    FILTERS + name
    for name in (
        "heuristic.is_sequential_string",
        "heuristic.is_potential_uuid",
        "heuristic.is_likely_id_string",
        "heuristic.is_templated_secret",
        "heuristic.is_prefixed_with_dollar_sign",
        "heuristic.is_indirect_reference",
        "heuristic.is_lock_file",
        "heuristic.is_not_alphanumeric_string",
        "heuristic.is_swagger_file",
        "heuristic.is_non_text_file",
    )
)
"""What detect-secrets itself passes by, unless it is told otherwise; markers are ours."""


class Filters:
    """The filters of detect-secrets that pass secrets and files by. `chosen` are entries as in
    `filters_used` of a baseline; those that are not known here are left to `unknown`."""

    def __init__(self, chosen: Iterable[Options]) -> None:
        from detect_secrets.filters import heuristic  # noqa: PLC0415 - an extra
        from detect_secrets.util.inject import get_injectable_variables  # noqa: PLC0415

        self._of_secrets: list[tuple[Callable[..., bool], list[str]]] = []
        self._of_files: list[Callable[..., bool]] = []
        self._excluded: dict[str, list[re.Pattern[str]]] = {"line": [], "file": [], "secret": []}
        for entry in chosen:
            module, _, name = entry["path"].removeprefix(FILTERS).partition(".")
            if module == "heuristic":
                function = getattr(heuristic, name)
                names = list(get_injectable_variables(function))
                if names == ["filename"]:
                    self._of_files.append(function)
                else:
                    self._of_secrets.append((function, names))
            elif module == "regex":
                patterns = entry["pattern"]
                patterns = [patterns] if isinstance(patterns, str) else patterns
                target = name.removeprefix("should_exclude_")
                self._excluded[target] += [re.compile(pattern) for pattern in patterns]

    @staticmethod
    def unknown(chosen: Iterable[Options]) -> list[str]:
        """The paths of entries that cannot be honoured."""
        silent = ("allowlist.is_line_allowlisted", "common.is_baseline_file",
                  "common.is_invalid_file")  # fmt: skip
        known = {*DEFAULT_FILTERS, *(FILTERS + name for name in silent)}
        known |= {
            f"{FILTERS}regex.should_exclude_{target}" for target in ("line", "file", "secret")
        }
        paths = (str(entry.get("path")) for entry in chosen)
        return [path for path in paths if path not in known]

    def passes(self, plugin: Any, secret: str, line: str) -> bool:
        """Whether a secret in a line is passed by."""
        values = {"plugin": plugin, "secret": secret, "line": line}
        return (
            any(pattern.search(line) for pattern in self._excluded["line"])
            or any(pattern.search(secret) for pattern in self._excluded["secret"])
            or any(
                function(**{name: values[name] for name in names})
                for function, names in self._of_secrets
            )
        )

    def passes_file(self, path: str) -> bool:
        """Whether a file is passed by."""
        return any(pattern.search(path) for pattern in self._excluded["file"]) or any(
            function(path) for function in self._of_files
        )
