"""The configuration in which the references of a migration mean what they should."""

from __future__ import annotations

from envguard.core.config import Config, Folders, Profile, parse
from envguard.core.files import write_atomically
from envguard.journal.record import Record, RecordedFile
from envguard.workspace import config_file, project, trust


def point_to(record: Record, config: Config, folders: Folders) -> Config:
    """The configuration, written where it had to be: the target is the backend of the profile of
    each file, or is declared under its alias, and the profile lists the file.

    What is written for that is trusted, and that before it is written: a crash in between leaves
    no configuration of ours that we would not trust.
    """
    made, content = config, b"" if config.file is None else config.file.read_bytes()
    url, before = record.backend, content
    files = [file for file in record.files if file.steps]
    if record.follows:
        files.append(RecordedFile(record.root, record.profile, None, (), (), "", ""))
    for file in files:
        made, content = _pointed(url, file, made, content)
    if config.file is None or content == before:
        return config
    for name in dict.fromkeys(file.profile for file in files):
        trust.record_backend(folders, made, made.profiles.get(name, Profile(name=name)), url)
    write_atomically(config.file, content)
    return made


def _pointed(url: str, file: RecordedFile, config: Config, content: bytes) -> tuple[Config, bytes]:
    if config.file is None:
        return config, content
    tables = project.table_path(config.file)
    profile = config.profiles.get(file.profile)
    if file.alias is not None:
        if config.backends.get(file.alias) != url:
            content = config_file.add_backend(content, file.alias, url, table_path=tables)
    elif config.backend_url((profile or _unwritten(file, config)).backend) != url or (
        profile is None and file.layers
    ):
        name = next((a for a, declared in config.backends.items() if declared == url), url)
        content = config_file.set_profile_backend(content, file.profile, name, table_path=tables)
    if file.layers and (profile is None or not set(file.layers) <= set(profile.env_files)):
        known = () if profile is None else profile.env_files
        layers = tuple(dict.fromkeys((*known, *file.layers)))
        content = config_file.set_profile_env_files(
            content, file.profile, layers, table_path=tables
        )
    return parse(content.decode("utf-8"), config.file), content


def _unwritten(file: RecordedFile, config: Config) -> Profile:
    """A profile that no configuration writes down: the default one is there nevertheless."""
    if file.profile == config.default_profile:
        return Profile(name=file.profile)
    return Profile(name=file.profile, backend="")
