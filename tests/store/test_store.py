from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.core.backend import About, Metadata
from envguard.core.errors import BackendError, ExitCode, NameNotAllowed
from envguard.core.secret import Secret
from envguard.store import rows
from envguard.store.creation import create_key_file
from envguard.store.keys import KeySource, RootKey
from envguard.store.store import Store

Opener = Callable[..., Store]

SURROGATES = "\ud83d\ude00 \udcff \x00\r\n"


def test_what_was_written_is_read_by_the_next_who_opens(open_store: Opener) -> None:
    store = open_store()
    assert store.write("ONE", Secret("first")) == 1
    assert store.write("ONE", Secret("second")) == 2
    assert store.write("TWO", Secret("")) == 1
    store.close()
    assert open_store().read(["ONE", "TWO", "THREE"]) == {
        "ONE": Secret("second"),
        "TWO": Secret(""),
    }


@pytest.mark.parametrize("value", ["", SURROGATES, "ü" * 100_000, "a\nb\r\n", "secret:OTHER"])
def test_any_text_is_kept_as_it_is(open_store: Opener, value: str) -> None:
    open_store().write("NAME", Secret(value))
    assert open_store().read(["NAME"])["NAME"].reveal() == value


def test_every_version_is_kept(open_store: Opener) -> None:
    store = open_store()
    for number in (1, 2, 3):
        assert store.write("NAME", Secret(f"value {number}")) == number
    wanted = [("NAME", version) for version in (None, 0, 1, 2, 3, 4, -1)]
    assert store.fetch(wanted) == {
        ("NAME", None): Secret("value 3"),
        ("NAME", 1): Secret("value 1"),
        ("NAME", 2): Secret("value 2"),
        ("NAME", 3): Secret("value 3"),
    }


def test_deleting_hides_every_version_and_the_next_write_goes_on_counting(
    open_store: Opener,
) -> None:
    store = open_store()
    store.write("NAME", Secret("first"), about=About(description="text", category="token"))
    assert store.delete("NAME")
    assert not store.delete("NAME")
    assert not store.delete("NEVER")
    assert not store.exists("NAME")
    assert store.list() == []
    assert store.fetch([("NAME", None), ("NAME", 1)]) == {}
    assert store.write("NAME", Secret("second")) == 2
    assert store.exists("NAME")
    assert (store.list()[0].description, store.list()[0].category) == ("", "other")
    assert store.fetch([("NAME", 1)]) == {("NAME", 1): Secret("first")}


def test_the_same_token_writes_once(open_store: Opener) -> None:
    store = open_store()
    assert store.write("NAME", Secret("one"), token="t1") == 1
    assert store.write("NAME", Secret("one"), token="t1") == 1
    assert store.write("NAME", Secret("one"), token="t2") == 2
    assert store.write("NAME", Secret("one")) == 3
    assert store.write("NAME", Secret("one")) == 4
    assert store.write("NAME", Secret("one"), token="t1") == 1
    assert store.write("OTHER", Secret("two"), token="t1") == 1
    with pytest.raises(BackendError, match="another value") as caught:
        store.write("NAME", Secret("two"), token="t1")
    assert "two" not in caught.value.what + caught.value.hint
    assert store.read(["NAME"]) == {"NAME": Secret("one")}


def test_a_token_from_before_a_deletion_writes_again(open_store: Opener) -> None:
    store = open_store()
    store.write("NAME", Secret("one"), token="t1")
    store.delete("NAME")
    assert store.write("NAME", Secret("one"), token="t1") == 2
    assert store.read(["NAME"]) == {"NAME": Secret("one")}
    assert store.write("NAME", Secret("one"), token="t1") == 2


def test_many_are_written_all_or_none(open_store: Opener) -> None:
    store = open_store()
    values = {f"N{number}": Secret(str(number)) for number in range(20)}
    assert store.write_many(values, token="t", about=About(category="api_key")) == dict.fromkeys(
        values, 1
    )
    assert store.read(values) == values
    assert {found.category for found in store.list()} == {"api_key"}
    with pytest.raises(BackendError):
        store.write_many({"NEW": Secret("new"), "N0": Secret("other")}, token="t")
    with pytest.raises(NameNotAllowed):
        store.write_many({"NEW": Secret("new"), "two words": Secret("other")})
    assert not store.exists("NEW")


def test_a_list_has_metadata_by_name(open_store: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store()
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2030, 1, 2, 3, 4, 5, 0, 0, 0)))
    store.write("B", Secret("v"), about=About(description="for the shop", category="token"))
    store.write("A", Secret("v"))
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2031, 1, 2, 3, 4, 5, 0, 0, 0)))
    store.write("B", Secret("w"), about=About(category="api_key"))
    first, later = "2030-01-02T03:04:05Z", "2031-01-02T03:04:05Z"
    assert store.list() == [
        Metadata("A", 1, first, first),
        Metadata("B", 2, first, later, "for the shop", "api_key"),
    ]


def test_namespaces_do_not_see_each_other(open_store: Opener) -> None:
    one, other = open_store("one"), open_store("other")
    one.write("NAME", Secret("of one"))
    assert other.read(["NAME"]) == {}
    assert not other.delete("NAME")
    other.write("NAME", Secret("of the other"))
    assert one.read(["NAME"]) == {"NAME": Secret("of one")}
    assert [len(store.list()) for store in (one, other, open_store("third"))] == [1, 1, 0]


