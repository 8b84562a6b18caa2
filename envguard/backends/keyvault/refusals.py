"""What Key Vault's errors mean (https://learn.microsoft.com/azure/key-vault/general/rest-error-codes),
in our words: of its own text only the codes are used."""

from __future__ import annotations

from typing import NamedTuple

from envguard.backends.service.rest import Answer, HopelessError
from envguard.core.errors import BackendError

BUSY = ("ObjectIsBeingRecovered", "ObjectIsBeingDeleted")
"""A name on its way from one state to another; in a while it can be written."""

DELETED = "ObjectIsDeletedButRecoverable"
DISABLED = "SecretDisabled"


class Action(NamedTuple):
    """What a call needs: the permission of an access policy, and the role of Azure RBAC
    (https://learn.microsoft.com/azure/key-vault/general/rbac-guide)."""

    permission: str
    role: str = "Key Vault Secrets Officer"


GET = Action("get", "Key Vault Secrets User")
LIST = Action("list")
SET = Action("set")
UPDATE = Action("set")
DELETE = Action("delete")
RECOVER = Action("recover")


class RefusedError(BackendError):
    """The caller may not do this."""


class UnknownCallerError(HopelessError):
    """The vault does not take the token."""


class KeptOutError(HopelessError):
    """The firewall of the vault does not take the caller's address."""


def is_absent(answer: Answer) -> bool:
    """Whether the vault, and not something in between, says that it is not there."""
    error = answer.body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return answer.status == 404 and code == "SecretNotFound"


def inner_code(answer: Answer) -> str:
    """The code within the error, which says more than the status; empty where none."""
    error = answer.body.get("error")
    inner = error.get("innererror") if isinstance(error, dict) else None
    code = str(inner.get("code", "")) if isinstance(inner, dict) else ""
    return code if code.isalnum() and len(code) < 60 else ""


def grant(vault: str, action: Action) -> str:
    """The command that gives a right, for the person who may."""
    return (
        f'az role assignment create --role "{action.role}" --assignee CALLER'
        f" --scope $(az keyvault show --name {vault} --query id --output tsv)"
    )


def refusal(answer: Answer, action: Action, on: str, vault: str) -> BackendError:
    """The error for an answer to a call that needs `action` on a secret."""
    if answer.status == 401:
        return UnknownCallerError(
            f"the key vault {vault} did not take the token: it is of another tenant, or has ended",
            "az login --tenant TENANT, or check AZURE_TENANT_ID",
        )
    code = inner_code(answer)
    if code == "ForbiddenByFirewall":
        return KeptOutError(
            f"the firewall of the key vault {vault} keeps this address out",
            f"az keyvault network-rule add --name {vault} --ip-address ADDRESS",
        )
    if answer.status == 403 and code in ("ForbiddenByPolicy", "AccessDenied"):
        return RefusedError(
            f"the access policy of {vault} refused secrets/{action.permission} on {on}",
            f"az keyvault set-policy --name {vault} --object-id CALLER"
            f" --secret-permissions {action.permission}",
        )
    if answer.status == 403:
        return RefusedError(
            f"Azure refused secrets/{action.permission} on {on} in {vault}", grant(vault, action)
        )
    return BackendError(
        f"the key vault {vault} answered {answer.status} {code} for {on}".replace("  ", " "),
        "try again; if it stays so, look at https://azure.status.microsoft",
    )
