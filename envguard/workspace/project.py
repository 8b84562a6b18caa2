"""How a folder becomes a project: an id of its own in its configuration, trusted from the start."""

from __future__ import annotations

import os
from pathlib import Path

from envguard.core.config import (
    DEFAULT_BACKEND,
    FILE_NAME,
    PYPROJECT,
    Config,
    Folders,
    Profile,
    load,
    parse,
)
from envguard.core.errors import ConfigError
from envguard.core.files import write_atomically
from envguard.workspace import config_file, trust


def begin(config: Config, profile: Profile, name: str, folders: Folders) -> Config:
    """The configuration with a new project id, written to its file (made where there is none).

    The trust in it is recorded before the file is there, so that a crash in between leaves no
    file of ours that we would not trust. Only the id and backends that nobody else can reach
    through it are trusted: other backends came with the tree, and `envguard trust` shows them.
    Raises ConfigError where the file cannot be edited, or has an id by now.
    """
    file = config.file or config.root / FILE_NAME
    project_id = config_file.new_id(name)
    if config.file is None:
        if os.path.lexists(file):
            raise ConfigError(f"{file} is in the way", f"look at it: ls -ld {file}")
        content = config_file.create(name, project_id)
    else:
        if load(config.root, file).project_id:
            raise ConfigError(f"{file} has a project id by now", "run it again")
        content = config_file.set_project(
            file.read_bytes(), name, project_id, table_path=table_path(file)
        )
    made = parse(content.decode("utf-8"), file)
    trust.record_backend(folders, made, profile, DEFAULT_BACKEND)
    write_atomically(file, content, mode=None if file.exists() else 0o644)
    return made


def table_path(file: Path) -> tuple[str, ...]:
    """Where our tables are in a configuration file."""
    return config_file.IN_PYPROJECT if file.name == PYPROJECT else ()