def test_names_values_and_namespaces_are_not_in_the_file(
    path: Path, key: KeySource, open_store: Opener
) -> None:
    words = ["CANARYNAME", "canaryvalue", "canarydescription", "canarynamespace", "canarytoken"]
    name, value, description, namespace, token = words
    store = open_store(namespace)
    store.write(name, Secret(value), about=About(description=description), token=token)
    store.write(name, Secret(value[::-1]))
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    store.close()
    files += path.read_bytes()
    for word in [*words, value[::-1], key.file.read_text()[:20]]:
        assert word.encode() not in files


def test_a_missing_store_is_made_only_when_asked(path: Path, key: KeySource) -> None:
    with pytest.raises(BackendError, match="no store") as caught:
        Store.open(path, key=key, namespace="shop")
    assert "envguard secrets set" in caught.value.hint
    assert not path.parent.exists()
    assert not key.file.exists()


def test_a_new_store_uses_the_key_that_is_there(path: Path, key: KeySource) -> None:
    kept = create_key_file(key.file)
    Store.open(path, key=key, namespace="shop", create=True).close()
    assert key.find() == kept


def test_a_given_key_makes_a_store_without_a_key_file(path: Path, key: KeySource) -> None:
    given_key = KeySource(key.file, RootKey.new().text())
    with Store.open(path, key=given_key, namespace="shop", create=True) as store:
        store.write("NAME", Secret("value"))
    assert not key.file.exists()
    with Store.open(path, key=given_key, namespace="shop") as store:
        assert store.exists("NAME")


def test_a_lost_key_is_never_replaced_by_a_new_one(
    path: Path, key: KeySource, open_store: Opener
) -> None:
    open_store().close()
    key.file.unlink()
    for create in (False, True):
        with pytest.raises(BackendError, match="is missing") as caught:
            Store.open(path, key=KeySource(key.file), namespace="shop", create=create)
        assert "put the key file back, or set ENVGUARD_KEY" in caught.value.hint
        assert "envguard secrets restore" in caught.value.hint
    assert not key.file.exists()


def test_another_key_does_not_open_the_store(
    path: Path, key: KeySource, open_store: Opener, tmp_path: Path
) -> None:
    open_store().close()
    other = KeySource(tmp_path / "other.key")
    create_key_file(other.file)
    for source, hint in [
        (other, "put the key file of this store back"),
        (KeySource(key.file, RootKey.new().text()), "set ENVGUARD_KEY to the key of this store"),
    ]:
        with pytest.raises(BackendError) as caught:
            Store.open(path, key=source, namespace="shop", create=True)
        assert caught.value.what == f"this key does not open the store {path}"
        assert hint in caught.value.hint
        assert caught.value.exit_code is ExitCode.BACKEND


def test_a_name_that_cannot_be_referred_to_is_not_written(open_store: Opener) -> None:
    with pytest.raises(NameNotAllowed):
        open_store().write("two words", Secret("value"))
    assert open_store().read(["two words", "\ud800", ""]) == {}


def test_the_empty_namespace_is_refused(path: Path, key: KeySource) -> None:
    with pytest.raises(ValueError, match="namespace"):
        Store.open(path, key=key, namespace="", create=True)


def test_encryptions_are_counted_and_end(
    open_store: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "ENCRYPTIONS", 6)
    # Each write encrypts a value and a head.
    for number in (1, 2, 3):
        open_store().write("NAME", Secret(str(number)))
    for change in (lambda s: s.write("NAME", Secret("4")), lambda s: s.delete("NAME")):
        with pytest.raises(BackendError, match="6 encryptions") as caught:
            change(open_store())
        assert "rotate-key" in caught.value.hint
    assert open_store().exists("NAME")


NAMES = st.sampled_from(["A", "B", "a", "ключ"])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("write"),
            NAMES,
            st.text(max_size=8),
            st.sampled_from(["", "", "t1", "t2"]),
        ),
        st.tuples(st.just("delete"), NAMES, st.just(""), st.just("")),
        st.tuples(st.just("reopen"), NAMES, st.just(""), st.just("")),
    ),
    max_size=12,
)


@given(OPERATIONS)
@settings(max_examples=40, deadline=None)
def test_a_store_behaves_like_a_dict_of_versions(
    operations: list[tuple[str, str, str, str]],
) -> None:
    kept: dict[str, list[tuple[str, str]]] = {}  # value and token of every version
    alive: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        path, key = Path(folder, "store.db"), KeySource(Path(folder, "store.key"))
        store = Store.open(path, key=key, namespace="shop", create=True)
        for verb, name, value, token in operations:
            versions = kept.setdefault(name, [])
            if verb == "write":
                before = [at for at, one in enumerate(versions, 1) if token and one[1] == token]
                if name in alive and before and versions[before[-1] - 1][0] != value:
                    with pytest.raises(BackendError):
                        store.write(name, Secret(value), token=token)
                elif name in alive and before:
                    assert store.write(name, Secret(value), token=token) == before[-1]
                else:
                    versions.append((value, token))
                    alive.add(name)
                    assert store.write(name, Secret(value), token=token) == len(versions)
            elif verb == "delete":
                assert store.delete(name) == (name in alive)
                alive.discard(name)
            else:
                store.close()
                store = Store.open(path, key=key, namespace="shop")
            assert store.read(kept) == {name: Secret(kept[name][-1][0]) for name in alive}
        every = [(name, at) for name in kept for at in range(1, len(kept[name]) + 1)]
        assert store.fetch(every) == {
            (name, at): Secret(kept[name][at - 1][0]) for name, at in every if name in alive
        }
        assert [found.name for found in store.list()] == sorted(alive)
        store.close()
