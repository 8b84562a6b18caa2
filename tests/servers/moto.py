"""AWS for the tests: moto with its gaps closed (`strict_aws.py`), in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def missing() -> str:
    """What this machine lacks for it; empty where nothing."""
    for module in ("boto3", "moto", "flask"):
        if find_spec(module) is None:
            return f"the Python package {module} is not installed (moto[server], boto3)"
    return ""


class Caller:
    """One user of the server, with an access key of its own."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        self.key = key or f"AKIA{token_hex(8).upper()}"

    def environ(self) -> Mapping[str, str]:
        """What the SDK finds its way by."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": "of-the-tests",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """What happens to this caller from now on, see StrictAws."""
        self._control("faults", faults=faults)

    def calls(self) -> list[str]:
        """The actions that this caller asked for since the last time."""
        found: list[str] = self._control("calls")
        return found

    def _control(self, what: str, **given: Any) -> Any:
        body = json.dumps({"caller": self.key, **given}).encode()
        with urllib.request.urlopen(f"{self.url}/-/{what}", body, timeout=10) as answer:  # noqa: S310 - our own server
            return json.load(answer)


@contextmanager
def server() -> Iterator[str]:
    """Runs one; its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.moto"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(10)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()


def main() -> None:
    """Serves until it is killed, or whoever started it is gone; says its URL when it can."""
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from tests.servers.strict_aws import StrictAws

    app = StrictAws(DomainDispatcherApplication(create_backend_app))
    made = make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{made.server_port}\n")
    sys.stdout.flush()
    made.serve_forever()


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
