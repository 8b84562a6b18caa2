"""Our entry in a repository's `.pre-commit-config.yaml`.

The file is edited as text, so that its comments and its form stay. Only the plain form, one
top-level `repos:` with a block list, is edited; for any other the caller shows SNIPPET.
Format: https://pre-commit.com/#pre-commit-configyaml---top-level
"""

from __future__ import annotations

import re
from pathlib import Path

from envguard.core.files import write_atomically

FILE_NAME = ".pre-commit-config.yaml"

SNIPPET = """\
- repo: local
  hooks:
    - id: envguard
      name: envguard
      entry: envguard hook run
      language: system
      pass_filenames: false
      always_run: true
      stages: [pre-commit, pre-push, manual]
"""
"""The entry, to stand under `repos:`."""

# An entry of ours, whether local or from our repository's .pre-commit-hooks.yaml.
_PRESENT = re.compile(
    r"""^(?![ ]*\#) .* (?:
        \b id: [ ]* ['"]? envguard ['"]? [ ]* (?: $ | [,}#] )
      | \b entry: .* \b envguard [ ] hook [ ] run \b (?![ ]+--env)
    )""",
    re.MULTILINE | re.VERBOSE,
)
_REPOS = re.compile(r"repos:[ ]*(?:#.*)?")
_ITEM = re.compile(r"([ ]*)-[ ]+[^ #]")
_TOP_LEVEL = re.compile(r"[A-Za-z_][\w-]*:|\.\.\.$")
# Tabs, line ends that only YAML knows, directives, a flow mapping, scalars that keep blank lines.
_UNUSUAL = re.compile(r"[\t\v\f\x1c-\x1e\x85\u2028\u2029]|\r(?!\n)|^[%{\[]|[|>]\d?\+", re.MULTILINE)


def add(content: bytes) -> bytes | None:
    """`content` with our entry at the end of `repos:`; itself where the entry is there.

    None where the file is not in the plain form, so that adding text could change its meaning.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if is_there(content):
        return content
    lines = text.splitlines(keepends=True)
    place = None if _UNUSUAL.search(text) else _end_of_repos(lines)
    if place is None:
        return None
    last, indent = place
    end = "\r\n" if "\r\n" in text else "\n"
    if not lines[last].endswith("\n"):
        lines[last] += end
    lines[last + 1 : last + 1] = [f"{indent}{row}{end}" for row in SNIPPET.splitlines()]
    return "".join(lines).encode()


def is_there(content: bytes) -> bool:
    """Whether the file names our hook."""
    return _PRESENT.search(content.decode("utf-8", "replace").replace("\r\n", "\n")) is not None


def write(path: Path) -> bool | None:
    """Adds our entry to a file; False where it was there, None where SNIPPET must be shown."""
    content = path.read_bytes()
    added = add(content)
    if added is None:
        return None
    if added == content:
        return False
    write_atomically(path, added)
    return True


def _end_of_repos(lines: list[str]) -> tuple[int, str] | None:
    """The index of the last line of the last item under `repos:`, and the items' indentation."""
    starts = [number for number, line in enumerate(lines) if line.startswith("repos:")]
    if len(starts) != 1 or not _REPOS.fullmatch(lines[starts[0]].rstrip()):
        return None
    last: int | None = None
    indent = ""
    for number, line in enumerate(lines[starts[0] + 1 :], starts[0] + 1):
        bare = line.strip()
        depth = len(line) - len(line.lstrip(" "))
        if not bare or (bare.startswith("#") and (last is None or depth <= len(indent))):
            continue
        if last is None:
            item = _ITEM.match(line)
            if item is None:
                return None
            indent = item[1]
        elif depth < len(indent) or (depth == len(indent) and not bare.startswith("- ")):
            # The list ends only where the next key of the file begins.
            if not _TOP_LEVEL.match(line):
                return None
            break
        last = number
    return None if last is None else (last, indent)
