"""What AWS refuses, in words for people."""

from __future__ import annotations

import json

import pytest

from envguard.backends.service.aws_errors import (
    Answer,
    Denied,
    Unusable,
    arn,
    in_words,
    is_lost,
    is_throttled,
)


def refused(code: str, message: str = "", status: int = 400) -> Answer:
    return Answer({}, error="ClientError", code=code, status=status, message=message)


def unreached(*kinds: str) -> Answer:
    return Answer({}, error=kinds[0], kinds=kinds)


def statement(hint: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(hint.removeprefix("add to the policy: "))
    return found


def test_a_denied_call_says_which_statement_allows_it() -> None:
    error = in_words(
        refused("AccessDeniedException"), "secretsmanager", "eu-west-1", "GetSecretValue", "a/b"
    )
    assert isinstance(error, Denied)
    assert error.what == "no permission for secretsmanager:GetSecretValue on a/b"
    assert statement(error.hint) == {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:eu-west-1:*:secret:a/b-??????",
    }


@pytest.mark.parametrize(
    ("action", "right"), [("GetSecretValue", "Decrypt"), ("PutSecretValue", "GenerateDataKey")]
)
def test_a_key_that_may_not_be_used_is_a_permission_of_kms(action: str, right: str) -> None:
    answer = refused("AccessDeniedException", "Access to KMS is not allowed")
    error = in_words(answer, "secretsmanager", "eu-west-1", action, "a")
    assert error.what == f"no permission for kms:{right} on a"
    assert statement(error.hint)["Action"] == f"kms:{right}"


def test_an_explicit_denial_is_not_answered_with_a_statement_that_would_not_help() -> None:
    answer = refused("AccessDeniedException", "… with an explicit deny in a service control policy")
    error = in_words(answer, "ssm", "eu-west-1", "GetParameters", "/a")
    assert error.what == "a policy denies ssm:GetParameters on /a"
    assert "Allow" not in error.hint


@pytest.mark.parametrize(
    ("service", "region", "name", "wanted"),
    [
        ("secretsmanager", "eu-west-1", "a/*", "arn:aws:secretsmanager:eu-west-1:*:secret:a/*"),
        ("ssm", "cn-north-1", "/a/b", "arn:aws-cn:ssm:cn-north-1:*:parameter/a/b"),
        ("ssm", "us-gov-west-1", "a", "arn:aws-us-gov:ssm:us-gov-west-1:*:parameter/a"),
    ],
)
def test_a_resource_is_in_the_partition_of_its_region(
    service: str, region: str, name: str, wanted: str
) -> None:
    assert arn(service, region, name) == wanted


@pytest.mark.parametrize(
    ("answer", "what", "hint"),
    [
        (refused("ExpiredTokenException"), "have expired", "aws sso login"),
        (refused("InvalidSignatureException"), "does not accept", "aws sts get-caller-identity"),
        (refused("ThrottlingException"), "still throttles ssm:GetParameters", "try again later"),
        (unreached("NoCredentialsError"), "there are no AWS credentials", "aws configure"),
        (unreached("UnauthorizedSSOTokenError"), "the login to AWS is over", "aws sso login"),
        (unreached("ProfileNotFound"), "AWS_PROFILE", "aws configure list-profiles"),
        (unreached("ReadTimeoutError"), "no answer in time", "try again"),
        (unreached("ConnectionClosedError"), "breaks the connection off", "try again"),
        (unreached("CutOff"), "is not AWS, or is cut off", "AWS_ENDPOINT_URL"),
        (unreached("SomethingNew"), "the AWS SDK failed: SomethingNew", "aws configure list"),
    ],
)
def test_what_no_other_call_can_do_better_is_told_once(
    answer: Answer, what: str, hint: str
) -> None:
    error = in_words(answer, "ssm", "eu-west-1", "GetParameters", "/a")
    assert isinstance(error, Unusable)
    assert what in error.what
    assert hint in error.hint


def test_an_error_that_nobody_foresaw_has_its_code_and_not_its_text() -> None:
    answer = refused("InvalidParameterException", "the value kanarienvogel is wrong")
    error = in_words(answer, "secretsmanager", "eu-west-1", "PutSecretValue", "a")
    assert error.what == "secretsmanager:PutSecretValue on a was refused: InvalidParameterException"
    assert error.hint == "aws secretsmanager describe-secret --secret-id a --region eu-west-1"


def test_what_is_tried_again() -> None:
    assert is_throttled(refused("ThrottlingException"))
    assert is_throttled(refused("", status=503))
    assert not is_throttled(refused("AccessDeniedException"))
    assert is_lost(refused("InternalServiceError", status=500))
    assert is_lost(unreached("EndpointConnectionError"))
    assert not is_lost(unreached("ConnectTimeoutError", "EndpointConnectionError"))
    assert not is_lost(unreached("ReadTimeoutError"))
