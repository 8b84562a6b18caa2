"""What AWS refuses and moto does not, by the vendor's own client: the tests' server refuses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.backends.aws_world import World


@pytest.fixture
def world(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return World(aws, tmp_path, monkeypatch)


def refused(code: str, call: Callable[..., Any], **given: Any) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**given)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_secret_that_is_scheduled_for_deletion_takes_no_changes(world: World) -> None:
    theirs, name = world.theirs(), world.prefix
    theirs.create_secret(Name=name, SecretString="1")
    theirs.delete_secret(SecretId=name)
    code = "InvalidRequestException"
    refused(code, theirs.create_secret, Name=name, SecretString="2")
    refused(code, theirs.put_secret_value, SecretId=name, SecretString="2")
    refused(code, theirs.update_secret, SecretId=name, SecretString="2")
    refused(code, theirs.tag_resource, SecretId=name, Tags=[{"Key": "a", "Value": "b"}])
    refused(code, theirs.get_secret_value, SecretId=name)
    theirs.restore_secret(SecretId=name)
    assert theirs.get_secret_value(SecretId=name)["SecretString"] == "1"


def test_values_names_and_tags_have_limits(world: World) -> None:
    theirs, name = world.theirs(), world.prefix
    create = theirs.create_secret
    theirs.create_secret(Name=name, SecretString="x" * 65_536)
    refused("ValidationException", create, Name=f"{name}/a", SecretString="x" * 65_537)
    refused("ValidationException", create, Name=f"{name}/a", SecretString="ü" * 32_769)
    refused("ValidationException", create, Name="two words", SecretString="1")
    refused("ValidationException", create, Name="x" * 513, SecretString="1")
    both = {"SecretString": "1", "SecretBinary": b"1"}
    refused("InvalidParameterException", theirs.put_secret_value, SecretId=name, **both)
    tags = [{"Key": f"key-{number}", "Value": "1"} for number in range(51)]
    theirs.tag_resource(SecretId=name, Tags=tags[:50])
    refused("InvalidParameterException", theirs.tag_resource, SecretId=name, Tags=tags[50:])
    comma = [{"Key": "key-1", "Value": "a,b"}]
    refused("InvalidParameterException", theirs.tag_resource, SecretId=name, Tags=comma)


def test_a_batch_has_20_names_and_tells_those_that_failed(world: World) -> None:
    theirs, name = world.theirs(), world.prefix
    theirs.create_secret(Name=name, SecretString="1")
    names = [f"{name}/{number}" for number in range(20)]
    refused("ValidationException", theirs.batch_get_secret_value, SecretIdList=[name, *names])
    said = theirs.batch_get_secret_value(SecretIdList=[name, names[0]])
    assert [value["SecretString"] for value in said["SecretValues"]] == ["1"]
    assert [error["ErrorCode"] for error in said["Errors"]] == ["ResourceNotFoundException"]


def test_what_is_not_there_is_a_bad_request(world: World) -> None:
    theirs, code = world.theirs(), "ResourceNotFoundException"
    for call in (theirs.get_secret_value, theirs.describe_secret, theirs.list_secret_version_ids):
        refused(code, call, SecretId=world.prefix)


def test_a_label_is_on_one_version(world: World) -> None:
    theirs, name = world.theirs(), world.prefix
    theirs.create_secret(Name=name, SecretString="0")
    for text in ("1", "2"):
        labels = ["AWSCURRENT", "blue"]
        theirs.put_secret_value(SecretId=name, SecretString=text, VersionStages=labels)
    found = theirs.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    assert sorted(tuple(version["VersionStages"]) for version in found) == [
        (),
        ("AWSCURRENT", "blue"),
        ("AWSPREVIOUS",),
    ]
    assert len({version["CreatedDate"] for version in found}) == 3
    assert len(theirs.list_secret_version_ids(SecretId=name)["Versions"]) == 2


def test_a_rotation_needs_a_function(world: World) -> None:
    theirs = world.theirs()
    theirs.create_secret(Name=world.prefix, SecretString="1")
    refused("InvalidRequestException", theirs.rotate_secret, SecretId=world.prefix)


def test_parameters_have_limits_and_a_rate(world: World) -> None:
    theirs, name = world.theirs("ssm"), f"/{world.prefix}/A"
    put, given = theirs.put_parameter, {"Name": name, "Type": "SecureString"}
    put(**given, Value="x" * 4096)
    given["Overwrite"] = True
    refused("ValidationException", put, **given, Value="x" * 4097)
    refused("ValidationException", put, **given, Value="a {{b}}")
    refused("ValidationException", put, **given | {"Name": "a/b"}, Value="1")
    refused("ValidationException", put, **given | {"Name": "/a" * 16}, Value="1")
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="Rate exceeded"):
        for _ in range(200):
            theirs.get_parameters(Names=[name])
