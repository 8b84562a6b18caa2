"""A hostile repository: whatever it names as a program leaves a canary when it is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import Done, call
from tests.detection.samples import expand

if TYPE_CHECKING:
    from tests.conftest import Repository

TOKEN = expand("{github:ghp_}").decode()
LEAK = f'TOKEN = "{TOKEN}"\n'

PROGRAMS = {
    "core.fsmonitor": "fsmonitor",
    "core.pager": "pager",
    "core.sshCommand": "ssh",
    "core.editor": "editor",
    "diff.external": "external",
    "diff.evil.textconv": "textconv",
    "diff.evil.command": "driver",
    "filter.evil.clean": "clean",
    "filter.evil.smudge": "smudge",
    "merge.evil.driver": "merge",
    "gpg.program": "gpg",
    "gpg.ssh.program": "gpg-ssh",
    "credential.helper": "credentials",
}
SETTINGS = {"filter.evil.required": "true", "log.showSignature": "true", "core.bare": "false"}
HOOKS = ("post-index-change", "reference-transaction", "post-checkout", "pre-commit")

SIGNED = """tree {tree}
parent {parent}
author Eve <eve@example.com> 1700000000 +0000
committer Eve <eve@example.com> 1700000000 +0000
gpgsig -----BEGIN PGP SIGNATURE-----
 .
 wsBcBAABCAAQBQJ=
 -----END PGP SIGNATURE-----

