"""The token of whoever ran `az login`
(https://learn.microsoft.com/cli/azure/account#az-account-get-access-token)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from envguard.backends.keyvault.token import FailedError, Token, of_answer

_SECONDS = 15  # az itself takes one to three


def token(resource: str, environ: Mapping[str, str]) -> Token:
    """The token that the Azure CLI gives. Raises FailedError."""
    import shutil  # noqa: PLC0415 - only where nothing else gave a token
    import subprocess  # noqa: PLC0415

    program = shutil.which("az", path=environ.get("PATH"))
    if program is None:
        raise FailedError("az is not installed")
    try:
        done = subprocess.run(
            [program, "account", "get-access-token", "--output", "json", "--resource", resource],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
        found = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        found = {}
    if not isinstance(found, dict) or not found.get("accessToken"):
        raise FailedError("az gave no token: az login")
    return of_answer(found, "accessToken")
