"""How the programs that `export` writes for read their files, from their documentation."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def by_shell(shell: str, content: bytes, names: list[str], folder: Path) -> dict[str, bytes]:
    """The values that a shell has after `eval "$(cat FILE)"`, as a program that it starts sees
    them."""
    file = folder / "exported.sh"
    file.write_bytes(content)
    done = subprocess.run(
        [shell, "-c", f'eval "$(cat {file})" && exec env -0'],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    )
    pairs = (entry.partition(b"=") for entry in done.stdout.split(b"\0") if entry)
    return {os.fsdecode(k): v for k, _, v in pairs if os.fsdecode(k) in names}


def by_docker(content: bytes) -> dict[str, str]:
    """`docker run --env-file`: lines, cut at the first `=`, nothing is special but comments
    (https://docs.docker.com/reference/cli/docker/container/run/#env)."""
    found = {}
    for line in content.decode().replace("\r\n", "\n").split("\n"):
        if line.lstrip() and not line.startswith("#"):
            key, equal, value = line.lstrip().partition("=")
            assert equal
            found[key] = value
    return found


def by_github(content: bytes) -> dict[str, str]:
    """$GITHUB_ENV: `NAME<<DELIMITER`, lines, DELIMITER (the documentation of workflow commands,
    "Multiline strings")."""
    lines = content.decode().split("\n")
    assert lines.pop() == ""
    found = {}
    while lines:
        name, arrows, delimiter = lines.pop(0).partition("<<")
        assert name
        assert arrows
        assert delimiter
        end = lines.index(delimiter)
        found[name] = "\n".join(lines[:end])
        del lines[: end + 1]
    return found


def by_systemd(content: bytes) -> dict[str, str]:
    """EnvironmentFile= (systemd.exec(5)): quotes as in a POSIX shell, no variables."""
    text = content.decode()
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        if text[at] in "\n\r \t":
            at += 1
            continue
        if text[at] in "#;":
            at = text.index("\n", at)
            continue
        equal = text.index("=", at)
        key, at = text[at:equal], equal + 1
        value = ""
        while at < len(text) and text[at] != "\n":
            if text[at] == '"':
                at += 1
                while text[at] != '"':
                    if text[at] == "\\":
                        at += 1
                        value += text[at] if text[at] in '"\\`$' else "\\" + text[at]
                    else:
                        value += text[at]
                    at += 1
                at += 1
            elif text[at] == "'":
                end = text.index("'", at + 1)
                value += text[at + 1 : end]
                at = end + 1
            else:
                value += text[at]
                at += 1
        found[key] = value
    return found
