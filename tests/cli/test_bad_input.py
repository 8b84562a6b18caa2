"""Bad input: two clear lines or an honest incomplete result; no traceback, no silent pass."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.program import BOUND_BY_MODES, call
from tests.detection.samples import expand

if TYPE_CHECKING:
    from tests.conftest import Repository

TOKEN = expand("{github:ghp_}").decode()
LEAK = f'TOKEN = "{TOKEN}"\n'


@pytest.fixture
def shallow(repository: Repository, tmp_path: Path) -> Path:
    """A clone of the last two of four commits; a leak is in the newest one."""
    for number in range(3):
        repository.commit({"a.txt": f"{number}\n"})
    repository.commit({"leak.py": LEAK})
    clone = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=2", f"file://{repository.root}", str(clone)],
        check=True,
        capture_output=True,
    )
    return clone


@pytest.mark.parametrize(
    "arguments",
    [["--staged"], ["--history"], ["--range", "A..B"], ["--since", "A"]],
)
def test_outside_a_repository_git_modes_say_so(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    call("scan", *arguments, cwd=tmp_path).says(2, f"{tmp_path} is not in a git repository")


def test_outside_a_repository_files_are_scanned(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)
    assert call("scan", cwd=tmp_path).code == 1


@pytest.mark.parametrize("arguments", [["hook", "run"], ["hook", "run", "--env"]])
def test_a_hook_outside_a_repository_says_so(arguments: list[str], tmp_path: Path) -> None:
    call(*arguments, cwd=tmp_path).says(2, "is not in a git repository")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "there is nothing to scan in"),
        (["--history"], "has no commits yet"),
        (["--range", "A..B"], "'A' names no commit"),
        (["--range", ".."], "'HEAD' names no commit"),
        (["--since", "main"], "'main' names no commit"),
    ],
)
def test_an_empty_repository_is_no_pass(
    arguments: list[str], text: str, repository: Repository
) -> None:
    call("scan", *arguments, cwd=repository.root).says(2, text)


def test_nothing_staged_is_clean(repository: Repository) -> None:
    done = call("scan", "--staged", cwd=repository.root)
    assert (done.code, done.out, done.err) == (0, "no findings in 0 B\n", "")
    repository.commit({"a.py": LEAK})
    assert call("scan", "--staged", cwd=repository.root).code == 0


def test_an_empty_folder_is_no_pass(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    call("scan", "empty", cwd=tmp_path).says(2, "there is nothing to scan in")


def test_a_folder_that_git_ignores_is_no_pass(repository: Repository) -> None:
    repository.commit({".gitignore": "build/\n"})
    repository.write("build/a.py", LEAK)
    call("scan", "build", cwd=repository.root).says(2, "there is nothing to scan in")
    assert call("scan", "build", "--ignored", cwd=repository.root).code == 1
    assert call("scan", "build/a.py", cwd=repository.root).code == 1


@pytest.mark.parametrize("path", ["gone", "gone/deeper", "a.txt/below", "new\nline"])
@pytest.mark.parametrize("inside", [True, False])
def test_a_path_that_does_not_exist_says_so(
    path: str, inside: bool, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.txt": "text\n"})
    (tmp_path / "a.txt").write_text("text\n")
    folder = repository.root if inside else tmp_path
    call("scan", "a.txt", path, cwd=folder).says(2, "cannot be scanned")


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        ("gone..HEAD", "'gone' names no commit in this repository"),
        ("HEAD..gone", "'gone' names no commit in this repository"),
        ("HEAD~1..HEAD~99", "'HEAD~99' names no commit"),
        ("main", "'main' is no range"),
        ("", "'' is no range"),
        ("a..b..c", "is no range"),
        ("HEAD..HEAD", "holds no commits"),
        ("HEAD..HEAD~1", "holds no commits"),
        ("--output=x..HEAD", "'--output=x' names no commit"),
        (f"{'0' * 40}..HEAD", "a range with an id of zeros"),
    ],
)
def test_a_range_that_does_not_exist_says_so(
    chosen: str, text: str, repository: Repository
) -> None:
    repository.commit({"a.txt": "1\n"})
    repository.commit({"a.txt": "2\n"})
    call("scan", f"--range={chosen}", cwd=repository.root).says(2, text)
    env = {"PRE_COMMIT_FROM_REF": chosen.partition("..")[0], "PRE_COMMIT_TO_REF": "HEAD"}
    if "gone" in env["PRE_COMMIT_FROM_REF"]:
        call("hook", "run", cwd=repository.root, env=env).says(2, text)
        call("hook", "run", "--env", cwd=repository.root, env=env).says(2, text)


def test_the_history_of_a_shallow_clone_is_incomplete_and_still_reported(shallow: Path) -> None:
    done = call("scan", "--history", cwd=shallow)
    assert done.code == 2
    assert "github-token" in done.out
    assert "not scanned  (history): history before the shallow boundary is not here" in done.out
    assert "1 finding, but the scan is incomplete in 2 commits" in done.out
    report = call("scan", "--history", "-f", "json", cwd=shallow).report
    assert report["complete"] is False
    assert len(report["findings"]) == 1


def test_exit_zero_waves_findings_through_and_nothing_else(
    shallow: Path, repository: Repository
) -> None:
    assert call("scan", "--history", "--exit-zero", cwd=shallow).code == 2
    assert call("scan", "--history", "--exit-zero", cwd=repository.root).code == 0
    call("scan", "gone", "--exit-zero", cwd=repository.root).says(2, "gone")
    (repository.root / "envguard.toml").write_text("[wrong]\n")
    call("scan", "--exit-zero", cwd=repository.root).says(3, "unknown key wrong")


def test_a_range_across_the_boundary_of_a_shallow_clone_is_an_error(shallow: Path) -> None:
    assert call("scan", "--range", "HEAD~1..HEAD", cwd=shallow).code == 1
    done = call("scan", "--range", "HEAD~2..HEAD", cwd=shallow)
    done.says(2, "names no commit in this shallow clone", "git fetch --unshallow")
    made = ["git", "commit-tree", "-m", "other", "HEAD^{tree}"]
    other = subprocess.run(made, cwd=shallow, check=True, capture_output=True, text=True).stdout
    other = other.strip()
    done = call("scan", "--range", f"{other}..HEAD", cwd=shallow)
    done.says(2, "this shallow clone does not hold all of", "git fetch --unshallow")


def is_readable(file: Path) -> bool:
    reading = [sys.executable, "-c", "import sys; open(sys.argv[1])", str(file)]
    return (
        subprocess.run([*BOUND_BY_MODES, *reading], capture_output=True, check=False).returncode
        == 0
    )


@pytest.fixture
def locked(repository: Repository) -> Path:
    """A repository with a leak and a file that may not be read."""
    repository.commit({"a.py": LEAK, "locked.py": LEAK})
    file = repository.root / "locked.py"
    file.chmod(0)
    if is_readable(file):
        pytest.skip("this user reads every file")
    return repository.root


def test_an_unreadable_file_makes_a_scan_incomplete(locked: Path) -> None:
    done = call("scan", cwd=locked, before=BOUND_BY_MODES)
    assert done.code == 2
    assert "not scanned  locked.py: permission denied" in done.out
    assert "1 finding, but the scan is incomplete in 1 file" in done.out
    assert call("scan", "--exit-zero", cwd=locked, before=BOUND_BY_MODES).code == 2
    report = call("scan", "-f", "json", cwd=locked, before=BOUND_BY_MODES).report
    assert report["coverage"]["skipped"] == [{"path": "locked.py", "reason": "permission denied"}]
    assert report["complete"] is False


def test_an_unreadable_file_that_is_excluded_or_only_in_the_index_is_no_matter(
    locked: Path,
) -> None:
    done = call("scan", "--exclude", "locked.py", cwd=locked, before=BOUND_BY_MODES)
    assert done.code == 1
    assert "left out  locked.py: excluded by configuration" in done.out
    for mode in (["--history"], ["--staged"]):
        assert "not scanned" not in call("scan", *mode, cwd=locked, before=BOUND_BY_MODES).out


def test_an_unreadable_file_alone_is_no_pass(locked: Path) -> None:
    assert call("scan", "locked.py", cwd=locked, before=BOUND_BY_MODES).code == 2


def test_an_unreadable_folder_makes_a_scan_incomplete(repository: Repository) -> None:
    repository.write("a.txt", "text\n")
    folder = repository.write("closed/a.py", LEAK).parent
    folder.chmod(0)
    try:
        if is_readable(folder / "a.py"):
            pytest.skip("this user reads every folder")
        done = call("scan", cwd=repository.root, before=BOUND_BY_MODES)
    finally:
        folder.chmod(0o700)
    assert done.code == 2
    assert "not scanned  closed/: permission denied" in done.out


@pytest.mark.parametrize(
    "arguments",
    [["scan"], ["scan", "--staged"], ["scan", "--history"], ["hook", "run"], ["scan", "--stdin"]],
)
def test_configuration_that_cannot_be_read_is_an_error(
    arguments: list[str], repository: Repository
) -> None:
    file = repository.write("envguard.toml", "")
    file.chmod(0)
    if is_readable(file):
        pytest.skip("this user reads every file")
    done = call(*arguments, cwd=repository.root, before=BOUND_BY_MODES)
    done.says(3, f"{file} cannot be read: Permission denied")


def damage(repository: Repository, path: str) -> None:
    """Removes the object that HEAD has at a path."""
    blob = repository.git("rev-parse", f"HEAD:{path}")
    (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()


def test_a_missing_object_makes_each_scan_that_needs_it_incomplete(
    repository: Repository,
) -> None:
    first = repository.commit({"a.txt": "1\n"})
    repository.commit({"gone.txt": "a text that will be missing\n", "leak.py": LEAK})
    damage(repository, "gone.txt")
    done = call("scan", "--range", f"{first}..HEAD", cwd=repository.root)
    assert done.code == 2
    assert "not scanned  gone.txt: git object" in done.out
    assert "github-token" in done.out
    assert call("scan", cwd=repository.root).code == 1
    assert call("scan", "--staged", cwd=repository.root).code == 0
    repository.git("update-ref", "HEAD", first)
    assert call("scan", "--staged", cwd=repository.root).code == 2
    assert call("hook", "run", "--env", cwd=repository.root).code == 0


READERS = [
    (["run", "--", "true"], 125),
    (["example"], 2),
    (["migrate", ".env", "--to", "local:", "--yes"], 2),
    (["secrets", "import", ".env", "--store", "s.db"], 2),
]
"""What reads a .env file, and the exit code that a bad one gives."""

BROKEN_ENV = 'GOOD=1\n"NOT CLOSED\n'


@pytest.mark.parametrize(("arguments", "code"), READERS)
def test_an_env_file_that_does_not_parse_names_the_line(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text(BROKEN_ENV)
    call(*arguments, cwd=tmp_path).says(code, ".env:2 is no KEY=VALUE line")
    assert file.read_text() == BROKEN_ENV
    assert not (tmp_path / "s.db").exists()


@pytest.mark.parametrize(("arguments", "code"), READERS)
def test_an_env_file_that_is_no_text_says_so(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes(b"GOOD=1\nBAD=\xff\xfe\n")
    call(*arguments, cwd=tmp_path).says(code, ".env:2 is not UTF-8")
    assert not (tmp_path / ".env.example").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "--", "true"], 125),
        (["run", "--env-file", "gone", "--", "true"], 125),
        (["example"], 2),
        (["example", "gone"], 2),
        (["migrate", "gone", "--yes"], 2),
        (["secrets", "import", "gone", "--store", "s.db"], 2),
    ],
)
def test_an_env_file_that_is_not_there_says_so(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    call(*arguments, cwd=tmp_path).says(code)


@pytest.mark.parametrize("output", ["no/folder/report.json", ".", "link"])
def test_a_report_that_cannot_be_written_is_an_error(output: str, repository: Repository) -> None:
    repository.commit({"a.txt": "text\n"})
    (repository.root / "link").symlink_to("a.txt")
    for mode in ([], ["--history"]):
        done = call("scan", *mode, "-o", output, cwd=repository.root)
        done.says(2)
        assert done.out == ""
    assert (repository.root / "a.txt").read_text() == "text\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[scan]\nexclud = ["x"]\n', "unknown key scan.exclud|did you mean exclude?"),
        ("[profils.dev]\n", "unknown key profils|did you mean profiles?"),
        ("[scan\n", "is no TOML|line 1"),
        ('[scan]\nexclude = "x"\n', "scan.exclude is a list of texts"),
        ('[scan]\nmin_confidence = "sure"\n', "scan.min_confidence is one of low, medium, high"),
        ('[backends.secret]\nurl = "local:"\n', "is a name that references already use"),
        ('[profiles.a]\nextends = "b"\n', "profiles.a.extends names no profile: b"),
    ],
)
@pytest.mark.parametrize("name", ["envguard.toml", "pyproject.toml"])
def test_broken_configuration_names_the_place(
    text: str, expected: str, name: str, repository: Repository
) -> None:
    if name == "pyproject.toml":
        text = "[tool.envguard]\n" + text.replace("[scan", "[tool.envguard.scan").replace(
            "[profil", "[tool.envguard.profil"
        ).replace("[backends", "[tool.envguard.backends")
        expected = expected.replace("line 1", "line 2")
    repository.write(name, text)
    call("scan", cwd=repository.root).says(3, name, *expected.split("|"))
    call("run", "--", "true", cwd=repository.root).says(125, "[config]", *expected.split("|"))
    call("--config", name, "hook", "run", cwd=repository.root).says(3, *expected.split("|"))


def test_a_configuration_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    call("scan", "--config", "gone.toml", cwd=tmp_path).says(3, "there is no file gone.toml")


def test_an_unknown_profile_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    call("run", "--profile", "prd", "--", "true", cwd=tmp_path).says(125, "no profile 'prd'")
    call("run", "--", "true", cwd=tmp_path, env={"ENVGUARD_PROFILE": "prd"}).says(125, "'prd'")


@pytest.mark.parametrize(
    ("rules", "code", "text"),
    [
        (None, 2, "cannot be read: No such file"),
        ("[[rule]\n", 3, "is no TOML"),
        ("[other]\n", 3, "unknown key other"),
        ('[[rule]]\nid = "mine"\n', 3, "rule mine needs a text as title"),
    ],
)
def test_a_bad_rule_file_is_an_error(
    rules: str | None, code: int, text: str, repository: Repository
) -> None:
    repository.commit({"a.txt": "text\n"})
    if rules is not None:
        repository.write("own.toml", rules)
    for mode in ([], ["--history"], ["--staged"]):
        call("scan", *mode, "--rules", "own.toml", cwd=repository.root).says(code, text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--staged", "--history"],
        ["--range", "a..b", "--since", "c"],
        ["--stdin", "--staged"],
        ["--staged", "path"],
        ["--stdin", "path"],
        ["--history", "a", "b"],
        ["--path", "name"],
        ["--exclude", "!a", "."],
    ],
)
def test_options_that_contradict_each_other_are_an_error(
    arguments: list[str], repository: Repository
) -> None:
    repository.commit({"a.txt": "text\n"})
    call("scan", *arguments, cwd=repository.root).says(2)


def test_a_folder_that_is_gone_is_an_error(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = ["sh", "-c", 'cd "$1"; rmdir "$1"; shift; exec "$@"', "sh", str(gone)]
    call("scan", cwd=tmp_path, before=script).says(3, "the current folder does not exist")


def test_a_broken_repository_is_an_error(
    make_repository: Callable[..., Repository],
) -> None:
    repository = make_repository()
    repository.commit({"a.txt": "text\n"})
    (repository.root / ".git" / "HEAD").write_text("")
    for mode in ([], ["--history"], ["--staged"], ["--range", "a..b"]):
        call("scan", *mode, cwd=repository.root).says(2)


def test_git_that_is_missing_is_an_error(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.txt": "text\n"})
    for mode in ([], ["--history"], ["--staged"]):
        done = call("scan", *mode, cwd=repository.root, env={"PATH": str(tmp_path)})
        done.says(2, "git is not installed, or not on PATH")


def test_a_secret_that_is_not_there_is_5(tmp_path: Path) -> None:
    call("secrets", "set", "A", "1", "--store", "s.db", cwd=tmp_path)
    for verb in (["get"], ["delete", "--yes"]):
        call("secrets", *verb, "B", "--store", "s.db", cwd=tmp_path).says(5, "no secret B")
    done = call("secrets", "exists", "B", "--store", "s.db", cwd=tmp_path)
    assert (done.code, done.out, done.err) == (5, "", "")


def test_a_store_that_is_damaged_or_has_another_key_is_4(tmp_path: Path) -> None:
    call("secrets", "set", "A", "1", "--store", "s.db", cwd=tmp_path)
    for file in ("s.db", "s.db.key"):
        whole = (tmp_path / file).read_bytes()
        (tmp_path / file).write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        call("secrets", "get", "A", "--store", "s.db", cwd=tmp_path).says(4)
        (tmp_path / file).write_bytes(whole)
    assert call("secrets", "get", "A", "--store", "s.db", cwd=tmp_path).code == 0
