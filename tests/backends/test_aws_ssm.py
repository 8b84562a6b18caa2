"""Parameter Store, where it differs from what every backend does (tests/contract)."""

from __future__ import annotations

from pathlib import Path

import pytest

from envguard.core.backend import Capability
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed, UsageError
from envguard.core.naming import Naming
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from tests.backends.aws_world import World


@pytest.fixture
def world(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(aws, tmp_path, monkeypatch)


def test_100_parameters_are_ten_calls(world: World) -> None:
    refs = [Reference("secret", f"KEY_{number}") for number in range(100)]
    assert world.ssm().read(refs) == {}
    assert world.caller.calls() == ["GetParameters"] * 10


def test_a_key_is_a_secure_string_that_other_programs_read(world: World) -> None:
    backend = world.ssm()
    backend.write(backend.locate("A"), Secret("one"), token="t1")
    theirs = world.theirs("ssm")
    name = f"/{world.prefix}/A"
    found = theirs.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (found["Type"], found["Value"]) == ("SecureString", "one")
    tags = theirs.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags}["envguard-key"] == "A"
    theirs.put_parameter(Name=f"/{world.prefix}/B", Value="two", Type="String")
    theirs.put_parameter(Name=f"/{world.prefix}-other/C", Value="three", Type="String")
    assert backend.read([backend.locate("B")]) == {backend.locate("B"): Secret("two")}
    assert [row.name for row in backend.list()] == ["A", "B"]


def test_a_parameter_that_is_made_again_has_another_version(world: World) -> None:
    backend = world.ssm()
    ref = backend.locate("A")
    first = backend.write(ref, Secret("one"), token="t1")
    backend.delete(ref)
    second = backend.write(ref, Secret("one"), token="t1")
    assert (first[:2], second[:2]) == ("1-", "1-")
    assert first != second
    old, new, plain = (ref._replace(version=version) for version in (first, second, "1"))
    assert backend.read([old, new, plain]) == {new: Secret("one"), plain: Secret("one")}


def test_a_version_is_also_read_by_its_label(world: World) -> None:
    backend = world.ssm()
    ref = backend.locate("A")
    for text in ("one", "two"):
        backend.write(ref, Secret(text), token=text)
    world.theirs("ssm").label_parameter_version(
        Name=f"/{world.prefix}/A", ParameterVersion=1, Labels=["blue"]
    )
    blue, never = ref._replace(version="blue"), ref._replace(version="9")
    assert backend.read([blue, never]) == {blue: Secret("one")}


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("", "", "keeps no empty values"),
        ("", "x" * 4097, "has 4,097 bytes, and Parameter Store takes 4,096"),
        ("?tier=advanced", "x" * 8193, "has 8,193 bytes, and Parameter Store takes 8,192"),
        ("", "a {{b}} c", "which Parameter Store takes for a name of its own"),
    ],
)
def test_a_value_that_it_does_not_take_is_refused_before_any_call(
    world: World, path: str, value: str, what: str
) -> None:
    backend = world.ssm(path)
    with pytest.raises(UsageError, match=what) as caught:
        backend.write(backend.locate("A"), Secret(value), token="t1")
    assert caught.value.hint
    assert world.caller.calls() == []


def test_the_advanced_tier_takes_8_kib(world: World) -> None:
    backend = world.ssm("?tier=advanced&kms=alias/shop")
    ref = backend.locate("A")
    backend.write(ref, Secret("x" * 8192), token="t1")
    assert backend.read([ref]) == {ref: Secret("x" * 8192)}
    (found,) = world.theirs("ssm").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Values": [f"/{world.prefix}/A"]}]
    )["Parameters"]
    assert (found["Tier"], found["KeyId"]) == ("Advanced", "alias/shop")


@pytest.mark.parametrize("prefix", ["aws", "SSM-shop", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o"])
def test_names_that_aws_keeps_for_itself_are_refused(world: World, prefix: str) -> None:
    from envguard.backends.aws_ssm import open_aws_ssm

    backend = open_aws_ssm(f"aws-ssm://eu-west-1/{prefix}", world.settings(), Naming())
    with pytest.raises(NameNotAllowed):
        backend.locate("A")


@pytest.mark.parametrize("option", ["layout=json", "tier=large", "key=x"])
def test_what_it_has_not_is_refused_in_its_address(world: World, option: str) -> None:
    with pytest.raises(ConfigError):
        world.ssm(f"?{option}")


def test_a_field_of_a_parameter_is_read_and_not_written(world: World) -> None:
    from envguard.backends.aws_ssm import open_aws_ssm

    url = f"aws-ssm://eu-west-1/{world.prefix}"
    backend = open_aws_ssm(url, world.settings(), Naming(names={"PASSWORD": "database#password"}))
    theirs = world.theirs("ssm")
    name = f"/{world.prefix}/database"
    theirs.put_parameter(Name=name, Value='{"password": "1"}', Type="SecureString")
    field = Reference("secret", "database", "password")
    assert backend.read([field]) == {field: Secret("1")}
    with pytest.raises(NameNotAllowed, match="a parameter has no fields"):
        backend.write(Reference("secret", "PASSWORD"), Secret("2"), token="t1")


def test_a_denied_call_names_the_permission_and_the_parameter(world: World) -> None:
    backend = world.ssm()
    world.caller.faults({"kind": "denied"})
    with pytest.raises(BackendError) as caught:
        backend.read([backend.locate("A")])
    assert f"ssm:GetParameters on /{world.prefix}/A" in caught.value.what
    assert f"arn:aws:ssm:eu-west-1:*:parameter/{world.prefix}/A" in caught.value.hint


def test_it_says_what_it_cannot(world: World) -> None:
    assert Capability.METADATA not in world.ssm().capabilities
