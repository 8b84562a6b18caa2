"""What `trust` shows and records is what `run` will ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.errors import BackendError, TrustError, UsageError
from envguard.jobs import trust
from tests.jobs.project import Project


@pytest.fixture
def cloned(project: Project) -> Project:
    """A project whose configuration came with a clone."""
    (project.root / "envguard.toml").write_text(
        '[project]\nid = "theirs"\n'
        '[backends.team]\nurl = "local:///team.db"\n'
        "[profiles.dev.env]\n"
        'KEY = "file:/etc/hostname"\n'
    )
    project.env.write_text("A=file:../a\nB=file:inside\nC=secret:C\nD=file:\n")
    return project


def asked(project: Project, *env_files: Path) -> trust.Asked:
    return trust.claim(project.config, project.profile, project.settings.folders, env_files)


def test_everything_that_a_folder_asks_for_is_shown(cloned: Project) -> None:
    found = asked(cloned)
    assert (found.folder, found.namespace) == (str(cloned.root), "theirs")
    assert found.backends == {"team": "local:///team.db", "secret": "local:"}
    assert found.files == tuple(sorted([str(cloned.root.parent / "a"), "/etc/hostname"]))
    assert found.owner is None


def test_named_files_are_looked_into_instead_of_the_profiles(cloned: Project) -> None:
    named = cloned.root.parent / "shared.env"
    named.write_text("A=file:b\n")
    files = asked(cloned, named).files
    outside = cloned.root.parent
    assert files == tuple(sorted([str(outside / "b"), str(named), "/etc/hostname"]))
    with pytest.raises(UsageError, match="cannot be read"):
        asked(cloned, cloned.root / "none")


def test_a_namespace_of_another_folder_is_shown_as_such(cloned: Project, tmp_path: Path) -> None:
    trust.record(cloned.config, cloned.profile, cloned.settings.folders)
    copy = Project(tmp_path / "copy")
    (copy.root / "envguard.toml").write_text('[project]\nid = "theirs"\n')
    assert asked(copy).owner == str(cloned.root)
    assert asked(cloned).owner is None


def test_what_was_recorded_runs_until_it_is_taken_back(cloned: Project) -> None:
    cloned.env.write_text("A=env:PATH\n")
    (cloned.root / "envguard.toml").write_text('[project]\nid = "theirs"\n')
    with pytest.raises(TrustError):
        cloned.given()
    trust.record(cloned.config, cloned.profile, cloned.settings.folders)
    assert cloned.given() == {"A": cloned.environ["PATH"]}
    assert trust.forget(cloned.root, cloned.settings.folders)
    assert not trust.forget(cloned.root, cloned.settings.folders)
    with pytest.raises(TrustError):
        cloned.given()


def test_a_reference_that_can_be_no_path_is_an_error(cloned: Project) -> None:
    cloned.env.write_text("A='file:a\0b'\n")
    with pytest.raises(UsageError, match="cannot be the path of a file"):
        asked(cloned)


def test_the_recipients_of_a_file_for_age_are_shown_and_accepted_as_they_were_shown(
    cloned: Project,
) -> None:
    from envguard.backends.agefile.text import Recipient, new
    from envguard.core.pins import Pins

    file = cloned.root / "team.age"
    config = cloned.root / "envguard.toml"
    config.write_text(config.read_text().replace("local:///team.db", "age:team.age"))
    assert asked(cloned).recipients == ()  # it is not there yet
    made = new((Recipient("age1a", "ada"), Recipient("age1b")))
    file.write_bytes(made.text())
    shown = asked(cloned).recipients
    assert shown == (trust.Readers(str(file), (), ("age1a ada", "age1b"), ()),)
    file.write_bytes(made._replace(recipients=(Recipient("age1a"), Recipient("age1e"))).text())
    pins = Pins(cloned.settings.folders.config)
    trust.record(cloned.config, cloned.profile, cloned.settings.folders, readers=shown)
    assert pins.accepted(file) == {"age1a", "age1b"}
    assert asked(cloned).recipients == (
        trust.Readers(str(file), ("age1a",), ("age1e",), ("age1b",)),
    )
    again = asked(cloned).recipients
    trust.record(cloned.config, cloned.profile, cloned.settings.folders, readers=again)
    assert pins.accepted(file) == {"age1a", "age1e"}
    assert trust.forget(cloned.root, cloned.settings.folders)
    assert pins.accepted(file) is None
    named = trust.claim(
        cloned.config, cloned.profile, cloned.settings.folders, (), backends=["age:./team.age"]
    )
    assert [found.file for found in named.recipients] == [str(file), str(file)]
    file.write_text("something else")
    with pytest.raises(BackendError, match="does not begin"):
        asked(cloned)
