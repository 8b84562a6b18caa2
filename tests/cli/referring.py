"""A project that a hundred references are in."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.cli.program import call

KEYS = [f"KEY_{number}" for number in range(100)]


def referring(folder: Path, url: str, keys: Iterable[str]) -> None:
    """Fills a folder with a trusted project whose keys are references to the backend of a URL."""
    (folder / "envguard.toml").write_text(
        f'[project]\nname = "shop"\nid = "shop-1"\n[profiles.dev]\nbackend = "{url}"\n'
    )
    (folder / ".env").write_text("".join(f"{key}=secret:{key}\n" for key in keys))
    assert call("trust", "--yes", cwd=folder).code == 0
