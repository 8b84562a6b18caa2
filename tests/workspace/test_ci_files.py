from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from envguard.workspace import resources
from envguard.workspace.ci_files import FILES, Written, write

TOP = Path(__file__).parents[2]
CHECK = Path(sys.executable).with_name("check-jsonschema")
TEMPLATES = [file.template for file in FILES.values()]


@pytest.mark.parametrize("system", FILES)
def test_the_file_is_written_where_the_system_reads_it(system: str, tmp_path: Path) -> None:
    assert write(tmp_path, system, "1.2.3") == (FILES[system].path, Written.WRITTEN, "")
    text = (tmp_path / FILES[system].path).read_text()
    assert "envguard-cli==1.2.3" in text
    assert "@" not in re.sub(r"\w+@(\d|[0-9a-f]{40})", "", text)
    assert (tmp_path / FILES[system].path).stat().st_mode & 0o777 == 0o644
    assert write(tmp_path, system, "1.2.3") == (FILES[system].path, Written.THERE, "")


@pytest.mark.parametrize("system", FILES)
def test_a_file_that_is_there_is_never_written_over(system: str, tmp_path: Path) -> None:
    file = FILES[system]
    (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file.path).write_text("mine\n")
    path, written, then = write(tmp_path, system, "1")
    assert (tmp_path / file.path).read_text() == "mine\n"
    if file.beside is None:
        assert written is Written.FOREIGN
        return
    assert (path, written, then) == (file.beside, Written.WRITTEN, file.then)
    assert write(tmp_path, system, "1") == (file.beside, Written.THERE, "")
    (tmp_path / file.beside).write_text("mine too\n")
    assert write(tmp_path, system, "1")[1] is Written.FOREIGN
    assert (tmp_path / file.beside).read_text() == "mine too\n"


def uses(text: str) -> list[str]:
    return re.findall(r"uses: (.*)", text)


@pytest.mark.parametrize("path", ["action.yml", "templates/ci/github.yml"])
def test_other_actions_are_pinned_by_their_commit(path: str) -> None:
    found = uses((TOP / path).read_text())
    assert found
    for line in found:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_asks_for_the_whole_history_and_calls_the_scan(template: str) -> None:
    text = resources.read("templates/ci", template)
    assert "envguard scan --ci" in text
    assert any(
        asked in text
        for asked in ("fetch-depth: 0", 'GIT_DEPTH: "0"', 'fetchDepth: "0"', "must not be shallow")
    )


@pytest.mark.parametrize(
    ("schema", "path", "more"),
    [
        ("github-workflows", "templates/ci/github.yml", ()),
        ("github-actions", "action.yml", ()),
        ("gitlab-ci", "templates/ci/gitlab.yml", ("--data-transform", "gitlab-ci")),
        # Its schema has expressions that are none for ECMAScript.
        ("azure-pipelines", "templates/ci/azure.yml", ("--regex-variant", "python")),
    ],
)
def test_what_the_systems_read_is_valid(schema: str, path: str, more: tuple[str, ...]) -> None:
    if not CHECK.exists():
        pytest.skip("check-jsonschema is not installed")
    done = subprocess.run(
        [str(CHECK), "--builtin-schema", f"vendor.{schema}", *more, str(TOP / path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def action() -> Any:
    return yaml.safe_load((TOP / "action.yml").read_text())


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ({}, "scan --ci"),
        ({"OUTPUT": "a b.sarif"}, "scan --ci --output a b.sarif"),
        (
            {"SINCE": "$(touch x)", "FORMAT": "text", "ACCEPT_MARKERS": "true"},
            "scan --ci --since $(touch x) --format text --accept-markers",
        ),
    ],
)
def test_the_action_passes_its_inputs_on_and_runs_none_of_them(
    given: dict[str, str], called: str, tmp_path: Path
) -> None:
    step = action()["runs"]["steps"][-1]
    program = tmp_path / "envguard/bin/envguard"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$*"\nexit 1\n')
    program.chmod(0o755)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={"RUNNER_TEMP": str(tmp_path), **dict.fromkeys(step["env"], ""), **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, f"{called}\n", "")
    assert not (tmp_path / "x").exists()


def test_the_action_runs_no_module_of_the_tree(tmp_path: Path) -> None:
    step = action()["runs"]["steps"][1]
    assert "-m venv" in step["run"]
    (tmp_path / "venv.py").write_text("open('ran', 'w')\n")
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run(
        [bash, "--noprofile", "--norc", "-e", "-c", step["run"].splitlines()[0]],
        cwd=tmp_path,
        env={"RUNNER_TEMP": str(tmp_path / "made"), "PYTHON": sys.executable},
        check=True,
    )
    assert not (tmp_path / "ran").exists()
    assert (tmp_path / "made/envguard/bin/pip").exists()


def test_every_input_of_the_action_is_used() -> None:
    step = action()["runs"]["steps"][-1]
    used = set(re.findall(r"inputs\.([\w-]+)", str(step["env"])))
    assert used == set(action()["inputs"])
    assert "${{" not in step["run"]
