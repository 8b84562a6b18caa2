"""Files that SOPS or dotenvx keeps encrypted, read through these tools.

The values come through a pipe from the tool's standard output: none is in an argument, a
temporary file or an error. The files themselves stay as they are. Both tools do what the file
says: SOPS asks the key service that it names, and dotenvx runs commands in `$(…)`. So this is
only for a file that somebody named, and never for one that was found.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile import document
from envguard.envfile.document import EnvDocument
from envguard.envfile.untouched import UntouchedDocument

if TYPE_CHECKING:
    from envguard.envfile.yaml_text import Tree

_OWN_VARIABLE = "ENVGUARD_"
"""How the variables begin that no child gets: one of them is the key of the store."""

_SOPS_INSTALL = "install it: https://github.com/getsops/sops/releases"
_DOTENVX_INSTALL = "install it: npm install --global @dotenvx/dotenvx"
_ENCRYPTED = "encrypted:"
"""How dotenvx begins a value: https://dotenvx.com/docs/encryption"""

_PUBLIC_KEY = "DOTENV_PUBLIC_KEY"
_SOPS_PREFIX = "sops_"
"""How SOPS names its own variables in a .env file (its stores/dotenv/store.go)."""


def is_sops(env: EnvDocument) -> bool:
    """Whether SOPS wrote this .env file."""
    return any(entry.key == f"{_SOPS_PREFIX}mac" for entry in env.entries)


def is_sops_tree(tree: Tree) -> bool:
    """Whether SOPS wrote this YAML or JSON file."""
    from envguard.envfile import yaml_text  # noqa: PLC0415 - a .env file needs no YAML

    own = (yaml_text.get(root, "sops") for root in tree.documents)
    return any(yaml_text.get(node, "mac") is not None for node in own)


def is_dotenvx(env: EnvDocument) -> bool:
    """Whether dotenvx encrypted one of the values."""
    return any(_is_encrypted(entry) for entry in env.entries)


def sops(path: Path, environ: Mapping[str, str]) -> bytes:
    """What `sops -d` makes of a file, in the same format.

    Raises UsageError where sops is not there or refuses.
    """
    command = ("-d", str(path.absolute()))
    return _output("sops", command, path, environ, _SOPS_INSTALL)


def dotenvx(
    env: EnvDocument, content: bytes, path: Path, environ: Mapping[str, str]
) -> UntouchedDocument:
    """The values that dotenvx reads in a file: it expands variables in its own way.

    `env` is the file as it stands. Raises UsageError where dotenvx is not there or refuses.
    """
    # Without --overload, variables of the caller would go before those of the file.
    command = ("get", "--overload", "--file", str(path.absolute()))
    values = _json(_output("dotenvx", command, path, environ, _DOTENVX_INSTALL))
    entries, problems = [], []
    for entry in env.entries:
        if entry.key.startswith(_PUBLIC_KEY):
            continue
        value = values.get(entry.key)
        if value is None or value.startswith(_ENCRYPTED):
            problems.append(
                f"{printable(str(path))}:{entry.line} {printable(entry.key)} is not decrypted"
            )
            continue
        entries.append(entry._replace(value=Secret(value)))
    return UntouchedDocument(str(path), content, tuple(entries), tuple(problems))


def sops_env(path: Path, content: bytes, environ: Mapping[str, str]) -> UntouchedDocument:
    """The values of a .env file that SOPS encrypted."""
    env = document.parse(sops(path, environ), str(path))
    env.require_clean()
    return UntouchedDocument(str(path), content, env.entries)


def _is_encrypted(entry: Entry) -> bool:
    return entry.value is not None and entry.value.reveal().startswith(_ENCRYPTED)


def _output(
    tool: str, arguments: tuple[str, ...], path: Path, environ: Mapping[str, str], install: str
) -> bytes:
    """What a tool prints. What it complains with is not shown: it could quote the file."""
    program = shutil.which(tool, path=environ.get("PATH", ""))
    name = printable(str(path))
    if program is None or not Path(program).is_absolute():
        raise UsageError(f"{name} is encrypted, and {tool} is not installed", install)
    try:
        done = subprocess.run(
            (program, *arguments),
            env={k: v for k, v in environ.items() if not k.startswith(_OWN_VARIABLE)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise UsageError(f"{tool} cannot be started: {error.strerror}", install) from None
    if done.returncode != 0:
        typed = shlex.join((tool, *arguments))
        raise UsageError(
            f"{tool} does not decrypt {name}: it ended with {done.returncode}",
            f"see why: {printable(typed)} > /dev/null",
        )
    return done.stdout


def _json(output: bytes) -> dict[str, str]:
    try:
        values = json.loads(output)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise UsageError("dotenvx gave something else than JSON", "update it: dotenvx --version")
    return {key: value for key, value in values.items() if isinstance(value, str)}
