"""Composite findings in every mode: one finding for what belongs together, none lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.jobs.scan.request import Mode
from tests.detection import samples
from tests.jobs.scans import Scanner

if TYPE_CHECKING:
    from tests.conftest import Repository

RANDOM = samples.seeded(1)
KEY_ID = f"aws_access_key_id = {samples.aws(RANDOM, 'AKIA')}\n"
SECRET = f"aws_secret_access_key = aB{samples.letters(RANDOM, samples.ALNUM, 38)}\n"


@pytest.mark.parametrize("mode", [Mode.TREE, Mode.STAGED, Mode.HISTORY])
def test_an_id_and_its_secret_are_one_finding(
    scan: Scanner, repository: Repository, mode: Mode
) -> None:
    repository.commit({"readme": "text\n"})
    repository.write("credentials", KEY_ID + SECRET)
    repository.git("add", "credentials")
    if mode is Mode.HISTORY:
        repository.commit()
    (finding,) = scan(repository.root, mode).findings
    assert (finding.rule, finding.line) == ("aws-secret-access-key", 2)
    details = dict(finding.details)
    assert details["AWS access key id"].endswith("line 1")
    assert len(details["account"]) == 12


def test_an_id_that_came_alone_stays_a_finding_of_the_history_and_stands_at_head(
    scan: Scanner, repository: Repository
) -> None:
    first = repository.commit({"credentials": KEY_ID})
    second = repository.commit({"credentials": KEY_ID + SECRET})
    found = {f.rule: f for f in scan(repository.root, Mode.HISTORY).findings}
    assert {rule: f.commit for rule, f in found.items()} == {
        "aws-access-key-id": first,
        "aws-secret-access-key": second,
    }
    assert all(finding.in_head for finding in found.values())


def test_a_secret_that_is_staged_beside_a_known_id_is_one_finding(
    scan: Scanner, repository: Repository
) -> None:
    repository.commit({"credentials": KEY_ID})
    repository.write("credentials", KEY_ID + SECRET)
    repository.git("add", "credentials")
    (finding,) = scan(repository.root, Mode.STAGED).findings
    assert finding.rule == "aws-secret-access-key"
