"""Whatever fails, the .env is byte for byte as it was, and the same migration again succeeds."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envguard.core.backend import Backend
from envguard.core.config import Config, Settings
from envguard.core.errors import BackendError, EnvguardError, TrustError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.jobs.migrate.request import Conflict
from tests.conftest import Repository
from tests.jobs.project import Faulty, Project, random_value

ONE, TWO = random_value(1), random_value(2)
TEXT = f"# settings\r\nDEBUG=true\r\nA_KEY='{ONE}' # one\nB_KEY={TWO}\nA_KEY={ONE}"
AFTER = (
    "# settings\r\nDEBUG=true\r\nA_KEY='secret:A_KEY' # one\nB_KEY=secret:B_KEY\nA_KEY=secret:A_KEY"
)


def opened(wrap: Callable[[Backend], Backend]) -> Callable[[str, Config, Settings], Backend]:
    """Opens the real backend, wrapped."""
    from envguard.backends.registry import open_backend

    def open_wrapped(name: str, config: Config, settings: Settings) -> Backend:
        return wrap(open_backend(name, config, settings))

    return open_wrapped


@pytest.fixture
def full(project: Project) -> Project:
    """A project with a .env, not migrated yet."""
    project.env.write_bytes(TEXT.encode())
    project.env.chmod(0o640)
    return project


def assert_it_works_now(project: Project) -> None:
    assert project.env.read_bytes() == TEXT.encode()
    project.migrate()
    assert project.env.read_bytes() == AFTER.encode()
    assert project.env.stat().st_mode & 0o7777 == 0o640
    assert project.given() == {"DEBUG": "true", "A_KEY": ONE, "B_KEY": TWO}


def test_each_call_of_the_backend_may_fail_before_or_after_it_is_done(tmp_path: Path) -> None:
    """Every call in turn: locate, two writes, reads."""
    counted = Project(tmp_path / "counted")
    counted.env.write_bytes(TEXT.encode())
    watched: list[Faulty] = []

    def watch(inner: Backend) -> Backend:
        watched.append(Faulty(inner))
        return watched[0]

    counted.apply(counted.plan(), opened(watch))
    calls = watched[0].calls
    assert calls.count("write") == 2
    assert calls[-1] == "read"
    for number in range(len(calls)):
        for after in (False, True):
            project = Project(tmp_path / f"{number}-{after}")
            project.env.write_bytes(TEXT.encode())
            project.env.chmod(0o640)

            def fail(inner: Backend, number: int = number, after: bool = after) -> Backend:
                return Faulty(inner, number, after=after)

            with pytest.raises(BackendError, match="out of reach"):
                project.apply(project.plan(), opened(fail))
            assert_it_works_now(project)


class Lossy(Faulty):
    """Reads back one value differently, or not at all."""

    def __init__(self, inner: Backend, name: str, instead: str | None) -> None:
        super().__init__(inner)
        self.name = name
        self.instead = instead

    def read(self, refs: Sequence[Reference]) -> Mapping[Reference, Secret]:
        found = dict(self.inner.read(refs))
        for reference in refs:
            there = found.pop(reference, None) if reference.name == self.name else None
            if there is not None and self.instead is not None:
                found[reference] = Secret(self.instead)
        return found


@pytest.mark.parametrize("instead", [None, "", TWO + "\n", TWO[:-1]])
def test_migrate_leaves_env_alone_when_read_back_differs(
    full: Project, instead: str | None
) -> None:
    with pytest.raises(BackendError, match="does not give back what was written for B_KEY"):
        full.apply(full.plan(), opened(lambda inner: Lossy(inner, "B_KEY", instead)))
    assert_it_works_now(full)


def test_a_token_that_was_used_for_another_value_stops_it(full: Project) -> None:
    planned = full.plan()
    full.apply(planned)
    # The same plan once more, with another value in it.
    document = planned.documents[str(full.env)].replace_all({3: TWO, 5: TWO})
    step = replace(planned.plan.files[0].steps[1], held="1")
    steps = (planned.plan.files[0].steps[0], step, *planned.plan.files[0].steps[2:])
    other = replace(
        planned,
        plan=replace(planned.plan, files=(replace(planned.plan.files[0], steps=steps),)),
        documents={str(full.env): document},
        values={**planned.values, "A_KEY": Secret(TWO)},
    )
    full.env.write_bytes(document.render())
    with pytest.raises(UsageError, match="the backend has B_KEY now"):
        full.apply(other)
    full.backend().delete(Reference("secret", "B_KEY"))
    with pytest.raises(BackendError, match="already keeps something else"):
        full.apply(other)
    shutil.rmtree(full.journal)
    with pytest.raises(BackendError, match="was written before under this token"):
        full.apply(other)
    assert full.env.read_bytes() == document.render()
    assert full.stored("A_KEY") == ONE


class Disk:
    """A disk on which a file of one name (or ending) cannot appear; notes those that do."""

    def __init__(self, patch: pytest.MonkeyPatch, error: int) -> None:
        self.error = error
        self.name = ""
        self.seen: list[str] = []
        self._replace = os.replace
        patch.setattr(os, "replace", self.replace)

    def replace(self, source: object, target: object) -> None:
        name = Path(str(target)).name
        self.seen.append(name)
        if self.name and name.endswith(self.name):
            raise OSError(self.error, os.strerror(self.error), str(target))
        self._replace(str(source), str(target))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
@pytest.mark.parametrize(
    "name", ["envguard.toml", "trust.json", ".gitignore", ".egb", ".json", ".env"]
)
def test_each_file_may_fail_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: int
) -> None:
    repository = Repository(tmp_path / "git")
    project = Project(repository.root)
    project.env.write_bytes(TEXT.encode())
    project.env.chmod(0o640)
    planned = project.plan()
    with monkeypatch.context() as patch:
        disk = Disk(patch, error)
        disk.name = name
        with pytest.raises(UsageError) as refused:
            project.apply(planned)
        assert any(seen.endswith(name) for seen in disk.seen)
    assert f".env is left as it was: {os.strerror(error)}" in refused.value.what
    assert ONE not in refused.value.what + refused.value.hint
    assert not list(project.root.glob(".env.envguard-*"))
    assert_it_works_now(project)


def test_a_disk_that_fills_up_while_a_file_is_written_leaves_nothing(
    full: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = full.plan()
    real = os.fsync
    count = 0

    def fail(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == limit:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    limit = 0
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        whole = Project(full.root.parent / "whole")
        whole.env.write_bytes(TEXT.encode())
        whole.migrate()
    total = count
    assert total > 8
    for limit in range(1, total + 1):
        project = Project(full.root.parent / f"disk{limit}")
        project.environ = {**project.environ, "HOME": str(project.root / "home")}
        (project.root / "home").mkdir()
        project.env.write_bytes(TEXT.encode())
        project.env.chmod(0o640)
        planned, count = project.plan(), 0
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            try:
                project.apply(planned)
            except EnvguardError:
                assert_it_works_now(project)
            else:
                assert project.env.read_bytes() == AFTER.encode()
                assert project.given()["B_KEY"] == TWO


def test_an_edit_between_plan_and_apply_is_kept(full: Project) -> None:
    planned = full.plan()
    full.env.write_bytes(TEXT.encode() + b"\nNEW=1\n")
    with pytest.raises(UsageError, match="has changed since it was read"):
        full.apply(planned)
    assert full.env.read_bytes() == TEXT.encode() + b"\nNEW=1\n"
    assert not (full.root / "envguard.toml").exists()


@pytest.mark.parametrize("edit", ["changed", "removed", "symlink"])
def test_an_edit_while_it_is_written_is_kept(full: Project, edit: str) -> None:
    class Editing(Faulty):
        def read(self, refs: Sequence[Reference]) -> Mapping[Reference, Secret]:
            if edit == "changed":
                full.env.write_text("MINE=1\n")
            else:
                full.env.unlink()
            if edit == "symlink":
                elsewhere = full.root / "elsewhere"
                elsewhere.write_bytes(TEXT.encode())
                full.env.symlink_to(elsewhere)
            return self.inner.read(refs)

    with pytest.raises(UsageError):
        full.apply(full.plan(), opened(Editing))
    if edit == "changed":
        assert full.env.read_text() == "MINE=1\n"
    elif edit == "removed":
        assert not full.env.exists()
    else:
        assert full.env.is_symlink()
        assert full.env.read_bytes() == TEXT.encode()


def test_each_file_that_cannot_be_migrated_is_refused_and_nothing_is_written(
    full: Project,
) -> None:
    root = full.root
    (root / "link.env").symlink_to(full.env)
    (root / "folder.env").mkdir()
    (root / "latin.env").write_bytes(b"A_KEY=\xe9\n")
    (root / "wide.env").write_text("A=1\n", encoding="utf-16")
    (root / "broken.env").write_text(f"A_KEY={ONE}\nB_KEY: {TWO}\n")
    (root / "one.env").write_bytes(TEXT.encode())
    os.link(root / "one.env", root / "two.env")
    os.mkfifo(root / "fifo.env")
    wrong = {
        "link.env": "is a symbolic link",
        "folder.env": "is not a regular file",
        "fifo.env": "is not a regular file",
        "latin.env": "latin.env:1 is not UTF-8",
        "wide.env": "is not UTF-8",
        "broken.env": "broken.env:2 is no KEY=VALUE line",
        "one.env": "has 2 hard links",
        "none.env": "cannot be read: No such file",
    }
    before = sorted(path.name for path in root.iterdir())
    for name, what in wrong.items():
        with pytest.raises(UsageError) as refused:
            full.migrate(root / name)
        assert what in refused.value.what
        assert refused.value.hint
        assert TWO not in refused.value.what + refused.value.hint
    assert sorted(path.name for path in root.iterdir()) == before
    assert not full.settings.folders.data.exists()


def test_a_crash_between_trust_and_configuration_needs_no_help(
    full: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trust in the new id is there before the file is, so that no moment exists in which our
    own configuration is a stranger's."""
    planned = full.plan()
    with monkeypatch.context() as patch:
        disk = Disk(patch, errno.EIO)
        disk.name = "envguard.toml"
        with pytest.raises(UsageError):
            full.apply(planned)
        assert disk.seen == ["trust.json", "envguard.toml"]
    assert_it_works_now(full)


