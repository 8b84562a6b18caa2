"""Whatever is done to a repository between two scans: the second one misses nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.jobs.scan.request import Mode
from tests.jobs.scans import Scanner, compared, leak, token

if TYPE_CHECKING:
    from tests.conftest import Repository

# What may be done to a repository: by a number that chooses where, and what is written there.
LINES = [
    leak(1),
    leak(2),
    f"{leak(1).rstrip()}  # envguard:allow\n",
    'password = "s3cr3t!X1"\n',
    'password = "0therPa55!"\n',
    f'password = "s3cr3t!X1"  # envguard:allow\n{leak(3)}',
    "clean\n",
]
PATHS = ["a.py", "b/c.env", "tests/t.py", "vendor/v.py"]
contents_of_files = st.lists(st.sampled_from(LINES), max_size=3).map("".join)
edits = st.dictionaries(st.sampled_from(PATHS), st.none() | contents_of_files, min_size=1)
actions = st.one_of(
    st.tuples(st.just("commit"), edits),
    st.tuples(st.just("commit"), edits),
    st.tuples(st.just("say"), st.integers(1, 3)),
    st.tuples(st.just("branch"), st.integers(0, 9)),
    st.tuples(st.just("merge"), st.integers(0, 9)),
    st.tuples(st.just("move"), st.permutations(PATHS)),
    st.tuples(st.just("amend"), edits),
    st.tuples(st.just("drop"), st.integers(0, 9)),
    st.tuples(st.just("tag"), st.integers(1, 3)),
    st.tuples(st.just("name"), st.integers(1, 3)),
    st.tuples(st.just("push"), st.integers(0, 9)),
    st.tuples(st.just("repack"), st.booleans()),
    st.tuples(st.just("prune"), st.just(0)),
    st.tuples(st.just("stage"), contents_of_files),
)


class Doer:
    """Does what a property asks for; what git refuses is left out."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.number = 0

    def do(self, action: str, about: Any) -> None:
        git, self.number = self.repository.git, self.number + 1
        commits = git("rev-list", "--all").split()
        match action:
            case "commit" | "amend":
                self.write(about)
                git("add", "--all", "--force")
                options = ["--amend"] if action == "amend" else []
                git("commit", "-q", "--allow-empty", *options, "-m", f"{self.number}")
            case "say":
                git("commit", "-q", "--allow-empty", "-m", f"{self.number} {token(about)}")
            case "branch":
                at = commits[about % len(commits)]
                git("checkout", "-q", "-f", "-B", f"branch{about}", at, check=False)
            case "merge":
                other = commits[about % len(commits)]
                git("merge", "-q", "-X", "ours", "-m", "m", other, check=False)
                git("merge", "--abort", check=False)
            case "move":
                git("mv", "-f", about[0], about[1], check=False)
                git("commit", "-q", "--allow-empty", "-m", f"{self.number}")
            case "drop":
                git("checkout", "-q", "-f", "--detach")
                git("branch", "-q", "-D", f"branch{about}", check=False)
            case "tag":
                git("tag", "-f", "-a", "-m", f"{self.number} {token(about)}", f"v{about}")
            case "name":
                file = self.repository.root.parent / "named"
                file.write_text(leak(about + 5))
                name = git("hash-object", "-w", str(file))
                git("update-ref", f"refs/tags/key{about}", name)
            case "push":
                git("update-ref", "refs/remotes/origin/main", commits[about % len(commits)])
            case "repack":
                git("repack", "-q", *(["-a", "-d"] if about else []))
            case "prune":
                git("reflog", "expire", "--expire=now", "--all")
                git("gc", "-q", "--prune=now")
            case "stage":
                self.write({"staged.py": about})
                git("add", "--force", "staged.py")

    def write(self, edits: dict[str, str | None]) -> None:
        for path, text in edits.items():
            if text is not None:
                self.repository.write(path, text)
            else:
                (self.repository.root / path).unlink(missing_ok=True)


Steps = list[tuple[str, Any]]
Check = Callable[[Steps], None]


@pytest.fixture
def check(scan: Scanner, make_repository: Callable[..., Repository], tmp_path: Path) -> Check:
    """That after each step a scan that remembers gives what one without a memory gives."""
    numbers = count()
    scan(tmp_path, Mode.STDIN, stdin=BytesIO(b""))  # compiles the rules

    def run(steps: Steps) -> None:
        folder = tmp_path / str(next(numbers))
        doer = Doer(make_repository(f"repository{folder.name}"))
        scans = [Scanner(folder / name) for name in ("fast", "slow")]
        for scanner in scans:
            scanner.folders.cache.mkdir(parents=True, mode=0o700)
            for file in scan.folders.cache.glob("rules-*"):
                shutil.copy2(file, scanner.folders.cache)
        doer.do("commit", {"a.py": "start\n"})
        for action, about in steps:
            doer.do(action, about)
            for file in scans[1].folders.cache.glob("history-*"):
                file.unlink()
            fast, slow = (
                compared(scanner(doer.repository.root, Mode.HISTORY, exclude=("vendor",)))
                for scanner in scans
            )
            assert fast == slow

    return run


SETTINGS = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@settings(SETTINGS, max_examples=8)
@given(st.lists(actions, min_size=2, max_size=6))
def test_a_few_histories_are_told_the_same_with_a_memory(check: Check, steps: Steps) -> None:
    check(steps)


@pytest.mark.prove
@settings(SETTINGS, max_examples=300)
@given(st.lists(actions, min_size=4, max_size=12))
def test_any_history_is_told_the_same_with_a_memory(check: Check, steps: Steps) -> None:
    check(steps)
