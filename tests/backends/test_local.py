from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from envguard.backends.local import LocalBackend, NoStoreError, open_local
from envguard.core.backend import About
from envguard.core.config import Folders, Settings
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.store.keys import RootKey


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "config", tmp_path / "data", tmp_path / "cache")


def local(
    folders: Folders, url: str = "local:", namespace: str = "shop", key: str | None = None
) -> LocalBackend:
    return open_local(url, Settings(folders, None, key, {}), namespace=namespace)


def test_the_default_store_and_its_key_are_in_the_user_s_folders(folders: Folders) -> None:
    backend = local(folders)
    backend.write(backend.locate("NAME"), Secret("value"), token="t")
    for file in (folders.data / "store.db", folders.config / "store.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_store_that_is_named_has_its_key_beside_it(folders: Folders, tmp_path: Path) -> None:
    backend = local(folders, f"local://{tmp_path}/own.db", namespace="")
    backend.write(backend.locate("NAME"), Secret("value"), token="t")
    assert sorted(file.name for file in tmp_path.glob("own*")) == [
        "own.db",
        "own.db.key",
        "own.db.seen",
    ]
    assert not folders.data.exists()
    assert not folders.config.exists()


def test_projects_share_a_store_and_see_only_their_own(folders: Folders) -> None:
    one, other = local(folders, namespace="one"), local(folders, namespace="other")
    ref = one.locate("NAME")
    one.write(ref, Secret("of one"), token="t")
    assert other.read([ref]) == {}
    assert not other.delete(ref)
    assert one.read([ref]) == {ref: Secret("of one")}


def test_outside_a_project_the_default_store_is_refused(folders: Folders) -> None:
    with pytest.raises(ConfigError) as caught:
        local(folders, namespace="")
    assert caught.value.hint == "envguard init"


@pytest.mark.parametrize(
    "url", ["local:/", "local://", "local:///", "local://a/b", "local:x", "local:./x", "aws://x"]
)
def test_a_url_that_names_no_store_is_refused(folders: Folders, url: str) -> None:
    with pytest.raises(ConfigError):
        local(folders, url)


def test_reading_makes_no_store_and_check_says_that_there_is_none(folders: Folders) -> None:
    backend = local(folders)
    ref = backend.locate("NAME")
    assert backend.read([ref]) == {}
    assert list(backend.list()) == []
    assert not backend.delete(ref)
    with pytest.raises(NoStoreError, match="no store") as caught:
        backend.check()
    assert "envguard secrets set" in caught.value.hint
    assert not folders.data.exists()
    assert not folders.config.exists()
    backend.write(ref, Secret("value"), token="t")
    backend.check()


def test_a_key_without_a_store_is_none_that_is_gone(folders: Folders) -> None:
    backend = local(folders)
    backend.root_key()
    assert (folders.config / "store.key").exists()
    assert backend.list() == [] and backend.read([backend.locate("NAME")]) == {}
    backend.write(backend.locate("NAME"), Secret("value"), token="t")
    for file in folders.data.glob("store.db*"):
        file.unlink()
    with pytest.raises(BackendError, match="is gone, and its key"):
        backend.list()


def test_a_damaged_store_is_an_error_and_no_absence(folders: Folders) -> None:
    backend = local(folders)
    ref = backend.locate("NAME")
    backend.write(ref, Secret("value"), token="t")
    backend.path.write_bytes(b"")
    calls = [
        backend.check,
        backend.list,
        lambda: backend.read([ref]),
        lambda: backend.delete(ref),
        lambda: backend.write(ref, Secret("other"), token="u"),
    ]
    for call in calls:
        with pytest.raises(BackendError, match="damaged"):
            call()


def test_the_given_key_wins_over_the_key_file(folders: Folders) -> None:
    text = RootKey.new().text().reveal()
    given = local(folders, key=text)
    ref = given.locate("NAME")
    given.write(ref, Secret("value"), token="t")
    assert not (folders.config / "store.key").exists()
    assert local(folders, key=text).read([ref]) == {ref: Secret("value")}
    with pytest.raises(BackendError, match="is missing"):
        local(folders, key="").read([ref])
    with pytest.raises(BackendError, match="does not open"):
        local(folders, key=RootKey.new().text().reveal()).read([ref])
    with pytest.raises(BackendError, match="not kept under a passphrase"):
        local(folders, key="a passphrase").read([ref])


def test_a_version_is_a_number_and_may_be_absent(folders: Folders) -> None:
    backend = local(folders)
    ref = backend.locate("NAME")
    assert backend.write(ref, Secret('{"a": "one"}'), token="t") == "1"
    assert backend.write(ref, Secret('{"a": "two"}'), token="u") == "2"
    refs = [
        Reference("secret", "NAME", "a", version)
        for version in (None, "1", "2", "0", "3", "01", "9" * 40)
    ]
    found = backend.read(refs)
    assert [found[one].reveal() if one in found else None for one in refs] == [
        *("two", "one", "two", None, None, "one", None)
    ]
    for wrong in ("latest", "-1", "1.0", "²", "1_0"):
        with pytest.raises(BackendError, match="numbers"):
            backend.read([Reference("secret", "NAME", version=wrong)])


@pytest.mark.parametrize(
    ("json", "text"),
    [
        ('"text"', "text"),
        ('""', ""),
        ("12345678901234567890123", "12345678901234567890123"),
        ("1.5", "1.5"),
        ("true", "true"),
        ("null", "null"),
        ('["ü", 1]', '["ü",1]'),
        ('{"b": {}}', '{"b":{}}'),
    ],
)
def test_a_field_is_its_text_or_its_json(folders: Folders, json: str, text: str) -> None:
    backend = local(folders)
    backend.write(backend.locate("NAME"), Secret(f'{{"field": {json}}}'), token="t")
    ref = Reference("secret", "NAME", "field")
    assert backend.read([ref])[ref].reveal() == text


def test_only_whole_secrets_are_changed(folders: Folders) -> None:
    backend = local(folders)
    for ref in (Reference("secret", "NAME", "field"), Reference("secret", "NAME", version="1")):
        with pytest.raises(UsageError):
            backend.write(ref, Secret("value"), token="t")
        with pytest.raises(UsageError):
            backend.delete(ref)
    assert not folders.data.exists()


def test_a_name_is_checked_before_a_store_is_made(folders: Folders) -> None:
    with pytest.raises(NameNotAllowed):
        local(folders).write(Reference("secret", "a\x07b"), Secret("value"), token="t")
    assert not folders.data.exists()


def test_an_alias_names_the_same_secret(folders: Folders) -> None:
    backend = local(folders)
    backend.write(Reference("vault", "NAME"), Secret("value"), token="t")
    refs = [Reference("vault", "NAME"), Reference("secret", "NAME")]
    assert backend.read(refs) == dict.fromkeys(refs, Secret("value"))


def test_threads_share_a_backend(folders: Folders) -> None:
    backend = local(folders)
    refs = [backend.locate(f"NAME_{number}") for number in range(8)]
    found: dict[Reference, Secret] = {}

    def work(ref: Reference) -> None:
        backend.write(ref, Secret(ref.name), token="t")
        found.update(backend.read([ref]))

    threads = [threading.Thread(target=work, args=(ref,)) for ref in refs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {ref: Secret(ref.name) for ref in refs}


def test_the_store_itself_takes_many_at_once_with_a_description(folders: Folders) -> None:
    backend = local(folders)
    with backend.open(create=True) as store:
        store.write_many({"A": Secret("1"), "B": Secret("2")}, about=About(description="both"))
    assert [found.description for found in backend.list()] == ["both", "both"]
    backend.write(backend.locate("A"), Secret("3"), token="t")
    assert backend.list()[0].description == "both"
