"""Vault, where it differs from what every backend does (tests/contract)."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from envguard.backends.vault import open_vault
from envguard.backends.vaultkv import remembered
from envguard.backends.vaultkv.engine import Engine
from envguard.core.backend import About
from envguard.core.errors import BackendError, ConfigError, ExpiredError, UsageError
from envguard.core.naming import Naming
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.testing.faulty import faulty
from tests.backends.vault_world import World
from tests.servers.vault import Vault

EACH = "?layout=each"


@pytest.fixture
def world(vault: Vault, tmp_path: Path) -> World:
    return World(vault, tmp_path)


def ref(name: str, field: str | None = None, version: str | None = None) -> Reference:
    return Reference("secret", name, field, version)


def values(*names: str) -> dict[Reference, Secret]:
    return {ref(name): Secret(f"value of {name}") for name in names}


def test_500_keys_are_one_call_and_the_question_for_the_version(world: World) -> None:
    held = values(*(f"KEY_{number}" for number in range(500)))
    world.open().write_all(held, token="t1")
    with faulty(world.vault.address) as proxy:
        assert world.open(VAULT_ADDR=proxy.url).read(list(held)) == held
        at = f"/v1/secret/data/{world.path}"
        assert proxy.calls == ["GET /v1/sys/internal/ui/mounts/secret", f"GET {at}"]
        proxy.calls.clear()
        assert world.open("?kv=2", VAULT_ADDR=proxy.url).read(list(held)) == held
        assert proxy.calls == [f"GET {at}"]


def test_groups_are_one_call_each(world: World) -> None:
    groups = {
        "app": ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"),
        "api-keys": ("*_API_KEY", "HF_API_TOKEN"),
    }
    backend = world.open("/production", groups=groups)
    held = values("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "HF_API_TOKEN")
    backend.write_all(held, token="t1")
    assert world.held("/production/app").keys() == {"SECRET_KEY", "DATABASE_URL", "REDIS_URL"}
    assert world.held("/production/api-keys").keys() == {"OPENAI_API_KEY", "HF_API_TOKEN"}
    with faulty(world.vault.address) as proxy:
        again = world.open("/production?kv=2", groups=groups, VAULT_ADDR=proxy.url)
        assert again.read(list(held)) == held
        assert len(proxy.calls) == 2
    assert [row.name for row in backend.list()] == sorted(one.name for one in held)


def test_names_and_cases_are_those_of_the_configuration(world: World) -> None:
    names = {"DATABASE_PASSWORD": "database#password", "CERTIFICATE": "tls"}
    backend = world.open("/llm", case="lower", names=names)
    held = values("OPENAI_API_KEY", "DATABASE_PASSWORD", "CERTIFICATE")
    backend.write_all(held, token="t1")
    assert backend.read(list(held)) == held
    assert world.held("/llm") == {"openai_api_key": "value of OPENAI_API_KEY"}
    assert world.held("/llm/database") == {"password": "value of DATABASE_PASSWORD"}
    assert world.held("/llm/tls") == {"value": "value of CERTIFICATE"}


def test_what_others_wrote_is_read_field_by_field(world: World) -> None:
    fields = {"user": "ada", "port": 5432, "tls": True, "none": None, "list": ["a"]}
    world.vault.call("POST", f"secret/data/{world.path}/database", {"data": fields})
    world.vault.call("POST", f"secret/data/{world.path}/one", {"data": {"value": "plain"}})
    backend = world.open()
    wanted = [ref("database", name) for name in (*fields, "absent")]
    found = {one.field: value.reveal() for one, value in backend.read(wanted).items()}
    told = {"user": "ada", "port": "5432", "tls": "true", "none": "null", "list": '["a"]'}
    assert found == told
    each = world.open(EACH)
    assert json.loads(each.read([ref("database")])[ref("database")].reveal()) == fields
    one = [ref("one"), ref("one", "value")]
    assert each.read(one) == dict.fromkeys(one, Secret("plain"))


def test_a_write_keeps_the_fields_and_the_metadata_of_others(world: World) -> None:
    at = f"{world.path}"
    world.vault.call("POST", f"secret/data/{at}", {"data": {"theirs": {"deep": [1]}}})
    world.vault.call("POST", f"secret/metadata/{at}", {"custom_metadata": {"owner": "ops"}})
    world.open().write(ref("OURS"), Secret("1"), token="t1")
    assert world.held() == {"theirs": {"deep": [1]}, "OURS": "1"}
    assert world.texts()["owner"] == "ops"


def test_the_key_stands_beside_a_secret_of_its_own(world: World) -> None:
    backend = world.open(EACH, case="kebab")
    backend.write(ref("OPENAI_API_KEY"), Secret("1"), token="t1")
    assert world.held("/openai-api-key") == {"value": "1"}
    assert world.texts("/openai-api-key")["envguard-key"] == "OPENAI_API_KEY"
    assert [row.name for row in backend.list()] == ["OPENAI_API_KEY"]


def test_a_secret_that_was_deleted_is_back_after_undelete(world: World) -> None:
    backend = world.open(EACH)
    backend.write(ref("NAME"), Secret("1"), token="t1")
    assert backend.delete(ref("NAME"))
    assert backend.read([ref("NAME")]) == {} and backend.list() == []
    world.vault.call("POST", f"secret/undelete/{world.path}/NAME", {"versions": [1]})
    assert backend.read([ref("NAME")]) == {ref("NAME"): Secret("1")}
    assert backend.write(ref("NAME"), Secret("2"), token="t2") == "2"


def test_a_version_that_was_destroyed_is_absent(world: World) -> None:
    backend = world.open()
    for number in (1, 2):
        backend.write(ref("NAME"), Secret(str(number)), token=str(number))
    world.vault.call("POST", f"secret/destroy/{world.path}", {"versions": [1]})
    assert backend.read([ref("NAME", version="1"), ref("NAME", version="9")]) == {}
    assert [version.id for version in backend.versions(ref("NAME"))] == ["2"]


def test_a_version_that_will_be_deleted_later_is_still_there(world: World) -> None:
    meta = f"secret/metadata/{world.path}"
    world.vault.call("POST", meta, {"delete_version_after": "1h"})
    backend = world.open()
    backend.write(ref("A"), Secret("1"), token="t1")
    row = world.vault.call("GET", meta)["data"]["versions"]["1"]
    assert row["deletion_time"]
    assert [one.name for one in backend.list()] == ["A"]
    assert [version.id for version in backend.versions(ref("A"))] == ["1"]


@pytest.mark.parametrize("version", ["0", "one", "-1", "1.0", "1&x=y"])
def test_what_is_no_version_is_an_error(world: World, version: str) -> None:
    with pytest.raises(BackendError, match="names no version"):
        world.open().read([ref("NAME", version=version)])


def test_versions_of_a_key_are_those_in_which_it_changed(world: World) -> None:
    backend = world.open()
    first = backend.write_all(values("A", "B"), token="t1")
    backend.write(ref("B"), Secret("changed"), token="t2")
    backend.write(ref("A"), Secret("changed too"), token="t3")
    backend.write(ref("C"), Secret("new"), token="t4")
    assert backend.current([ref("A"), ref("B"), ref("C"), ref("D")]) == {
        ref("A"): "3",
        ref("B"): "2",
        ref("C"): "4",
    }
    assert [version.id for version in backend.versions(ref("A"))] == ["1", "3"]
    assert first == {ref("A"): "1", ref("B"): "1"}


def test_versions_before_a_key_was_taken_out_are_not_its_own(world: World) -> None:
    backend = world.open()
    backend.write_all(values("A", "B"), token="t1")
    assert backend.delete(ref("A"))
    assert backend.versions(ref("A")) == []
    backend.write(ref("A"), Secret("again"), token="t2")
    assert [version.id for version in backend.versions(ref("A"))] == ["3"]


def test_a_value_that_is_there_already_makes_no_version(world: World) -> None:
    backend = world.open()
    backend.write_all(values("A", "B"), token="t1")
    written = backend.write_all({**values("A"), ref("C"): Secret("new")}, token="t2")
    assert written == {ref("A"): "1", ref("C"): "2"}
    assert backend.write(ref("B"), Secret("value of B"), token="t3") == "1"


def test_of_two_writers_at_once_none_loses_a_key(world: World) -> None:
    names = [f"KEY_{number}" for number in range(6)]

    def write(name: str) -> None:
        world.open("?kv=2").write(ref(name), Secret(name), token=name)

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.held() == {name: name for name in names}
    versions = world.open().current([ref(name) for name in names])
    assert len(set(versions.values())) == len(names)


def test_a_write_that_was_killed_before_it_was_done_is_done_when_it_is_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = world.open()
    backend.write(ref("A"), Secret("1"), token="t1")
    with monkeypatch.context() as patch:

        def killed(*_: object) -> int:
            raise KeyboardInterrupt

        patch.setattr(Engine, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            world.open().write(ref("B"), Secret("2"), token="t2")
    assert world.held() == {"A": "1"}
    # Somebody else gets the number that the killed write had noted for itself.
    assert backend.write(ref("A"), Secret("theirs"), token="t3") == "2"
    assert world.open().write(ref("B"), Secret("2"), token="t2") == "3"
    assert world.open().write(ref("B"), Secret("2"), token="t2") == "3"
    assert world.held() == {"A": "theirs", "B": "2"}


def test_a_write_that_was_killed_before_it_was_done_is_not_taken_for_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def killed(*_: object) -> int:
            raise KeyboardInterrupt

        world.open().write(ref("A"), Secret("1"), token="t1")
        patch.setattr(Engine, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            world.open().write(ref("B"), Secret("2"), token="t2")
    assert world.open().write(ref("B"), Secret("2"), token="t2") == "2"
    assert world.held() == {"A": "1", "B": "2"}


def test_a_write_that_was_killed_after_it_was_done_is_known_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Engine.put
    with monkeypatch.context() as patch:

        def killed(*given: object) -> int:
            put(*given)  # type: ignore[arg-type]  # as it was called
            raise KeyboardInterrupt

        patch.setattr(Engine, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            world.open().write(ref("A"), Secret("1"), token="t1")
    world.open().write(ref("A"), Secret("2"), token="t2")
    assert world.open().write(ref("A"), Secret("1"), token="t1") == "1"
    assert world.held() == {"A": "2"}


def test_a_large_batch_is_remembered_field_by_field(world: World) -> None:
    held = values(*(f"KEY_{number}" for number in range(300)))
    backend = world.open()
    backend.write_all(held, token="t1")
    backend.write(ref("KEY_299"), Secret("later"), token="t2")
    assert backend.write(ref("KEY_299"), held[ref("KEY_299")], token="t1") == "1"
    with pytest.raises(UsageError, match="with this token"):
        backend.write(ref("KEY_150"), Secret("other"), token="t1")
    assert world.held()["KEY_299"] == "later"


def test_notes_of_old_writes_make_room_and_no_value_is_in_them(world: World) -> None:
    backend = world.open("?kv=2")
    backend.describe(ref("NAME"), About(description="kept"), Secret("kanarienvogel"), token="t")
    for number in range(45):
        backend.write(ref("NAME"), Secret(f"kanarienvogel-{number}"), token=f"t{number}")
    texts = world.texts()
    assert len([name for name in texts if name.startswith(remembered.PREFIX)]) == 40
    assert texts["envguard-description/NAME"] == "kept"
    assert "kanarien" not in repr(texts)
    assert backend.write(ref("NAME"), Secret("kanarienvogel-44"), token="t44") == "46"


def test_what_is_said_of_a_key_is_kept_for_it_alone(world: World) -> None:
    backend = world.open()
    backend.write_all(values("A", "B"), token="t1")
    about = About("of A", "api_key", ("x", "y"), "2030-01-01T00:00:00Z", "90d")
    backend.describe(ref("A"), about)
    rows = {row.name: row for row in backend.list()}
    assert rows["A"][4:] == ("of A", "api_key", ("x", "y"), "2030-01-01T00:00:00Z", "90d")
    assert rows["B"].description == "" and rows["B"].expires_at is None
    told = backend.describe(ref("A"), About(description="", expires_at=""))
    assert told is not None and told[4:] == ("", "api_key", ("x", "y"), None, "90d")
    assert backend.describe(ref("NONE"), about) is None


def test_what_others_say_of_a_secret_fills_the_room_and_is_kept(world: World) -> None:
    backend = world.open()
    backend.write(ref("B"), Secret("1"), token="t")
    theirs = {f"note-{number}": "theirs" for number in range(64)}
    world.vault.call("POST", f"secret/metadata/{world.path}", {"custom_metadata": theirs})
    backend.write(ref("A"), Secret("1"), token="t1")
    assert world.texts() == theirs
    with pytest.raises(UsageError, match="has room for"):
        backend.describe(ref("A"), About(description="x"))


def test_a_field_whose_name_ends_as_another_has_notes_of_its_own(world: World) -> None:
    backend = world.open()
    backend.write_all({ref("B"): Secret("1"), ref("A/B"): Secret("2")}, token="t1")
    backend.describe(ref("A/B"), About(description="of A/B"))
    backend.describe(ref("B"), About(category="token"))
    assert {row.name: row.description for row in backend.list()} == {"A/B": "of A/B", "B": ""}


def test_an_expired_key_is_refused_and_its_neighbour_is_not(world: World) -> None:
    backend = world.open()
    backend.write_all(values("A", "B"), token="t1")
    backend.describe(ref("A"), About(expires_at="2020-01-01T00:00:00Z"))
    assert backend.read([ref("B")]) == values("B")
    with pytest.raises(ExpiredError, match="A has expired"):
        backend.read([ref("A"), ref("B")])


def test_a_field_that_has_expired_is_refused_beside_one_that_has_not(world: World) -> None:
    backend = world.open("/db")
    backend.write_all(values("A", "B"), token="t1")
    backend.describe(ref("A"), About(expires_at="2020-01-01T00:00:00Z"))
    both = [ref("db", "A"), ref("db", "B")]
    for asked in (both, both[::-1]):
        with pytest.raises(ExpiredError):
            world.open(EACH).read(asked)


def test_what_custom_metadata_cannot_hold_is_refused_before_the_value_is_written(
    world: World,
) -> None:
    backend = world.open()
    with pytest.raises(UsageError, match="longer than"):
        backend.describe(ref("A"), About(description="x" * 513), Secret("1"))
    assert backend.read([ref("A")]) == {}


def test_an_engine_of_version_1_keeps_one_value_a_key(world: World) -> None:
    for query in ("?kv=1", "?kv=1&layout=each"):
        backend = world.old(query)
        held = values("A", "B")
        backend.write_all(held, token="t1")
        assert backend.read([*held, ref("C")]) == held
        assert backend.write(ref("A"), Secret("2"), token="t2")
        assert world.old(query).read(list(held)) == {**held, ref("A"): Secret("2")}
        assert [row.name for row in backend.list()][:2] == ["A", "B"]
        assert backend.delete(ref("A")) and not backend.delete(ref("A"))
        assert backend.read(list(held)) == values("B")
        with pytest.raises(BackendError, match="keeps none"):
            backend.read([ref("A", version="1")])
    assert world.held("", "old") == {"B": "value of B"}
    assert world.held("/B", "old") == {"value": "value of B"}


def test_the_wrong_version_of_an_engine_is_an_error_and_never_an_absence(world: World) -> None:
    with pytest.raises(ConfigError, match="has version 1") as caught:
        world.old("").read([ref("A")])
    assert "?kv=1" in caught.value.hint
    with pytest.raises(ConfigError, match="names no version of the engine"):
        world.old("?kv=3")


def test_a_mount_may_have_a_slash_in_it(world: World) -> None:
    world.vault.mount(f"teams/{world.path}")
    backend = open_vault(f"vault://teams%2F{world.path}/app", world.settings(), Naming())
    backend.write(ref("A"), Secret("1"), token="t1")
    assert backend.read([ref("A")]) == {ref("A"): Secret("1")}
    said = world.vault.call("GET", f"teams/{world.path}/data/app")
    assert said["data"]["data"] == {"A": "1"}


def test_a_secret_that_is_too_large_is_refused_before_any_call(world: World) -> None:
    backend = world.open()
    backend.write(ref("A"), Secret("x" * 700_000), token="t1")
    with pytest.raises(UsageError, match="bytes, and vault takes at most"):
        backend.write(ref("B"), Secret("x" * 400_000), token="t2")
    assert world.held().keys() == {"A"}
