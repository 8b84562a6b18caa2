"""AWS Secrets Manager, where it differs from what every backend does (tests/contract)."""

from __future__ import annotations

import http.client
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from envguard.backends.service import parallel
from envguard.backends.service.aws_secrets import SecretsManager
from envguard.backends.service.aws_state import State
from envguard.core.backend import About
from envguard.core.errors import BackendError, ConfigError, EnvguardError, ExpiredError, UsageError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from tests.backends.aws_world import World

EACH = "?layout=each"


@pytest.fixture
def world(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    yield World(aws, tmp_path, monkeypatch)


def values(*names: str) -> dict[Reference, Secret]:
    return {Reference("secret", name): Secret(f"value of {name}") for name in names}


def test_500_secrets_are_25_calls_and_a_json_secret_is_one(world: World) -> None:
    refs = [Reference("secret", f"KEY_{number}") for number in range(500)]
    assert world.open(EACH).read(refs) == {}
    assert world.caller.calls() == ["BatchGetSecretValue"] * 25
    held = {ref: Secret(ref.name) for ref in refs}
    world.open().write_all(held, token="t1")
    world.caller.calls()
    assert world.open().read(refs) == held
    assert world.caller.calls() == ["GetSecretValue"]


def test_500_secrets_are_listed_by_pages(world: World) -> None:
    names = [f"KEY_{number:03}" for number in range(130)]
    theirs = world.theirs()
    for name in names:
        theirs.create_secret(Name=f"{world.prefix}/{name}", SecretString="1")
    theirs.create_secret(Name=f"{world.prefix}-other/KEY", SecretString="1")
    world.caller.calls()
    assert [row.name for row in world.open(EACH).list()] == names
    assert world.caller.calls() == ["ListSecrets"] * 2


def test_the_layouts_of_teams_are_said_by_groups(world: World) -> None:
    groups = {
        "app": ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"),
        "api-keys": ("*_API_KEY", "HF_API_TOKEN"),
    }
    backend = world.open(groups=groups)
    backend.write_all(values("SECRET_KEY", "REDIS_URL", "OPENAI_API_KEY"), token="t1")
    theirs = world.theirs()
    app = json.loads(theirs.get_secret_value(SecretId=f"{world.prefix}/app")["SecretString"])
    keys = json.loads(theirs.get_secret_value(SecretId=f"{world.prefix}/api-keys")["SecretString"])
    assert app == {"SECRET_KEY": "value of SECRET_KEY", "REDIS_URL": "value of REDIS_URL"}
    assert keys == {"OPENAI_API_KEY": "value of OPENAI_API_KEY"}
    assert [row.name for row in backend.list()] == ["OPENAI_API_KEY", "REDIS_URL", "SECRET_KEY"]
    world.caller.calls()
    assert len(backend.read(list(values("SECRET_KEY", "OPENAI_API_KEY", "REDIS_URL")))) == 3
    assert world.caller.calls() == ["BatchGetSecretValue"]


def test_names_and_cases_are_those_of_the_configuration(world: World) -> None:
    names = {"DATABASE_PASSWORD": "database#password", "CERTIFICATE": "tls"}
    backend = world.open("/llm", case="lower", names=names)
    refs = values("OPENAI_API_KEY", "DATABASE_PASSWORD", "CERTIFICATE")
    backend.write_all(refs, token="t1")
    assert backend.read(list(refs)) == refs
    held = {
        name: world.theirs().get_secret_value(SecretId=f"{world.prefix}/llm{name}")["SecretString"]
        for name in ("", "/database", "/tls")
    }
    assert json.loads(held[""]) == {"openai_api_key": "value of OPENAI_API_KEY"}
    assert json.loads(held["/database"]) == {"password": "value of DATABASE_PASSWORD"}
    assert held["/tls"] == "value of CERTIFICATE"


def test_a_secret_is_not_written_as_a_whole_and_by_fields_at_once(world: World) -> None:
    backend = world.open(EACH, names={"DATABASE": "db", "PASSWORD": "db#password"})
    with pytest.raises(BackendError, match="DATABASE is the whole of it"):
        backend.write_all(values("DATABASE", "PASSWORD"), token="t1")
    assert backend.read(list(values("DATABASE"))) == {}


def test_the_secrets_of_other_programs_are_read(world: World) -> None:
    theirs = {"URL": "postgres://…", "PORT": 5432, "TLS": True, "NESTED": {"a": [1]}, "NONE": None}
    world.theirs().create_secret(Name=world.prefix, SecretString=json.dumps(theirs))
    backend = world.open()
    found = backend.read([backend.locate(name) for name in ("URL", "PORT", "TLS", "NESTED")])
    assert [value.reveal() for value in found.values()] == [
        "postgres://…",
        "5432",
        "true",
        '{"a":[1]}',
    ]
    with pytest.raises(BackendError, match=r"NONE in .* is null"):
        backend.read([backend.locate("NONE")])
    backend.write(backend.locate("PORT"), Secret("5433"), token="t1")
    held = json.loads(world.theirs().get_secret_value(SecretId=world.prefix)["SecretString"])
    assert held == {**theirs, "PORT": "5433"}


@pytest.mark.parametrize("path", ["", EACH])
def test_binary_is_an_error_that_names_the_secret(world: World, path: str) -> None:
    for name in (world.prefix, f"{world.prefix}/A", f"{world.prefix}/B"):
        world.theirs().create_secret(Name=name, SecretBinary=b"\xffkanarienvogel")
    backend = world.open(path)
    with pytest.raises(BackendError, match=f"{world.prefix}.* holds binary") as caught:
        backend.read([backend.locate("A"), backend.locate("B")])
    assert "kanarienvogel" not in str(caught.value)
    if not path:
        with pytest.raises(BackendError, match="holds binary"):
            backend.write(backend.locate("A"), Secret("1"), token="t1")


def test_binary_that_is_text_is_that_text(world: World) -> None:
    world.theirs().create_secret(Name=f"{world.prefix}/A", SecretBinary="äöü".encode())
    world.theirs().create_secret(Name=world.prefix, SecretBinary=b'{"A": "1"}')
    for path, text in (("", "1"), (EACH, "äöü")):
        backend = world.open(path)
        ref = backend.locate("A")
        assert backend.read([ref]) == {ref: Secret(text)}


@pytest.mark.parametrize("text", ["plain kanarienvogel", '["kanarienvogel"]', '{"kanarienvogel'])
def test_what_is_no_json_object_is_never_overwritten(world: World, text: str) -> None:
    world.theirs().create_secret(Name=world.prefix, SecretString=text)
    backend = world.open()
    for action in (
        lambda: backend.read([backend.locate("A")]),
        lambda: backend.write(backend.locate("A"), Secret("1"), token="t1"),
        lambda: backend.delete(backend.locate("A")),
        backend.list,
    ):
        with pytest.raises(EnvguardError, match="is no JSON object") as caught:
            action()
        assert "kanarienvogel" not in str(caught.value)
    assert world.theirs().get_secret_value(SecretId=world.prefix)["SecretString"] == text


def test_one_of_a_batch_that_may_not_be_read_is_named_and_the_others_are_read(
    world: World,
) -> None:
    backend = world.open(EACH)
    refs = values(*(f"KEY_{number}" for number in range(25)))
    backend.write_all(refs, token="t1")
    world.caller.faults({"kind": "denied", "action": "*Get*", "on": f"{world.prefix}/KEY_7"})
    with pytest.raises(BackendError) as caught:
        backend.read(list(refs))
    named = f"secretsmanager:GetSecretValue on {world.prefix}/KEY_7"
    assert named in caught.value.what
    assert f':secret:{world.prefix}/KEY_7-??????"' in caught.value.hint
    values_of = caught.value.values  # type: ignore[attr-defined] # of UnreadableError
    assert len(values_of) == 24


def test_a_json_secret_that_may_not_be_read_is_named_once(world: World) -> None:
    world.caller.faults({"kind": "denied"})
    with pytest.raises(BackendError) as caught:
        world.open().read(list(values("A", "B", "C")))
    assert caught.value.what == f"no permission for secretsmanager:GetSecretValue on {world.prefix}"


def test_a_role_without_the_batch_call_reads_one_by_one(world: World) -> None:
    backend = world.open(EACH)
    refs = values("A", "B", "C")
    backend.write_all(refs, token="t1")
    world.caller.faults({"kind": "denied", "action": "BatchGetSecretValue"})
    world.caller.calls()
    assert backend.read(list(refs)) == refs
    assert sorted(world.caller.calls()) == ["BatchGetSecretValue", *["GetSecretValue"] * 3]


def test_a_page_without_values_is_not_the_end(world: World) -> None:
    backend = world.open(EACH)
    refs = values("A", "B")
    backend.write_all(refs, token="t1")
    world.caller.faults({"kind": "paged"})
    assert backend.read(list(refs)) == refs


def test_the_token_of_a_write_is_the_version_that_aws_keeps(world: World) -> None:
    backend = world.open(EACH)
    ref = backend.locate("A")
    version = backend.write(ref, Secret("one"), token="t1")
    there = world.theirs().describe_secret(SecretId=f"{world.prefix}/A")
    assert there["VersionIdsToStages"] == {version: ["AWSCURRENT"]}
    assert {tag["Key"]: tag["Value"] for tag in there["Tags"]} == {"envguard-key": "A"}


def test_a_version_is_also_read_by_the_label_of_aws(world: World) -> None:
    backend = world.open(EACH)
    ref = backend.locate("A")
    for text in ("one", "two"):
        backend.write(ref, Secret(text), token=text)
    old, never = ref._replace(version="AWSPREVIOUS"), ref._replace(version="NEVER")
    assert backend.read([ref, old, never]) == {ref: Secret("two"), old: Secret("one")}


def test_a_new_secret_is_encrypted_with_the_key_that_is_named(world: World) -> None:
    for path in ("?kms=alias/shop", f"{EACH}&kms=alias/shop"):
        backend = world.open(path)
        backend.write(backend.locate("A"), Secret("1"), token="t1")
    for name in (world.prefix, f"{world.prefix}/A"):
        assert world.theirs().describe_secret(SecretId=name)["KmsKeyId"] == "alias/shop"


@pytest.mark.parametrize("path", ["", EACH])
def test_a_secret_that_is_scheduled_for_deletion_is_absent_and_restored_by_a_write(
    world: World, path: str
) -> None:
    backend = world.open(path)
    ref, other = backend.locate("A"), backend.locate("B")
    first = backend.write(ref, Secret("old"), token="t1")
    backend.write(other, Secret("old"), token="t1")
    for name in (world.prefix,) if not path else (f"{world.prefix}/A", f"{world.prefix}/B"):
        world.theirs().delete_secret(SecretId=name)
    assert backend.read([ref, other]) == {}
    assert list(backend.list()) == []
    assert dict(backend.current([ref, other])) == {}
    assert list(backend.versions(ref)) == []
    assert backend.delete(ref) is False
    second = backend.write(ref, Secret("old"), token="t1")
    assert second != first
    assert backend.read([ref, other]) == {ref: Secret("old")}
    assert set(backend.current([ref, other])) == {ref}


def test_an_empty_value_is_refused_before_any_call(world: World) -> None:
    backend = world.open(EACH)
    with pytest.raises(UsageError, match="keeps no empty values") as caught:
        backend.write(backend.locate("A"), Secret(""), token="t1")
    assert "layout=json" in caught.value.hint
    assert world.caller.calls() == []


def test_what_somebody_else_writes_in_between_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, other = world.open(), world.theirs()
    backend.write(backend.locate("A"), Secret("1"), token="t1")
    put = SecretsManager.put
    intruders = ["B", "C"]

    def late(
        self: SecretsManager,
        name: str,
        value: Secret,
        version: str,
        state: State | None,
        **more: object,
    ) -> None:
        if intruders:
            held = json.loads(other.get_secret_value(SecretId=name)["SecretString"])
            text = json.dumps({**held, intruders.pop(): "theirs"})
            other.put_secret_value(SecretId=name, SecretString=text)
        put(self, name, value, version, state, **more)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(SecretsManager, "put", late)
    backend.write(backend.locate("A"), Secret("2"), token="t2")
    assert json.loads(other.get_secret_value(SecretId=world.prefix)["SecretString"]) == {
        "A": "2",
        "B": "theirs",
        "C": "theirs",
    }


def test_a_json_secret_that_is_full_says_so_before_the_call(world: World) -> None:
    backend = world.open()
    backend.write(backend.locate("A"), Secret("x" * 40_000), token="t1")
    world.caller.calls()
    with pytest.raises(UsageError, match=r"would hold 80,0\d\d bytes; AWS takes at most 65,536"):
        backend.write(backend.locate("B"), Secret("x" * 40_000), token="t2")
    assert "PutSecretValue" not in world.caller.calls()


def test_versions_of_a_field_are_those_in_which_it_changed(world: World) -> None:
    backend = world.open()
    a, b = backend.locate("A"), backend.locate("B")
    first = backend.write(a, Secret("1"), token="t1")
    backend.write(b, Secret("1"), token="t2")
    backend.write(b, Secret("2"), token="t3")
    last = backend.write(a, Secret("2"), token="t4")
    assert [version.id for version in backend.versions(a)] == [first, last]
    assert len(backend.versions(b)) == 2
    assert backend.current([a])[a] == last
    backend.delete(b)
    assert backend.current([a, b]) == {a: last}


def test_a_batch_of_fields_is_one_write(world: World) -> None:
    backend = world.open()
    refs = values(*(f"KEY_{number}" for number in range(60)))
    backend.write_all(refs, token="t1")
    assert world.caller.calls() == ["DescribeSecret", "CreateSecret", "DescribeSecret"]
    again = backend.write_all(refs, token="t1")
    assert len(set(again.values())) == 1
    calls = world.caller.calls()
    assert "PutSecretValue" not in calls
    backend.delete_all(list(refs))
    assert world.caller.calls().count("PutSecretValue") == 1


def test_the_dates_of_fields_are_labels_of_the_version(world: World) -> None:
    backend = world.open()
    a, b = backend.locate("A"), backend.locate("B")
    backend.write_all({a: Secret("1"), b: Secret("1")}, token="t1")
    backend.describe(a, About(expires_at="2099-01-01T00:00:00Z"))
    backend.write(b, Secret("2"), token="t2")
    held = world.theirs().get_secret_value(SecretId=world.prefix)
    assert "envguard-expires-2099-01-01T00:00:00Z/A" in held["VersionStages"]
    by_name = {row.name: row.expires_at for row in backend.list()}
    assert by_name == {"A": "2099-01-01T00:00:00Z", "B": None}
    for number in range(17):
        ref = backend.locate(f"C{number}")
        backend.write(ref, Secret("1"), token="t3")
        backend.describe(ref, About(expires_at="2099-01-01T00:00:00Z"))
    backend.describe(b, About(expires_at="2099-01-01T00:00:00Z"))
    over = backend.locate("OVER")
    backend.write(over, Secret("1"), token="t4")
    with pytest.raises(UsageError, match="20 labels"):
        backend.describe(over, About(expires_at="2099-01-01T00:00:00Z"))


def test_a_field_of_a_secret_that_has_expired_has_expired(world: World) -> None:
    backend = world.open(EACH)
    ref = backend.locate("DATABASE")
    backend.write(ref, Secret('{"password": "1"}'), token="t1")
    field = ref._replace(field="password")
    assert backend.read([field]) == {field: Secret("1")}
    backend.describe(ref, About(expires_at="2001-01-01T00:00:00Z"))
    old = ref._replace(version=backend.write(ref, Secret("{}"), token="t2"))
    for refs in ([ref], [field], [ref, ref._replace(version="AWSPREVIOUS")], [old]):
        with pytest.raises(ExpiredError):
            backend.read(refs)


@pytest.mark.parametrize(
    "about", [About(description="a (b)"), About(category="x" * 257)], ids=["sign", "length"]
)
def test_what_no_tag_can_hold_is_refused_before_the_write(world: World, about: About) -> None:
    backend = world.open()
    with pytest.raises(UsageError):
        backend.describe(backend.locate("A"), about, Secret("1"), token="t1")
    assert world.caller.calls() == []


def test_a_rotation_is_that_of_aws(world: World) -> None:
    backend = world.open(EACH)
    backend.write(backend.locate("A"), Secret("1"), token="t1")
    with pytest.raises(UsageError, match="no rotation") as caught:
        backend.rotate(backend.locate("A"))
    assert "--rotation-lambda-arn" in caught.value.hint


def test_throttling_beyond_the_deadline_is_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = world.open()
    world.caller.faults({"kind": "throttled", "times": 2})
    assert backend.read([backend.locate("A")]) == {}
    world.caller.faults({"kind": "throttled"})
    monkeypatch.setattr(parallel, "DEADLINE_SECONDS", 0.3)
    with pytest.raises(BackendError, match="still throttles secretsmanager:GetSecretValue"):
        backend.read([backend.locate("A")])


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("AKIAUNKNOWN", "does not accept the credentials"),
        ("ASIAEXPIRED", "the credentials for AWS in eu-west-1 have expired"),
    ],
)
def test_credentials_that_are_not_valid_say_which_way(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str, what: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    with pytest.raises(BackendError, match=what):
        world.open().check()


def test_without_credentials_and_with_a_wrong_profile_there_is_something_to_type(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(BackendError, match="there are no AWS credentials"):
        world.open().check()
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    with pytest.raises(BackendError, match="AWS_PROFILE names a profile"):
        world.open().check()


def test_credentials_that_no_header_can_carry_are_not_quoted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "kanarienvogel\nline")
    with pytest.raises(BackendError, match="the AWS SDK failed: HTTPClientError") as caught:
        world.open().check()
    assert "kanarienvogel" not in "".join(traceback.format_exception(caught.value))


def test_a_region_that_nobody_knows_is_told_with_one_like_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(BackendError, match="cannot be reached") as caught:
        world.open(region="eu-wast-1").check()
    assert "is eu-wast-1 a region? such as eu-west-1" in caught.value.hint
    backend = world.open()
    with pytest.raises(BackendError, match="cannot be reached") as caught:
        backend.read([backend.locate(name) for name in "ABC"])
    assert "AWS_ENDPOINT_URL" in caught.value.hint
    assert caught.value.what.count("cannot be reached") == 1


@pytest.mark.parametrize(
    "url",
    ["aws://", "aws://nowhere/a", "aws://eu-west-1/", "aws://eu-west-1/a?layout=x", "aws:a"],
)
def test_an_address_that_is_none_is_refused(world: World, url: str) -> None:
    from envguard.backends.aws import open_aws
    from envguard.core.naming import Naming

    with pytest.raises(ConfigError):
        open_aws(url, world.settings(), Naming())


def test_no_log_of_the_sdk_shows_a_value_or_a_credential(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kanarien-key")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "kanarien-session")
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    caplog.set_level(logging.DEBUG)
    for kind in ("", "echo", "broken", "denied", "cut", "throttled"):
        monkeypatch.setattr(parallel, "DEADLINE_SECONDS", 0.2)
        for path in ("", EACH):
            world.caller.faults()
            backend = world.open(path)
            ref = backend.locate("A")
            backend.write(ref, Secret("kanarien-value"), token=f"{kind}{path}")
            assert backend.read([ref]) == {ref: Secret("kanarien-value")}
            world.caller.faults(*([{"kind": kind}] if kind else []))
            for action in (
                lambda ref=ref, backend=backend: backend.read([ref]),
                lambda ref=ref, backend=backend: backend.write(
                    ref, Secret("kanarien-second"), token="t2"
                ),
                backend.list,
                lambda ref=ref, backend=backend: backend.delete(ref),
            ):
                try:
                    action()
                except EnvguardError as error:
                    assert error.__context__ is None
                    told = "".join(traceback.format_exception(error)) + error.hint
                    assert "kanarien" not in told
    assert "kanarien" not in caplog.text + "".join(capfd.readouterr())
    # What another part of the same process asks of AWS is its own affair.
    world.caller.faults()
    world.theirs().create_secret(Name=f"{world.prefix}/theirs", SecretString="kanarien-theirs")
    assert "kanarien-theirs" in caplog.text