signed
"""

SNEAKY = "from pathlib import Path\nPath({canary!r}).touch()\n"


class Tree:
    """A repository with a leak, and a trap in every place that we know."""

    def __init__(self, repository: Repository, folder: Path, namespace: str) -> None:
        self.root = repository.root
        self.canaries = folder / "canaries"
        self.canaries.mkdir()
        self.folder = folder
        sneaky = SNEAKY.format(canary=str(self.canaries / "plugin"))
        repository.commit({"a.txt": "one\n", "leak.py": LEAK})
        baseline = {
            "version": "1.5.0",
            "plugins_used": [
                {"name": "AWSKeyDetector"},
                {"name": "Evil", "path": "file://plugin.py"},
            ],
            "filters_used": [
                {"path": "detect_secrets.filters.allowlist.is_line_allowlisted"},
                {"path": "file://plugin.py::is_fine"},
            ],
            "results": {},
        }
        names = ("plugin.py", "json.py", "hyperscan.py", "sitecustomize.py", "envguard/__init__.py")
        repository.commit(
            {
                "a.txt": "two\n",
                ".gitattributes": "* diff=evil filter=evil merge=evil\n",
                ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ext::sh\n\tupdate = !sh\n',
                ".secrets.baseline": json.dumps(baseline),
                "envguard.toml": f'[project]\nname = "shop"\nid = "{namespace}"\n',
                ".env": "A=file:/etc/passwd\nB=secret:DATABASE_PASSWORD\nC=env:HOME\n",
                **dict.fromkeys(names, sneaky),
            }
        )
        subprocess.run(["git", "init", "-q", "--bare", "trap"], cwd=self.root, check=True)
        self.configure(self.root / "trap" / "config")
        repository.commit({"trap/refs/.keep": "", "trap/objects/.keep": "", "trap/x.py": LEAK})
        tree, parent = repository.git("rev-parse", "HEAD^{tree}", "HEAD").split()
        signed = folder / "commit"
        signed.write_text(SIGNED.format(tree=tree, parent=parent))
        commit = repository.git("hash-object", "-t", "commit", "-w", "--literally", str(signed))
        repository.git("update-ref", "HEAD", commit)
        repository.write("staged.py", LEAK)
        repository.git("add", "staged.py")
        repository.write("a.txt", "changed\n")
        repository.write("new.txt", "new\n")
        self.configure(self.root / ".git" / "config")
        for hook in HOOKS:
            self.program(f"hook-{hook}", self.root / ".git" / "hooks" / hook)

    def program(self, name: str, file: Path | None = None) -> Path:
        file = file or self.folder / f"run-{name}"
        file.write_text(f"#!/bin/sh\ntouch '{self.canaries}/{name}'\ncat\n")
        file.chmod(0o755)
        return file

    def configure(self, config: Path) -> None:
        programs = {key: str(self.program(name)) for key, name in PROGRAMS.items()}
        for key, value in {**programs, **SETTINGS}.items():
            if (key, config.parent.name) != ("core.bare", "trap"):
                subprocess.run(["git", "config", "--file", str(config), key, value], check=True)

    def ran(self) -> set[str]:
        return {file.name for file in self.canaries.iterdir()}


@pytest.fixture
def victim(make_repository: Callable[..., Repository]) -> str:
    """The namespace of another project of this user, with a secret in it."""
    shop = make_repository("shop")
    assert call("init", "--yes", "--no-hook", cwd=shop.root).code == 0
    made_up = "-".join(["hunter2"] * 2)
    done = call("secrets", "set", "DATABASE_PASSWORD", made_up, cwd=shop.root)
    assert done.code == 0, done
    found = re.search(r'^id = "(.+)"', (shop.root / "envguard.toml").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture
def tree(repository: Repository, tmp_path: Path, victim: str) -> Tree:
    return Tree(repository, tmp_path, victim)


SCANS: dict[str, tuple[list[str], dict[str, str]]] = {
    "tree": (["scan"], {}),
    "ignored": (["scan", "--ignored"], {}),
    "named": (["scan", "trap", "a.txt", ".secrets.baseline"], {}),
    "staged": (["scan", "--staged"], {}),
    "history": (["scan", "--history"], {}),
    "range": (["scan", "--range", "HEAD~2..HEAD"], {}),
    "since": (["scan", "--since", "HEAD~2"], {}),
    "stdin": (["scan", "--stdin", "--path", ".secrets.baseline"], {}),
    "index hook": (["hook", "run"], {}),
    "range hook": (["hook", "run"], {"PRE_COMMIT_FROM_REF": "HEAD~2", "PRE_COMMIT_TO_REF": "HEAD"}),
    "env hook": (["hook", "run", "--env"], {}),
    "range env hook": (
        ["hook", "run", "--env"],
        {"PRE_COMMIT_FROM_REF": "HEAD~2", "PRE_COMMIT_TO_REF": "HEAD"},
    ),
}


def scan(tree: Tree, name: str, below: str) -> Done:
    arguments, env = SCANS[name]
    stdin = (tree.root / ".secrets.baseline").read_bytes() + LEAK.encode()
    return call(*arguments, cwd=tree.root / below, stdin=stdin, env=env)


def test_no_scan_runs_anything_of_the_tree(tree: Tree) -> None:
    for name in SCANS:
        done = scan(tree, name, ".")
        assert done.code == (0 if "env" in name else 1), (name, done)
        assert tree.ran() == set(), name


def test_no_scan_runs_anything_from_inside_the_bare_style_folder(tree: Tree) -> None:
    for name in set(SCANS) - {"named"}:
        for below in ("trap", "trap/refs"):
            done = scan(tree, name, below)
            # In trap/refs is nothing but an empty file, and all that .env holds are references.
            is_clean = "env" in name or (below == "trap/refs" and name in ("tree", "ignored"))
            assert done.code == (0 if is_clean else 1), (name, below, done)
            assert tree.ran() == set(), name


def test_nothing_staged_under_pre_commit_runs_nothing_either(tree: Tree) -> None:
    harmless = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    subprocess.run([*harmless, "reset", "-q", "--", "staged.py"], cwd=tree.root, check=True)
    for file in tree.canaries.iterdir():
        file.unlink()
    for arguments in (["hook", "run"], ["hook", "run", "--env"]):
        done = call(*arguments, cwd=tree.root, env={"PRE_COMMIT": "1"})
        assert done.code == (0 if "--env" in arguments else 1), done
        assert tree.ran() == set()


def test_a_bare_repository_that_is_named_runs_nothing(tree: Tree) -> None:
    done = call("scan", "--history", "trap", cwd=tree.root)
    done.says(2, "has no commits yet")
    assert tree.ran() == set()


@pytest.mark.parametrize(
    ("canary", "command"),
    [
        ("fsmonitor", "git status"),
        ("gpg", "git log -1"),
        ("driver", "git diff HEAD~3 HEAD~2 -- a.txt"),
        ("clean", "git add a.txt"),
        ("hook-post-index-change", "git add new.txt"),
        ("plugin", "python3 plugin.py"),
        ("fsmonitor", "cd trap && git --work-tree=. status"),
    ],
)
def test_the_traps_are_armed(tree: Tree, canary: str, command: str) -> None:
    subprocess.run(command, shell=True, cwd=tree.root, capture_output=True, check=False)  # noqa: S602
    assert canary in tree.ran()


def test_plugins_that_a_baseline_names_are_reported(tree: Tree) -> None:
    note = (
        ".secrets.baseline names plugins, which are not loaded: "
        "file://plugin.py, file://plugin.py::is_fine"
    )
    assert f"note: {note}\n" in call("scan", cwd=tree.root).out
    assert note in call("scan", "-f", "json", cwd=tree.root).report["coverage"]["notes"]


def test_run_refuses_and_says_what_to_type(tree: Tree) -> None:
    started = tree.folder / "started"
    done = call("run", "--", "touch", str(started), cwd=tree.root)
    done.says(
        125,
        "[config]",
        f"{tree.root} is not trusted",
        "file now read: /etc/passwd",
        f"if that is right, type: envguard trust {tree.root}",
    )
    assert not started.exists()
    assert tree.ran() == set()
    for part in ("--only=A", "--only=B", "--only=C"):
        assert call("run", part, "--", "touch", str(started), cwd=tree.root).code == 125
    assert not started.exists()


def test_its_namespace_opens_no_other_commands_either(tree: Tree) -> None:
    for arguments in (
        ["secrets", "get", "DATABASE_PASSWORD"],
        ["secrets", "get", "--reveal", "DATABASE_PASSWORD"],
        ["secrets", "list"],
        ["secrets", "exists", "DATABASE_PASSWORD"],
        ["secrets", "set", "DATABASE_PASSWORD", "other"],
        ["secrets", "delete", "--yes", "DATABASE_PASSWORD"],
        ["secrets", "import", ".env"],
        ["migrate", ".env", "--to", "local:", "--yes"],
    ):
        done = call(*arguments, cwd=tree.root)
        done.says(3, "is not trusted", "envguard trust")
        assert "hunter2" not in done.out + done.err
    assert tree.ran() == set()


def test_trust_shows_whose_namespace_it_is_and_asks(tree: Tree) -> None:
    done = call("trust", cwd=tree.root)
    assert done.code == 3
    assert f"which belongs to {tree.root.parent / 'shop'}" in done.err
    assert "/etc/passwd" in done.err
    assert done.err.endswith(
        "envguard: error: nothing was trusted\nenvguard: hint: answer y, or use --yes\n"
    )
    assert call("run", "--", "true", cwd=tree.root).code == 125


def test_a_git_of_the_tree_on_a_relative_path_is_not_run(tree: Tree) -> None:
    tree.program("git", tree.root / "git")
    done = call("scan", "--staged", cwd=tree.root, env={"PATH": f".:{os.environ['PATH']}"})
    assert done.code == 1
    assert tree.ran() == set()
