"""A project and a home with planted values, in which commands are called."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from envguard.cli.main import call
from tests.canary.planted import ENV, KEY, OWN_KEY, PASSWORD, REFERENCES, TOKEN, URL_PASSWORD, leaks
from tests.conftest import Repository

# A program gets these as a shell would give them; we go on, and a broken pipe must not end us.
RESTORED = [signal.SIGPIPE, signal.SIGXFSZ]


class Call(NamedTuple):
    """One call of a command: what stands behind its name, what is done before it, the exit code
    that it ends with (None: a program is started), and the files that a value is meant for."""

    arguments: Sequence[str] = ()
    code: int | None = 0
    stdin: str = ""
    before: Callable[[World], None] = lambda _world: None
    environ: Mapping[str, str] = {}
    kept: Sequence[str] = ()


class World:
    """A project with values in it, and a home; `reset` makes them as they were."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "world"
        self.template = folder / "template"
        self.home = self.folder / "home"
        self.temporary = self.folder / "tmp"
        self.repository = Repository(self.folder / "shop")
        self.root = self.repository.root
        self.home.mkdir()
        self.temporary.mkdir()

    def plant(self) -> None:
        """Fills the project, and the store with the same values."""
        leak = f'TOKEN = "{TOKEN}"\nKEY = """{KEY}"""\npassword = "{PASSWORD}"\n'
        self.repository.commit({"README.md": "The shop\n"})
        marked = f'T = "{TOKEN}"  # envguard:allow\n'
        self.repository.commit({"deploy.py": leak, "marked.py": marked}, f"deploy with {TOKEN}")
        self.repository.commit({"deploy.py": "import os\n", ".gitignore": ".env\n"})
        self.repository.git(
            "remote", "add", "origin", f"https://ada:{URL_PASSWORD}@git.example/shop.git"
        )
        for arguments in (["init", "--yes"], ["secrets", "import", ".env"]):
            if arguments[0] == "secrets":
                self.repository.write(".env", ENV)
            code, out, err = self.call(Call(arguments))
            assert code == 0, (out, err)
        # The hook is left out of the commit.
        self.repository.git("-c", "core.hooksPath=/dev/null", "add", "--all")
        self.repository.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "setup")
        self.repository.write("config.py", leak)
        self.repository.write("staged.py", marked)
        self.repository.git("add", "config.py", "staged.py")
        for file in (".env", "app.ini"):
            self.repository.write(file, ENV)
        self.repository.write("references.env", REFERENCES)
        (self.home / "passphrase").write_text(PASSWORD)
        (self.home / "team.key").write_text(f"{OWN_KEY}\n")
        self.repository.write("template", '"{{secrets.TOKEN}}"\n')
        assert self.call(Call(["scan"]))[0] == 1  # fills the cache
        shutil.copytree(self.folder, self.template, symlinks=True)

    def reset(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self.template, self.folder, symlinks=True)

    def call(self, step: Call) -> tuple[int | None, bytes, bytes]:
        """Exit code (None: a program was started), standard output and standard error."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setenv("HOME", str(self.home))
            patch.setenv("TMPDIR", str(self.temporary))
            patch.setattr(tempfile, "tempdir", None)
            for name, value in step.environ.items():
                patch.setenv(name, value)
            stdin = io.TextIOWrapper(io.BytesIO(step.stdin.encode()), encoding="utf-8")
            patch.setattr(sys, "stdin", stdin)
            patch.setattr(os, "execve", self.execve)
            handlers = {number: signal.getsignal(number) for number in RESTORED}
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    code: int | None = call(step.arguments)
                except Started:
                    code = None
                finally:
                    for number, handler in handlers.items():
                        signal.signal(number, handler)
                sys.stdout.flush()
                sys.stderr.flush()
        return code, out.buffer.getvalue(), err.buffer.getvalue()

    def execve(self, _path: str, _arguments: Sequence[str], _environ: object) -> NoReturn:
        raise Started

    def written(self) -> Iterator[tuple[str, set[tuple[str, str]]]]:
        """Each file that is not as it was, with the values that it holds and did not hold."""
        for file in self.folder.rglob("*"):
            if file.is_symlink() or not file.is_file():
                continue
            name = file.relative_to(self.folder)
            content = file.read_bytes()
            old = self.template / name
            before = old.read_bytes() if old.is_file() else b""
            if content != before:
                known = {value for value, _ in leaks(before)}
                yield str(name), {leak for leak in leaks(content) if leak[0] not in known}


class Started(BaseException):
    """A program would have taken our place."""