def test_the_order_of_what_is_written(full: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    Repository(full.root)
    planned = full.plan()
    disk = Disk(monkeypatch, errno.EIO)
    store = full.settings.folders.data / "store.db"
    versions: list[bool] = []

    def watch(inner: Backend) -> Backend:
        versions.append(store.exists())
        return inner

    full.apply(planned, opened(watch))
    journal = [f"{planned.plan.id}.0.egb", *[f"{planned.plan.id}.json"] * 2]
    record = journal[-1]
    assert disk.seen == ["trust.json", "envguard.toml", ".gitignore", *journal, ".env", record]
    assert versions == [False]


def test_no_value_is_anywhere_but_in_the_store_and_the_backup(full: Project) -> None:
    outcome = full.migrate()
    home, found = Path(full.environ["HOME"]), []
    for file in (*full.root.rglob("*"), *home.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            found += [file for value in (ONE, TWO) if value.encode() in content]
    assert found == []
    backup = full.journal / f"{outcome.id}.0.egb"
    assert backup.stat().st_mode & 0o7777 == 0o600
    assert (full.journal / f"{outcome.id}.json").stat().st_mode & 0o7777 == 0o600
    assert full.journal.stat().st_mode & 0o7777 == 0o700


def test_what_a_crash_left_behind_is_swept_and_nothing_else(full: Project) -> None:
    names = {".env.envguard-abcd0123": 0, ".env.envguard-20260101-101010-abcdef": 0, ".env.x": 0}
    for name, time in names.items():
        (full.root / name).write_text("old")
        os.utime(full.root / name, (time, time))
    (full.root / ".env.envguard-abcdef01").write_text("young")
    full.migrate()
    left = sorted(path.name for path in full.root.glob(".env.*"))
    assert left == [".env.envguard-20260101-101010-abcdef", ".env.envguard-abcdef01", ".env.x"]


def test_another_backend_becomes_the_profiles_or_gets_an_alias(full: Project) -> None:
    stores = [f"local://{full.root.parent / name}.db" for name in ("one", "two", "three")]
    full.migrate(to=stores[0])
    assert full.config.profile(None).backend == stores[0]
    assert full.given()["A_KEY"] == ONE
    # `secret:` is taken now.
    third = random_value(3)
    full.env.write_text(full.env.read_text() + f"\nC_KEY={third}\n")
    outcome = full.migrate(to=stores[1])
    assert "C_KEY=local:C_KEY\n" in full.env.read_text()
    assert outcome.config.backends == full.config.backends == {"local": stores[1]}
    assert full.given()["C_KEY"] == third
    full.env.write_text(full.env.read_text() + f"D_KEY={third}\n")
    with pytest.raises(UsageError, match="the name local belongs to another backend"):
        full.plan(to=stores[2])
    full.apply(full.plan(to=stores[2], alias="vault2"))
    assert "D_KEY=vault2:D_KEY\n" in full.env.read_text()
    assert full.given()["D_KEY"] == third
    # The same backend again is known under its name.
    full.env.write_text(full.env.read_text() + f"E_KEY={third}\n")
    full.migrate(to=stores[1])
    assert "E_KEY=local:E_KEY\n" in full.env.read_text()


def test_the_profile_keeps_a_backend_that_other_files_use(full: Project) -> None:
    full.migrate()
    (full.root / ".env.local").write_text("A_KEY=secret:A_KEY\n")
    config = full.root / "envguard.toml"
    config.write_text(config.read_text().replace('[".env"]', '[".env", ".env.local"]'))
    full.env.write_text(f"C_KEY={TWO}\n")
    full.migrate(to=f"local://{full.root.parent / 'other.db'}")
    assert full.env.read_text() == "C_KEY=local:C_KEY\n"
    assert full.given() == {"A_KEY": ONE, "C_KEY": TWO}


@pytest.mark.parametrize(
    ("alias", "what"),
    [
        ("env", "cannot be the name of a backend"),
        ("secret", "cannot be the name"),
        ("a b", "cannot be the name"),
        ("", "cannot be the name"),
        ("db", "the value of HOST would become a reference to db"),
    ],
)
def test_an_alias_that_means_something_else_is_refused(
    full: Project, alias: str, what: str
) -> None:
    full.env.write_text(f"HOST=db:5432\nA_KEY={ONE}\n")
    with pytest.raises(UsageError, match=what):
        full.plan(alias=alias)


def test_a_configuration_without_the_default_profile_is_no_obstacle(full: Project) -> None:
    (full.root / "envguard.toml").write_text('[profiles.prod]\nenv_files = [".env.prod"]\n')
    full.migrate()
    assert full.given()["A_KEY"] == ONE


def test_backends_that_came_with_the_tree_are_not_trusted_by_a_migration(full: Project) -> None:
    elsewhere = f"local://{full.root.parent / 'elsewhere.db'}"
    (full.root / "envguard.toml").write_text(f'[backends.theirs]\nurl = "{elsewhere}"\n')
    full.migrate()
    with pytest.raises(TrustError, match=r"backend theirs points to local://.*elsewhere\.db"):
        full.given()


def test_a_conflict_that_is_not_answered_leaves_everything(full: Project) -> None:
    full.migrate()
    full.env.write_text(f"A_KEY={TWO}\n")
    with pytest.raises(BackendError, match="another value for A_KEY"):
        full.plan(on_conflict=lambda _: Conflict.FAIL)
    assert (full.env.read_text(), full.stored("A_KEY")) == (f"A_KEY={TWO}\n", ONE)
