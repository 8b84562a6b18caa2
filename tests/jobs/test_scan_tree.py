"""scan: files and folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import ConfigError, UsageError
from envguard.core.finding import Unseen
from envguard.core.rule import Confidence
from tests.jobs.scans import OWN_RULES, Scanner, leak, places, token

if TYPE_CHECKING:
    from tests.conftest import Repository


def test_files_that_git_tracks_or_would_add_are_scanned(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"a.py": leak(1), "sub/b.py": "\n" + leak(2), ".gitignore": "*.log\n"})
    repository.write("new.py", leak(3))
    repository.write("x.log", leak(4))
    result = scan(repository.root)
    assert places(result) == [("a.py", 1), ("new.py", 1), ("sub/b.py", 2)]
    assert result.coverage.complete
    assert result.coverage.files == 4
    assert all(f.commit is None and f.in_head is None for f in result.findings)


def test_outside_git_every_file_is_scanned(scan: Scanner, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.log").write_text(leak())
    assert places(scan(tmp_path)) == [("a/x.log", 1)]


def test_a_finding_points_at_the_value_in_characters(scan: Scanner, repository: Repository) -> None:
    repository.write("a.py", f'# Grüße\nNAME = "ä€😀"; T = "{token()}"\n')
    (finding,) = scan(repository.root).findings
    line = 'NAME = "ä€😀"; T = "'
    assert (finding.line, finding.column) == (2, len(line) + 1)
    assert (finding.end_line, finding.end_column) == (2, len(line) + 1 + len(token()))
    assert token() not in repr(finding)


def test_paths_choose_files_and_folders(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak(1), "sub/b.py": leak(2), "c.py": leak(3)})
    chosen = (repository.root / "sub", repository.root / "c.py", repository.root / "c.py")
    assert places(scan(repository.root, paths=chosen)) == [("c.py", 1), ("sub/b.py", 1)]


def test_a_path_outside_the_folder_keeps_its_name(scan: Scanner, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there.py").write_text(leak())
    result = scan(tmp_path / "here", paths=(tmp_path / "there.py",))
    assert places(result) == [(str(tmp_path / "there.py"), 1)]


def test_what_is_excluded_is_listed_and_complete(scan: Scanner, repository: Repository) -> None:
    repository.commit(
        {
            "vendor/a.py": leak(1),
            "vendor/b.py": leak(2),
            "x.lock": leak(3),
            "c.py": leak(4),
            "envguard.toml": '[scan]\nexclude = ["vendor/**"]\n',
        }
    )
    result = scan(repository.root, exclude=("*.lock",))
    assert places(result) == [("c.py", 1)]
    assert result.coverage.complete
    assert result.coverage.excluded == [
        Unseen("vendor/", "excluded by configuration"),
        Unseen("x.lock", "excluded by configuration"),
    ]


def test_a_file_that_is_named_is_scanned_even_if_excluded(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"vendor/a.py": leak()})
    file = repository.root / "vendor" / "a.py"
    assert places(scan(repository.root, paths=(file,), exclude=("vendor/**",)))


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("TOKEN={token}\nPORT=80\n", "holds 1 secret: envguard migrate .env"),
        ("TOKEN={token}\nDB_PASSWORD=hunter2zz\n", "holds 2 secrets: envguard migrate .env"),
        ("TOKEN=secret:TOKEN\n", "holds no secrets"),
        ("", "holds no secrets"),
        ("\udcff", "was not read: {root}/.env:1 is not UTF-8"),
    ],
)
def test_an_ignored_env_file_is_a_note_and_no_finding(
    content: str, note: str, scan: Scanner, repository: Repository
) -> None:
    repository.commit({".gitignore": ".env\n"})
    text = content.replace("{token}", token())
    repository.write(".env", text.encode("utf-8", "surrogateescape"))
    result = scan(repository.root)
    assert result.findings == ()
    (told,) = result.coverage.notes
    assert told.startswith(".env is ignored by git and ")
    assert told.endswith(note.replace("{root}", str(repository.root)))
    assert token() not in told


def test_ignored_makes_what_git_ignores_findings(scan: Scanner, repository: Repository) -> None:
    repository.commit({".gitignore": ".env\nbuild/\n"})
    repository.write(".env", f"TOKEN={token(1)}\n")
    repository.write("build/a.py", leak(2))
    result = scan(repository.root, ignored=True)
    assert places(result) == [(".env", 1), ("build/a.py", 1)]
    assert result.coverage.notes == []


def test_an_env_file_that_git_ignores_is_scanned_where_it_is_named(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({".gitignore": ".env\n"})
    file = repository.write(".env", f"TOKEN={token()}\n")
    assert places(scan(repository.root, paths=(file,))) == [(".env", 1)]


def test_a_submodule_is_left_out_and_said_so(
    scan: Scanner, make_repository: Callable[..., Repository]
) -> None:
    inner, outer = make_repository("inner"), make_repository("outer")
    inner.commit({"leak.py": leak()})
    outer.commit({"a.txt": "text\n"})
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "lib")
    outer.commit(message="a submodule")
    result = scan(outer.root)
    assert result.findings == ()
    assert result.coverage.complete
    (unseen,) = result.coverage.excluded
    assert unseen == Unseen("lib", "a repository of its own, scan it by itself")
    assert places(scan(outer.root, paths=(outer.root / "lib",))) == [("lib/leak.py", 1)]
    assert places(scan(outer.root / "lib")) == [("leak.py", 1)]


def test_links_are_left_out_and_said_so(scan: Scanner, repository: Repository) -> None:
    repository.commit({"a.py": leak()})
    (repository.root / "link.py").symlink_to("a.py")
    result = scan(repository.root)
    assert places(result) == [("a.py", 1)]
    assert result.coverage.excluded == [Unseen("link.py", "symbolic link")]


@pytest.mark.parametrize("marker", ["envguard:allow", "gitleaks:allow", "pragma: allowlist secret"])
def test_a_marker_allows_a_line_and_is_noted(
    marker: str, scan: Scanner, repository: Repository
) -> None:
    repository.write("a.py", f"\n{leak().rstrip()}  # {marker}\n")
    result = scan(repository.root)
    assert result.findings == ()
    assert result.coverage.notes == ["a.py:2 is allowed by a marker"]


def test_own_rules_come_on_top(scan: Scanner, repository: Repository) -> None:
    repository.write("a.txt", "id ACME-12345678 and more\n")
    repository.write("rules/own.toml", OWN_RULES)
    assert scan(repository.root).findings == ()
    own = repository.root / "rules" / "own.toml"
    (finding,) = scan(repository.root, rules=(own,), exclude=("rules/",)).findings
    assert (finding.rule, finding.path, finding.column) == ("acme-key", "a.txt", 4)
    repository.write("envguard.toml", '[scan]\nrules = ["rules/own.toml"]\nexclude = ["rules/"]\n')
    assert [f.rule for f in scan(repository.root).findings] == ["acme-key"]
    with pytest.raises(ConfigError, match="two rules with the id acme-key"):
        scan(repository.root, rules=(own,))


def test_confidence_is_chosen_by_call_configuration_and_default(
    scan: Scanner, repository: Repository
) -> None:
    repository.write("app.py", 'expect(password, "s3cr3tX1Y2z3")\n')
    found = {
        level: len(scan(repository.root, minimum=level).findings)
        for level in (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
    }
    assert found == {Confidence.LOW: 1, Confidence.MEDIUM: 0, Confidence.HIGH: 0}
    assert scan(repository.root).findings == ()
    repository.write("envguard.toml", '[scan]\nmin_confidence = "low"\n')
    assert len(scan(repository.root).findings) == 1
    assert scan(repository.root, minimum=Confidence.HIGH).findings == ()


def test_the_fingerprint_stays_when_the_file_moves_and_differs_by_project(
    scan: Scanner, repository: Repository
) -> None:
    repository.write("a.py", leak())
    (before,) = scan(repository.root).findings
    (repository.root / "a.py").rename(repository.root / "b.py")
    repository.write("b.py", "\n\n" + leak())
    (after,) = scan(repository.root).findings
    assert before.fingerprint == after.fingerprint
    repository.write("envguard.toml", '[project]\nid = "another-project"\n')
    (other,) = scan(repository.root).findings
    assert other.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("content", "noted"),
    [
        ('{"plugins_used": [{"name": "X", "path": "file://x.py"}]}', "file://x.py"),
        ('{"filters_used": [{"path": "file://f.py::f"}]}', "file://f.py::f"),
        ('{"filters_used": [{"path": "detect_secrets.filters.allowlist.f"}]}', None),
        ('{"plugins_used": [{"name": "AWSKeyDetector"}]}', None),
        ('{"plugins_used": "x", "filters_used": [1, {"path": 2}]}', None),
        ("[]", None),
        ("{", None),
        ("[" * 100_000, None),
        ("\udcff", None),
    ],
)
def test_plugins_that_a_baseline_names_are_a_note(
    content: str, noted: str | None, scan: Scanner, repository: Repository
) -> None:
    repository.write("sub/.secrets.baseline", content.encode("utf-8", "surrogateescape"))
    (expected,) = [f"sub/.secrets.baseline names plugins, which are not loaded: {noted}"]
    assert scan(repository.root).coverage.notes == ([expected] if noted else [])


def test_nothing_to_look_at_is_an_error(scan: Scanner, repository: Repository) -> None:
    with pytest.raises(UsageError, match="there is nothing to scan"):
        scan(repository.root)
    repository.commit({"a.py": "text\n"})
    with pytest.raises(UsageError, match="there is nothing to scan"):
        scan(repository.root, exclude=("*.py",))
