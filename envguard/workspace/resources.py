"""The texts that travel with the package: `templates/` and `hooks/`."""

from __future__ import annotations

from pathlib import Path


def read(folder: str, name: str) -> str:
    """The text of `folder/name`, from the installed package or, in a checkout, from beside it."""
    package = Path(__file__).parents[1]
    found = package / folder / name
    if not found.is_file():
        found = package.parent / folder / name
    return found.read_text(encoding="utf-8")
