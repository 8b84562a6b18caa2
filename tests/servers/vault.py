"""HashiCorp's Vault for the tests: its own packages under a small program (`vault_server/`), with
storage in memory. `install()` builds it once; a test that finds no build is skipped."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "vault_server"


def cache() -> Path:
    """Where servers are kept once they are built: in the caller's home, as tests move HOME."""
    from tests.conftest import CALLER_HOME

    return Path(CALLER_HOME or Path.home()) / ".cache" / "envguard-tests"


def program() -> Path:
    """Where the build of these sources is, or will be."""
    hashed = hashlib.sha256()
    for file in sorted(SOURCE.rglob("*")):
        if file.is_file():
            hashed.update(file.read_bytes())
    return cache() / f"vault-{hashed.hexdigest()[:12]}"


def missing() -> str:
    """What this machine lacks for it; empty where nothing."""
    if program().exists():
        return ""
    if shutil.which("go") is None:
        return "Vault is not built, and there is no Go to build it with"
    return "Vault is not built: python -m tests.servers.vault"


def install() -> None:
    """Builds the server, where it is not built yet and there is Go. Takes minutes."""
    built = program()
    if built.exists() or shutil.which("go") is None:
        return
    built.parent.mkdir(parents=True, exist_ok=True)
    partly = built.with_name(f"{built.name}.{os.getpid()}")
    command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(partly), "."]
    subprocess.run(command, cwd=SOURCE, check=True, timeout=1800)
    partly.replace(built)


class Vault:
    """A server. `root` is the token that may do everything, empty until it is initialized."""

    def __init__(self, address: str, authority: str = "") -> None:
        self.address = address
        self.root = ""
        self.key = ""
        self._context = ssl.create_default_context(cadata=authority) if authority else None

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = ""
    ) -> Any:
        """What it says to one call; by root where no token is given."""
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.address}/v1/{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-Vault-Token": token or self.root},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30, context=self._context) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else {}

    def initialize(self) -> None:
        """Gives it one key, and the token of root. It stays sealed."""
        made = self.call("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.root, self.key = made["root_token"], made["keys"][0]

    def unseal(self) -> None:
        """Opens it."""
        self.call("PUT", "sys/unseal", {"key": self.key})

    def seal(self) -> None:
        """Closes it."""
        self.call("PUT", "sys/seal")

    def mount(self, path: str, version: int = 2) -> None:
        """Makes a key-value engine, and waits until it answers."""
        options = {"type": "kv", "options": {"version": str(version)}}
        self.call("POST", f"sys/mounts/{path}", options)
        end = time.monotonic() + 10
        while True:
            try:
                self.call("POST", f"{path}/{'data/' * (version == 2)}none", {"data": {}})
            except urllib.error.HTTPError as error:
                error.close()
                assert time.monotonic() < end
                time.sleep(0.02)
            else:
                break
        self.call("DELETE", f"{path}/{'metadata/' * (version == 2)}none")

    def login(self, kind: str, path: str = "") -> None:
        """Makes a way to log in."""
        self.call("POST", f"sys/auth/{path or kind}", {"type": kind})

    def policy(self, name: str, *lines: str) -> str:
        """Makes a policy of these lines; its name."""
        self.call("PUT", f"sys/policies/acl/{name}", {"policy": "\n".join(lines)})
        return name

    def token(self, *policies: str, **options: str | int | bool) -> str:
        """Makes a token with these policies."""
        made = self.call("POST", "auth/token/create", {"policies": policies, **options})
        return str(made["auth"]["client_token"])


@contextmanager
def sealed(arguments: Sequence[str] = (), authority: str = "") -> Iterator[Vault]:
    """Runs a server that has no keys yet. With an `authority` (PEM) it serves TLS."""
    process = subprocess.Popen(
        [str(program()), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the server does not start"
        yield Vault(f"{'https' if authority else 'http'}://{address}", authority)
    finally:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def opened(arguments: Sequence[str] = (), authority: str = "") -> Iterator[Vault]:
    """Runs a server that is ready, with engines `secret/` of version 2, `old/` of 1."""
    with sealed(arguments, authority) as vault:
        vault.initialize()
        vault.unseal()
        vault.mount("secret")
        vault.mount("old", version=1)
        yield vault


if __name__ == "__main__":
    install()
