"""The configuration as a commit has it: no commit of a range can excuse itself."""

from __future__ import annotations

import os
from pathlib import Path

from envguard.core.config import FILE_NAME, PYPROJECT, Config, find, parse
from envguard.sources.git import Git


def config_at(git: Git, commit: str, config: Config, folder: Path) -> Config:
    """What would be the configuration for `folder`, were `commit` checked out.

    `config` is the one of the work tree; one that is not of this repository is the user's own,
    and stays. Raises ConfigError.
    """
    named = config.file if config.file != find(folder) else None
    if named is not None and name_in(git, named) is not None:
        text = text_at(git, commit, named)
        return parse(text, named) if text is not None else Config(root=config.root)
    real = Path(os.path.realpath(folder))
    if named is not None or not real.is_relative_to(git.top):
        return config
    for above in (real, *real.parents):
        for file in (above / FILE_NAME, above / PYPROJECT):
            text = text_at(git, commit, file)
            if text is not None and (file.name == FILE_NAME or "[tool.envguard" in text):
                return parse(text, file)
        if above == git.top:
            break
    return Config(root=folder)


def text_at(git: Git, commit: str, file: Path) -> str | None:
    """The text that a file of the work tree has in a commit; None where it is none there."""
    name = name_in(git, file)
    return git.text_at(commit, name) if name is not None else None


def name_in(git: Git, file: Path) -> str | None:
    """A path from the top of the repository; None for one outside its work tree."""
    # As written first: the work tree could have replaced a folder on the way by a link.
    written = Path(os.path.abspath(file))  # noqa: PTH100 - follows no links
    for path in (written, Path(os.path.realpath(file.parent), file.name)):
        if path.is_relative_to(git.top):
            return path.relative_to(git.top).as_posix()
    return None
