"""What Vault refuses, in our words: its own messages are looked into, and never shown.

https://developer.hashicorp.com/vault/api-docs#http-status-codes
"""

from __future__ import annotations

from envguard.backends.service.rest import Answer, ThrottledError, UnreachableError
from envguard.core.errors import BackendError

LATER = (412, 429, 472, 473, 500, 502, 503, 504)
"""It did not do it, or nobody knows; each of our calls can be made again."""

_DENIED = "permission denied"


class DeniedError(BackendError):
    """The token may not do this."""


class TokenError(BackendError):
    """There is no token, or Vault does not know it (any more); no other call will do better."""


class SealedError(UnreachableError):
    """Vault is there, and has no key to read its storage with."""


class ChangedError(BackendError):
    """Somebody else has written in between (check-and-set)."""


class NoEngineError(BackendError):
    """Nothing is mounted there."""


def messages(answer: Answer) -> str:
    """What Vault says, in one small-letter text: for looking into."""
    found = answer.body.get("errors")
    return " ".join(map(str, found)).lower() if isinstance(found, list) else ""


def is_sealed(answer: Answer) -> bool:
    """Whether patience is of no use: somebody has to unseal it."""
    return answer.status == 503 and "sealed" in messages(answer)


def refusal(address: str, answer: Answer, policy: str, path: str) -> BackendError:
    """The error that an answer is. `policy` is the line that allows the call, `path` what it is
    about."""
    said, status = messages(answer), answer.status
    if status == 0:
        return UnreachableError(
            f"vault at {address} {answer.reason}",
            "check VAULT_ADDR and VAULT_CACERT: vault status",
        )
    if is_sealed(answer):
        return SealedError(f"vault at {address} is sealed", "vault operator unseal")
    if "invalid token" in said or "bad token" in said or "missing client token" in said:
        return TokenError(
            f"vault at {address} does not know this token: it is wrong, or has expired",
            "vault login, or export VAULT_TOKEN=TOKEN",
        )
    if status == 403:
        return DeniedError(f"vault refused the token for {path}", f"add to the policy: {policy}")
    if status == 400 and "check-and-set" in said:
        return ChangedError(f"{path} is changed by others all the time", "try again")
    if status == 404 and ("no handler for route" in said or "route entry not found" in said):
        mount = path.partition("/")[0]
        return NoEngineError(
            f"vault at {address} has no secrets engine {mount}/",
            f"vault secrets list; or make it: vault secrets enable -path={mount} -version=2 kv",
        )
    if status in (429, 503):
        return ThrottledError(
            f"vault at {address} asks for patience: it still answers {status}",
            "try again later, or ask for a higher quota",
        )
    if status in (472, 473) or (status == 500 and "local node not active" in said):
        return UnreachableError(
            f"vault at {address} is a standby, and no active server of its cluster answers",
            "vault status; and point VAULT_ADDR at the active server",
        )
    if status in LATER:
        return UnreachableError(f"vault at {address} has trouble (HTTP {status})", "vault status")
    if status == 413 or "too large" in said or "exceeds" in said:
        return BackendError(
            f"vault refused {path}: it is larger than this server takes",
            "keep it in a file, and write file:PATH; or ?layout=each",
        )
    if not isinstance(answer.body.get("errors"), list):
        return UnreachableError(
            f"what answers at {address} is no Vault (HTTP {status})",
            "check VAULT_ADDR: vault status",
        )
    return BackendError(f"vault refused {path} (HTTP {status})", f"vault kv get {path}")
