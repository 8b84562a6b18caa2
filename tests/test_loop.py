"""The whole loop on a sample project, as `make demo` shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parent / "demo.sh"


def test_the_demo_goes_through_the_whole_loop(tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", str(DEMO)],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = dict(re.findall(r"^\x1b\[1m(\d)\. (\w+).*\x1b\[0m$", done.stdout, re.MULTILINE))
    assert list(steps) == list("1234567")
    parts = re.split(r"\x1b\[1m.*\x1b\[0m", done.stdout)[2:]
    found, set_up, moved, clean, documented, injected, kept_out = parts[:7]
    assert "deploy.py:3:" in found
    assert ".env:4:" in found
    assert found.count("(exit 1)") == 2
    assert "(exit 0)" in set_up
    assert 'GITHUB_TOKEN="secret:GITHUB_TOKEN"   # for deploys\n' in moved
    assert "DEBUG=true\n" in moved
    assert "no findings" in clean
    assert "GITHUB_TOKEN=secret:GITHUB_TOKEN" in documented
    assert "(exit 0)" in injected
    assert kept_out.rstrip().endswith("(exit 1)")
    assert "config.py:1:" in done.stderr  # git shows on standard error what a hook says
    # A whole token, which only the store and the program that needs it may see.
    assert not re.search(r"ghp_[A-Za-z0-9]{20}", done.stdout + done.stderr)
    assert list(tmp_path.iterdir()) == []
