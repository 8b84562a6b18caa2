"""From other tools' findings to ours, by looking at the files that they name."""

from __future__ import annotations

import pytest

from envguard.core.config import Config
from envguard.core.secret import Secret
from envguard.detection.baseline.told import Told
from envguard.jobs.scan.request import Mode, Request
from envguard.jobs.scan.translated import Translated, translate
from tests.conftest import Repository
from tests.jobs.scans import Scanner, leak, progress, token


def translated(repository: Repository, scan: Scanner, *told: Told) -> Translated:
    request = Request(mode=Mode.TREE, folder=repository.root, salt="shop", baselined=False)
    return translate(told, request, Config(root=repository.root), scan.folders, progress)


def test_each_finding_comes_with_the_one_that_it_is(repository: Repository, scan: Scanner) -> None:
    commit = repository.commit({"a.py": leak(1)})
    repository.commit({"a.py": leak(2), "sub/b.py": leak(3)})
    old = Told("a.py", 1, 1, commit, Secret(token(1)))
    new, other = (Told(path, 1, 1, None, Secret(token(2))) for path in ("a.py", "sub/b.py"))
    found = translated(repository, scan, old, new, other)
    assert [(same.told, same.finding.path) for same in found.found] == [
        (new, "a.py"),
        (old, "a.py"),
    ]
    assert found.others == 1
    names = {same.finding.fingerprint for same in found.found}
    assert len(names) == 2


@pytest.mark.parametrize(
    "path", ["../outside.py", "/{root}/../outside.py", "link.py", "gone.py", "", "..", ".", "!a"]
)
def test_a_path_leads_nowhere_but_into_the_repository(
    repository: Repository, scan: Scanner, path: str
) -> None:
    repository.write("a.py", leak(1))
    (repository.root.parent / "outside.py").write_text(leak(2))
    (repository.root / "link.py").symlink_to(repository.root.parent / "outside.py")
    told = Told(path.format(root=repository.root), 1, 1, None, Secret(token(2)))
    assert translated(repository, scan, told).found == []


def test_what_is_in_an_archive_is_told_by_the_archive(
    repository: Repository, scan: Scanner
) -> None:
    import gzip

    repository.write("old.py.gz", gzip.compress(leak(1).encode()))
    told = Told("old.py.gz!old.py", 1, 1, None, Secret(token(1)))
    assert [s.finding.path for s in translated(repository, scan, told).found] == ["old.py.gz"]


def test_a_commit_that_is_not_there_is_no_error(repository: Repository, scan: Scanner) -> None:
    repository.commit({"a.py": leak(1)})
    told = Told("a.py", 1, 1, "c" * 40, Secret(token(1)))
    assert translated(repository, scan, told).others == 1
