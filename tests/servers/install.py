"""Builds what tests need and no package brings, once, before they run: `python -m
tests.servers.install`. What cannot be had is told; the tests that need it are skipped."""

from __future__ import annotations

import subprocess
import sys

from tests.servers import vault


def main() -> None:
    """Builds each server that is not there yet."""
    try:
        vault.install()
    except (OSError, subprocess.SubprocessError) as error:
        print(f"servers: no build of Vault: {error}", file=sys.stderr)  # noqa: T201
    if reason := vault.missing():
        print(f"servers: {reason}; its tests are skipped", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
