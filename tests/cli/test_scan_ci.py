"""`envguard scan --ci`, in the surroundings of each CI system."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.program import Done, call
from tests.conftest import Repository
from tests.jobs.scans import leak

MARKED = f"{leak().rstrip()}  # envguard:allow\n"


@pytest.fixture
def request_environ(repository: Repository, tmp_path: Path) -> Mapping[str, str]:
    """A pull request on GitHub from the commit `base` to whatever HEAD is."""
    repository.commit({"a.txt": "one\n"})
    repository.git("tag", "base")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
    }


def scan(repository: Repository, environ: Mapping[str, str], *more: str) -> Done:
    sides = {"base": {"sha": "base"}, "head": {"sha": repository.git("rev-parse", "HEAD")}}
    Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps({"pull_request": sides}))
    return call("scan", "--ci", *more, cwd=repository.root, env=environ)


def test_a_request_with_a_leak_fails_with_notes_at_the_lines(
    repository: Repository, request_environ: Mapping[str, str]
) -> None:
    repository.commit({"a.py": leak()})
    done = scan(repository, request_environ)
    assert done.code == 1
    assert done.out.startswith("::error file=a.py,line=1,")
    repository.git("reset", "-q", "--hard", "base")
    repository.commit({"a.py": "x = 1\n"})
    assert scan(repository, request_environ).code == 0


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"envguard.toml": '[scan]\nexclude = ["**"]\n'}, "envguard.toml is changed by these"),
        ({"a.py": MARKED}, "a.py:1 stands behind a marker that comes with it"),
    ],
)
def test_no_request_excuses_its_own_leak(
    files: dict[str, str],
    told: str,
    repository: Repository,
    request_environ: Mapping[str, str],
) -> None:
    repository.commit({"a.py": leak(), **files})
    done = scan(repository, request_environ)
    assert done.code == 1
    assert told in done.out


def test_no_request_takes_its_own_leak_into_the_baseline(
    repository: Repository, request_environ: Mapping[str, str]
) -> None:
    repository.write("a.py", leak())
    assert call("baseline", "create", cwd=repository.root).code == 0
    repository.commit()
    assert call("scan", cwd=repository.root).code == 0
    done = scan(repository, request_environ)
    assert done.code == 1
    assert ".envguard-baseline.json is changed by these commits" in done.out


def test_a_reviewer_can_let_markers_count(
    repository: Repository, request_environ: Mapping[str, str]
) -> None:
    repository.commit({"a.py": MARKED})
    done = scan(repository, request_environ, "--accept-markers")
    assert done.code == 0
    assert "a.py:1 is allowed by a marker that stands in this range" in done.out
    call("scan", "--accept-markers", cwd=repository.root).says(2, "use it with --ci")


def test_the_file_is_what_the_system_reads_and_the_log_is_kept(
    repository: Repository, request_environ: Mapping[str, str]
) -> None:
    repository.commit({"a.py": leak()})
    done = scan(repository, request_environ, "-o", "r.sarif")
    assert done.out.startswith("::error ")
    assert json.loads((repository.root / "r.sarif").read_text())["version"] == "2.1.0"
    done = scan(repository, request_environ, "-o", "r.csv", "-f", "csv")
    assert done.out == ""
    assert (repository.root / "r.csv").read_text().startswith("severity,")


def test_gitlab_gets_its_report_and_a_text(repository: Repository) -> None:
    base = repository.commit({"a.txt": "one\n"})
    tip = repository.commit({"a.py": leak()})
    environ = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_BEFORE_SHA": base,
        "CI_COMMIT_SHA": tip,
    }
    file = "gl-secret-detection-report.json"
    done = call("scan", "--ci", "-o", file, cwd=repository.root, env=environ)
    assert done.code == 1
    assert "a.py:1:10" in done.out
    (found,) = json.loads((repository.root / file).read_text())["vulnerabilities"]
    assert found["location"]["file"] == "a.py"


def test_a_branch_without_new_commits_is_told_and_passes(
    repository: Repository, request_environ: Mapping[str, str]
) -> None:
    done = scan(repository, request_environ, "-f", "json")
    assert (done.code, done.report["complete"]) == (0, True)
    assert "holds no commits: nothing is new" in scan(repository, request_environ).out


def test_since_helps_where_a_system_names_no_earlier_commit(repository: Repository) -> None:
    repository.commit({"old.py": leak(1)})
    repository.git("tag", "base")
    tip = repository.commit({"a.py": "x = 1\n"})
    environ = {"CIRCLECI": "true", "CIRCLE_SHA1": tip}
    all_of_it = call("scan", "--ci", cwd=repository.root, env=environ)
    assert all_of_it.code == 1
    assert "CircleCI names no commit that came before: all commits" in all_of_it.err
    assert call("scan", "--ci", "--since", "base", cwd=repository.root, env=environ).code == 0
    # What `<< pipeline.git.base_revision >>` is for a new branch.
    assert call("scan", "--ci", "--since", "", cwd=repository.root, env=environ).code == 1
    done = call("scan", "--ci", "--since", "gone", cwd=repository.root, env=environ)
    done.says(2, "gone of this run of CircleCI is not in this clone", "set method: full")


def test_a_shallow_checkout_is_no_pass(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a.txt": "one\n"})
    repository.commit({"a.py": leak()})
    tip = repository.commit({"a.py": "x = 1\n"})
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", str(shallow))
    environ = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_BEFORE_SHA": first,
        "CI_COMMIT_SHA": tip,
    }
    call("scan", "--ci", cwd=shallow, env=environ).says(2, first[:12], 'GIT_DEPTH: "0"')


def test_outside_of_ci_it_says_so(repository: Repository) -> None:
    repository.commit({"a.txt": "one\n"})
    call("scan", "--ci", cwd=repository.root).says(2, "envguard scan --range BASE..TIP")
    call("scan", "--ci", "--staged", cwd=repository.root).says(2, "a scan looks at one thing")
