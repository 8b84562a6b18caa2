"""Rules of other tools in every kind of scan, and whose word is taken for what runs code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import ConfigError, UsageError
from envguard.jobs.scan.request import Mode
from tests.jobs.scans import Scanner, leak, places

if TYPE_CHECKING:
    from tests.conftest import Repository

RULES = """
[[rules]]
id = "own"
regex = '''own_[0-9]{8}'''
tags = ["x"]

[[rules.allowlists]]
commits = ["COMMIT"]

[[rules]]
id = "keys"
path = '''\\.p12$'''
"""
PLUGIN = """
import re

from detect_secrets.plugins.base import RegexBasedDetector


class HippoDetector(RegexBasedDetector):
    secret_type = "hippo"
    denylist = (re.compile(r"hippo-[a-z]{6}"),)
"""


def rules_of(found: list[tuple[str, str]]) -> list[str]:
    return [rule for rule, _ in found]


def test_rules_of_gitleaks_work_in_every_kind_of_scan(
    scan: Scanner, repository: Repository
) -> None:
    file = repository.root.parent / "gitleaks.toml"
    file.write_text(RULES)
    repository.commit({"README.md": "one\n"})
    repository.write("a.txt", "own_12345678\n")
    repository.write("b.p12", "x")
    expected = [("a.txt", 1), ("b.p12", 1)]
    tree = scan(repository.root, rules=(file,))
    assert places(tree) == expected
    assert [finding.preview for finding in tree.findings][1] == "b.p12"
    assert [note for note in tree.coverage.notes if "tags" in note]
    repository.git("add", "-A")
    assert places(scan(repository.root, Mode.STAGED, rules=(file,))) == expected
    repository.commit({})
    commit = repository.git("rev-parse", "HEAD").strip()
    added = scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD", rules=(file,))
    assert places(added) == expected
    assert {finding.commit for finding in added.findings} == {commit}
    history = scan(repository.root, Mode.HISTORY, rules=(file,))
    assert places(history) == [("a.txt", 1)]
    assert [note for note in history.coverage.notes if note.startswith("keys: names of files")]
    # What an allowed commit brings is no finding; the file itself still is one.
    file.write_text(RULES.replace("COMMIT", commit.upper()))
    assert places(scan(repository.root, Mode.HISTORY, rules=(file,))) == []
    assert places(scan(repository.root, rules=(file,))) == expected


def test_a_configuration_of_gitleaks_in_a_tree_is_told_and_not_used(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({".gitleaks.toml": "[allowlist]\npaths = ['''.''']\n", "a.py": leak()})
    result = scan(repository.root)
    assert places(result) == [("a.py", 1)]
    assert [note for note in result.coverage.notes if "--rules .gitleaks.toml" in note]


def test_code_that_a_tree_names_is_told_and_not_run(
    scan: Scanner, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    repository.commit(
        {
            "own.py": f"open({str(mark)!r}, 'w').close()\n{PLUGIN}",
            "envguard.toml": '[scan]\nrules = ["own.py"]\n',
            "a.txt": "hippo-abcdef\n",
        }
    )
    repository.commit({"b.txt": "hippo-abcdef\n"})
    for mode, more in (
        (Mode.TREE, {}),
        (Mode.HISTORY, {}),
        (Mode.RANGE, {"range": "HEAD~1..HEAD"}),
    ):
        result = scan(repository.root, mode, **more)
        assert places(result) == []
        assert [note for note in result.coverage.notes if "--rules own.py" in note]
    assert not mark.exists()


# What one part of us reads as a section and another as the inside of a text.
HIDDEN = """title = '''
[extend]
path = "own.py"
[x]
'''
[[rules]]
id = "x"
regex = "abcdefgh[0-9]{8}"
"""


@pytest.mark.parametrize("rules", ['[extend]\npath = "own.py"\n', HIDDEN])
@pytest.mark.parametrize("mode", [Mode.TREE, Mode.RANGE])
def test_code_that_a_file_of_a_tree_extends_is_refused_and_not_run(
    mode: Mode, rules: str, scan: Scanner, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    repository.commit(
        {
            "own.py": f"open({str(mark)!r}, 'w').close()\n{PLUGIN}",
            "rules.toml": rules,
            "envguard.toml": '[scan]\nrules = ["rules.toml"]\n',
        }
    )
    repository.commit({"b.txt": "hippo-abcdef\n"})
    with pytest.raises(ConfigError, match=r"own\.py is no gitleaks configuration"):
        scan(repository.root, mode, range="HEAD~1..HEAD" if mode is Mode.RANGE else None)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["own.py/", "own.py/."])
def test_code_under_another_spelling_of_its_name_is_told_and_not_run(
    name: str, scan: Scanner, repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    repository.commit(
        {
            "own.py": f"open({str(mark)!r}, 'w').close()\n{PLUGIN}",
            "envguard.toml": f'[scan]\nrules = ["{name}"]\n',
        }
    )
    repository.commit({"b.txt": "hippo-abcdef\n"})
    for result in (scan(repository.root), scan(repository.root, Mode.RANGE, since="HEAD~1")):
        assert [note for note in result.coverage.notes if f"--rules {name}" in note]
    assert not mark.exists()


@pytest.mark.parametrize("rules", ["pipe", "extends.toml"])
def test_a_pipe_that_a_tree_names_is_refused_and_not_waited_for(
    rules: str, scan: Scanner, repository: Repository
) -> None:
    repository.commit(
        {
            "envguard.toml": f'[scan]\nrules = ["{rules}"]\n',
            "extends.toml": '[extend]\npath = "pipe"\n',
        }
    )
    os.mkfifo(repository.root / "pipe")
    with pytest.raises(UsageError, match="it is no plain file"):
        scan(repository.root)


def test_code_is_run_for_the_command_line_and_for_the_users_own_configuration(
    scan: Scanner, repository: Repository
) -> None:
    pytest.importorskip("detect_secrets")
    repository.commit({"a.txt": "hippo-abcdef\n"})
    plugin = repository.root.parent / "own.py"
    plugin.write_text(PLUGIN)
    assert places(scan(repository.root, rules=(plugin,))) == [("a.txt", 1)]
    own = scan.folders.config
    own.mkdir(parents=True)
    (own / "envguard.toml").write_text(f'[scan]\nrules = ["{plugin}"]\n')
    assert places(scan(repository.root)) == [("a.txt", 1)]
    (own / "envguard.toml").write_text('[scan]\nexclude = ["*"]\n')
    with pytest.raises(ConfigError, match=r"more than scan\.rules"):
        scan(repository.root)
    (own / "envguard.toml").unlink()


def test_what_a_range_extends_comes_from_its_base(scan: Scanner, repository: Repository) -> None:
    rule = "[[rules]]\nid = 'own'\nregex = 'own_[0-9]{8}'\n"
    repository.commit(
        {
            "envguard.toml": '[scan]\nrules = ["own.toml"]\n',
            "own.toml": "[extend]\npath = 'base.toml'\n",
            "base.toml": rule,
        }
    )
    repository.commit({"base.toml": rule.replace("own_", "nothing_"), "a.txt": "own_12345678\n"})
    found = scan(repository.root, Mode.RANGE, range="HEAD~1..HEAD")
    assert places(found) == [("a.txt", 1)]
    assert places(scan(repository.root)) == []
    (repository.root / "base.toml").unlink()
    with pytest.raises(UsageError, match=r"base\.toml cannot be read"):
        scan(repository.root)
