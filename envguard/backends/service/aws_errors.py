"""What AWS and its SDK refuse, in our words: the class and the code of an error, never its text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from envguard.core.errors import BackendError


class Answer(NamedTuple):
    """What a call gave: `said`, or the class of an `error`, with AWS's `code` and HTTP `status`
    where it was AWS that refused, else with the `kinds` that the error is. `message` is AWS's
    text: to be looked into, never to be shown."""

    said: Mapping[str, Any]
    error: str | None = None
    code: str = ""
    status: int = 0
    message: str = ""
    retry_after: float = 0
    kinds: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Answer({self.error or 'done'})"


CUT_OFF = "CutOff"
"""The kind of an answer that lacks what is always in it."""


class AwsError(BackendError):
    """AWS refused, or was not reached. `code` is what AWS calls it, empty where it said nothing;
    `is_deleted` tells that the secret is scheduled for deletion."""

    def __init__(self, what: str, hint: str, code: str = "", *, is_deleted: bool = False) -> None:
        super().__init__(what, hint)
        self.code = code
        self.is_deleted = is_deleted


class Unusable(AwsError):
    """No other call will do better: AWS is not reached, throttles, or knows no such caller."""


class Denied(AwsError):
    """The credentials lack a permission; `hint` has the statement that gives it."""


# https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html
_THROTTLED = ("ThrottlingException", "Throttling", "RequestLimitExceeded", "LimitExceededException")
_DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
_OVER = ("ExpiredTokenException", "ExpiredToken", "RequestExpired")
_UNKNOWN = (
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
)
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "NoAuthTokenError")
_NO_LOGIN = (
    "SSOError",
    "SSOTokenLoadError",
    "UnauthorizedSSOTokenError",
    "TokenRetrievalError",
    "LoginError",
    "CredentialRetrievalError",
)
_GONE = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError")
_LOST = (
    CUT_OFF,
    "ConnectionClosedError",
    "ResponseParserError",
    "ResponseStreamingError",
    "IncompleteReadError",
    *_GONE,
)

_LOOK = {
    "secretsmanager": "aws secretsmanager describe-secret --secret-id",
    "ssm": "aws ssm get-parameter --name",
}


def is_throttled(answer: Answer) -> bool:
    """Whether AWS asks for patience."""
    return answer.code in _THROTTLED or answer.status in (429, 503)


def is_lost(answer: Answer) -> bool:
    """Whether the same call may well succeed when it is tried again at once."""
    if "ConnectTimeoutError" in answer.kinds or "ReadTimeoutError" in answer.kinds:
        return False
    return answer.status >= 500 or any(kind in _LOST for kind in answer.kinds)


def in_words(answer: Answer, service: str, region: str, action: str, on: str) -> AwsError:
    """The error that a person reads. `on` is the name of the secret, or `*`."""
    code = answer.code
    right = f"{service}:{action}"
    where = f"AWS in {region}"
    if code in _DENIED:
        return _denied(answer, service, region, action, on)
    if code in _OVER:
        return Unusable(
            f"the credentials for {where} have expired", "aws sso login, or new ones", code
        )
    if code in _UNKNOWN:
        return Unusable(
            f"{where} does not accept the credentials ({code})",
            f"aws sts get-caller-identity --region {region}; some regions must be enabled first",
            code,
        )
    if is_throttled(answer):
        return Unusable(
            f"{where} still throttles {right} after half a minute", "try again later", code
        )
    if code:
        return AwsError(
            f"{right} on {on} was refused: {code}",
            f"{_LOOK[service]} {on} --region {region}",
            code,
            is_deleted=code == "InvalidRequestException" and "delet" in answer.message,
        )
    return _unreached(answer, service, region)


def statement(action: str | Sequence[str], resource: str | Sequence[str]) -> str:
    """The statement of an IAM policy that allows an action."""
    return json.dumps({"Effect": "Allow", "Action": action, "Resource": resource})


def arn(service: str, region: str, name: str) -> str:
    """The pattern of ARNs that a secret's name, or a prefix ending in `*`, has in a policy.
    Secrets Manager adds six characters to a name."""
    if service == "ssm":
        return f"arn:{_partition(region)}:ssm:{region}:*:parameter/{name.lstrip('/')}"
    tail = "" if name.endswith("*") else "-??????"
    return f"arn:{_partition(region)}:secretsmanager:{region}:*:secret:{name}{tail}"


def _partition(region: str) -> str:
    """https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""
    starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
    return next((name for start, name in starts.items() if region.startswith(start)), "aws")


# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
ON_ALL = ("BatchGetSecretValue", "ListSecrets", "DescribeParameters")
"""Actions that a policy can only allow on everything."""


def _denied(answer: Answer, service: str, region: str, action: str, on: str) -> Denied:
    right = f"{service}:{action}"
    resource = "*" if action in ON_ALL else arn(service, region, on)
    if "KMS" in answer.message or "kms:" in answer.message:
        right, resource = "kms:Decrypt", f"arn:{_partition(region)}:kms:{region}:*:key/*"
        if action.startswith(("Put", "Create")):
            right = "kms:GenerateDataKey"
    if "explicit deny" in answer.message:
        return Denied(
            f"a policy denies {right} on {on}",
            "ask whoever wrote it: aws iam get-user",
            answer.code,
        )
    return Denied(
        f"no permission for {right} on {on}",
        f"add to the policy: {statement(right, resource)}",
        answer.code,
    )


def _unreached(answer: Answer, service: str, region: str) -> Unusable:
    kinds = answer.kinds
    if any(kind in _NO_CREDENTIALS for kind in kinds):
        return Unusable(
            "there are no AWS credentials",
            "aws configure, aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if any(kind in _NO_LOGIN for kind in kinds):
        return Unusable(f"the login to AWS is over ({answer.error})", "aws sso login")
    if "ProfileNotFound" in kinds:
        return Unusable(
            "AWS_PROFILE names a profile that there is not", "aws configure list-profiles"
        )
    if "ReadTimeoutError" in kinds:
        return Unusable(f"AWS in {region} gave no answer in time", "try again")
    if any(kind in _GONE for kind in kinds) or "ValueError" in kinds:
        return Unusable(
            f"{service} in {region} cannot be reached ({answer.error})", _way_there(service, region)
        )
    if CUT_OFF in kinds or "ResponseParserError" in kinds:
        return Unusable("what answers is not AWS, or is cut off", "check AWS_ENDPOINT_URL")
    if any(kind in _LOST for kind in kinds):
        return Unusable(f"AWS in {region} breaks the connection off ({answer.error})", "try again")
    return Unusable(f"the AWS SDK failed: {answer.error}", "aws configure list")


def _way_there(service: str, region: str) -> str:
    import botocore.session  # noqa: PLC0415 - only for the error

    known = botocore.session.get_session().get_available_regions(service)
    if region in known:
        return "check the network, the proxy and AWS_ENDPOINT_URL"
    from difflib import get_close_matches  # noqa: PLC0415 - only for the error

    near = get_close_matches(region, known, 1)
    return f"is {region} a region? {f'such as {near[0]}' if near else 'aws ec2 describe-regions'}"
