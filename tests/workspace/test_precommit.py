from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pre_commit.clientlib import load_config, load_manifest
from pre_commit.yaml import yaml_load

from envguard.workspace import precommit

if TYPE_CHECKING:
    from tests.conftest import Repository

TOP = Path(__file__).parents[2]
ENTRY: Any = yaml_load(precommit.SNIPPET)[0]

INDENTED = """\
# ours
default_stages: [pre-commit]
repos:
  # formatters
  - repo: https://example.com/black
    rev: "1"
    hooks:
      - id: black
        args: [a,
          b]

  - repo: local
    hooks:
      - id: own
        name: own
        entry: |
          sh -c '
          # in the script
        language: system
        # trailing
"""

PLAIN_FORMS = [
    INDENTED,
    INDENTED.rstrip("\n"),
    INDENTED.replace("\n", "\r\n"),
    INDENTED + "\n\nci:\n  skip: [own]\n# end\n",
    "repos:\n- repo: meta\n  hooks:\n  - id: identity\n",
    "repos:\n- repo: meta\n  hooks:\n  - id: identity\nfail_fast: true\n",
    "repos:  # all\n-   repo: meta\n    hooks:\n    -   id: identity\n",
    "---\nrepos:\n    - repo: meta\n      hooks: [{id: identity}]\n",
    "repos:\n- {repo: meta, hooks: [{id: identity}]}\n",
    "repos:\n- repo: local\n  hooks:\n  - id: x\n    name: x\n    language: system\n"
    "    entry: |\n      a\n      # in the scalar\n",
]


@pytest.mark.parametrize("text", PLAIN_FORMS)
def test_the_entry_is_added_and_nothing_else_changes(text: str, tmp_path: Path) -> None:
    added = precommit.add(text.encode())
    assert added is not None
    before, after = yaml_load(text), yaml_load(added.decode())
    assert after == {**before, "repos": [*before["repos"], ENTRY]}
    kept = iter(added.decode().splitlines())
    assert all(line in kept for line in text.splitlines())
    (tmp_path / "config.yaml").write_bytes(added)
    load_config(tmp_path / "config.yaml")
    assert precommit.add(added) == added


def test_line_ends_stay() -> None:
    added = precommit.add(INDENTED.replace("\n", "\r\n").encode())
    assert added is not None
    assert added.count(b"\n") == added.count(b"\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fail_fast: true\n",
        "repos: []\n",
        "repos: [{repo: meta, hooks: [{id: identity}]}]\n",
        "repos:\n",
        "repos:\n  # nothing yet\n",
        "repos: &all\n- repo: meta\n",
        "{repos: [{repo: meta}]}\n",
        "a: 1\n---\nrepos:\n- repo: meta\nrepos:\n- repo: meta\n",
        "%YAML 1.2\n---\nrepos:\n- repo: meta\n",
        "repos:\n\t- repo: meta\n",
        "repos:\n  - repo: meta\n    hooks: []\n  odd: 1\n",
        "repos:\n- repo: meta\n  name: 'a\nb'\n",
        "repos:\n- repo: meta\n  name: |+\n    a\n\n\n",
        "repos:\n- repo: meta\n---\nb: 1\n",
        "\ufeffrepos:\n- repo: meta\n",
        "repos:\r- repo: meta\r",
        "repos:\n- repo: meta # a\u2028b: c\n",
    ],
)
def test_any_other_form_is_left_to_the_person(text: str) -> None:
    assert precommit.add(text.encode()) is None


def test_bytes_that_are_no_text_are_left_to_the_person() -> None:
    assert precommit.add(b"repos:\n- repo: \xff\n") is None


@pytest.mark.parametrize(
    "line",
    [
        "  - id: envguard",
        "  - id: 'envguard'  # leaks",
        "  - {id: envguard, stages: [manual]}",
        "  - id: secrets\n    entry: envguard hook run",
    ],
)
def test_an_entry_that_is_there_is_not_added_again(line: str) -> None:
    text = f"repos:\n- repo: https://example.com/envguard\n  hooks:\n{line}\n".encode()
    assert precommit.add(text) == text


@pytest.mark.parametrize(
    "line",
    ["  - id: envguard-env", "  # - id: envguard", "  - id: x\n    entry: envguard hook run --env"],
)
def test_another_hook_is_not_taken_for_ours(line: str) -> None:
    text = f"repos:\n- repo: https://example.com/envguard\n  hooks:\n  - id: y\n{line}\n".encode()
    assert precommit.add(text) not in (None, text)


def test_writing_tells_what_it_did(tmp_path: Path) -> None:
    file = tmp_path / precommit.FILE_NAME
    file.write_text(INDENTED)
    assert precommit.write(file) is True
    assert precommit.write(file) is False
    file.write_text("repos: []\n")
    assert precommit.write(file) is None
    assert file.read_text() == "repos: []\n"


def test_pre_commit_runs_the_entry_and_refuses_with_it(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/envguard"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "asked: $*"\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    repository.write(
        precommit.FILE_NAME, "repos:\n- repo: meta\n  hooks:\n  - id: check-hooks-apply\n"
    )
    precommit.write(repository.root / precommit.FILE_NAME)
    repository.git("add", ".")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "envguard"],
        cwd=repository.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "asked: hook run\n" in done.stdout


def test_our_own_hooks_are_what_pre_commit_expects(tmp_path: Path) -> None:
    shutil.copy(TOP / ".pre-commit-hooks.yaml", tmp_path / "hooks.yaml")
    found = {hook["id"]: hook for hook in load_manifest(tmp_path / "hooks.yaml")}
    assert {name: hook["entry"] for name, hook in found.items()} == {
        "envguard": "envguard hook run",
        "envguard-env": "envguard hook run --env",
        "envguard-example": "envguard hook run --example",
    }
    for hook in found.values():
        assert hook["always_run"]
        assert hook["require_serial"]
        assert not hook["pass_filenames"]
        pushed = hook["id"] != "envguard-example"  # which is about files, and not about commits
        stages = ["pre-commit", "pre-merge-commit", *(["pre-push"] if pushed else []), "manual"]
        assert hook["stages"] == stages
