"""scan --verify: whose tokens are asked about, with what, and what the findings say then."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import UsageError
from envguard.core.finding import Finding
from envguard.core.rule import Confidence
from envguard.jobs.scan.request import Mode, Result
from envguard.jobs.scan.verified import verified
from envguard.verification.asked import NoAnswerError, Request, Response
from tests.detection.samples import ALNUM, expand, letters, seeded
from tests.jobs.scans import OWN_RULES, Scanner, leak, token

if TYPE_CHECKING:
    from tests.conftest import Repository

AWS_ID = expand("{aws:AKIA}").decode()
AWS_SECRET = letters(seeded("aws secret"), ALNUM + "/+", 40)


class Providers:
    """All of them: `alive` are the tokens that they know. Remembers what it was asked."""

    def __init__(self, *alive: str, silent: bool = False) -> None:
        self.alive = alive
        self.silent = silent
        self.asked: list[tuple[str, Request]] = []
        self.lock = threading.Lock()

    def ask(self, host: str, request: Request, /) -> Response:
        with self.lock:
            self.asked.append((host, request))
        if self.silent:
            raise NoAnswerError("no answer in time")
        told = " ".join(request.headers.values())
        if any(value in told for value in self.alive):
            return Response(200, {}, b'{"login": "ada", "username": "ada"}')
        return Response(401, {}, b"{}")


def state(result: Result) -> dict[str, bool | None]:
    return {f"{f.path}:{f.line}": f.verified for f in result.findings}


@pytest.mark.parametrize("workers", [1, 3])
def test_findings_of_the_tree_say_what_their_provider_says(
    workers: int, scan: Scanner, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.py").write_text(leak(number) + leak(number + 10))
    result = scan(tmp_path, verify=True, workers=workers)
    door = Providers(token(1), token(12))
    told = verified(result, door)
    assert state(told) == {
        "0.py:1": False,
        "0.py:2": False,
        "1.py:1": True,
        "1.py:2": False,
        "2.py:1": False,
        "2.py:2": True,
    }
    assert {host for host, _ in door.asked} == {"api.github.com"}
    assert len(door.asked) == 6
    alive = next(finding for finding in told.findings if finding.verified)
    assert dict(alive.details)["verified"] == "live: api.github.com accepts it"
    assert dict(alive.details)["account"] == "ada"
    assert told.coverage.notes[-1] == "verified 6: 2 live, 4 revoked, 0 unknown"
    assert told.tokens is None


def test_no_value_is_in_what_a_scan_gives(scan: Scanner, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(leak())
    result = scan(tmp_path, verify=True)
    assert token() not in repr(result)
    assert token() not in repr(verified(result, Providers(token())))


def test_without_being_asked_nothing_is_kept_and_nothing_sent(
    scan: Scanner, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text(leak())
    result = scan(tmp_path)
    door = Providers()
    assert verified(result, door) is result
    assert result.tokens is None
    assert door.asked == []


@pytest.mark.parametrize("mode", [Mode.STAGED, Mode.HISTORY, Mode.RANGE])
def test_every_kind_of_scan_can_be_verified(
    mode: Mode, scan: Scanner, repository: Repository
) -> None:
    repository.commit({"README.md": "text\n"})
    repository.write("a.py", leak())
    repository.git("add", "a.py")
    if mode is not Mode.STAGED:
        repository.git("commit", "-q", "-m", f"with {token(5)}")
    more = {"range": "HEAD~1..HEAD"} if mode is Mode.RANGE else {}
    scan(repository.root, mode, **more)  # which a history remembers
    told = verified(scan(repository.root, mode, verify=True, **more), Providers(token(5)))
    expected = {"a.py:1": False}
    if mode is not Mode.STAGED:
        expected["(commit message):1"] = True
    assert state(told) == expected


def test_a_history_read_by_several_processes_keeps_its_tokens(
    scan: Scanner, repository: Repository
) -> None:
    for number in range(12):
        repository.commit({f"{number}.py": leak(number)})
    repository.git("gc", "-q")
    result = scan(repository.root, Mode.HISTORY, verify=True, workers=3)
    told = verified(result, Providers(token(3)))
    assert [finding.path for finding in told.findings if finding.verified] == ["3.py"]
    assert len([finding for finding in told.findings if finding.verified is False]) == 11


def test_a_token_in_many_places_is_asked_about_once(scan: Scanner, tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.py").write_text(leak())
    door = Providers()
    told = verified(scan(tmp_path, verify=True), door)
    assert len(door.asked) == 1
    assert set(state(told).values()) == {False}


def test_silence_is_unknown(scan: Scanner, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(leak())
    (finding,) = verified(scan(tmp_path, verify=True), Providers(silent=True)).findings
    assert finding.verified is None
    assert dict(finding.details)["verified"] == "unknown: no answer in time"


def test_what_nobody_can_be_asked_about_is_counted(scan: Scanner, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f'{leak()}password = "{AWS_SECRET[:20]}1!"\n')
    told = verified(scan(tmp_path, verify=True), Providers())
    assert told.coverage.notes[-1] == "1 of kinds that no provider is asked about"


def test_an_access_key_of_aws_is_asked_about_with_its_secret(scan: Scanner, tmp_path: Path) -> None:
    pair = f'aws_access_key_id = "{AWS_ID}"\naws_secret_access_key = "{AWS_SECRET}"\n'
    (tmp_path / "a.py").write_text(pair)
    door = Providers()
    told = verified(scan(tmp_path, verify=True), door)
    ((host, request),) = door.asked
    assert host == "sts.amazonaws.com"
    assert f"Credential={AWS_ID}/" in request.headers["Authorization"]
    assert AWS_SECRET not in repr(request.headers)
    assert "aws-secret-access-key" in {finding.rule for finding in told.findings}


VERIFIED = OWN_RULES.replace("source =", 'verify = "npm"\nsource =')


def asked_by(result: Result, door: Providers) -> list[str]:
    verified(result, door)
    return [host for host, _ in door.asked]


def test_a_rule_file_of_the_call_may_ask_a_provider(scan: Scanner, tmp_path: Path) -> None:
    file = tmp_path.parent / "own.toml"
    file.write_text(VERIFIED)
    (tmp_path / "a.txt").write_text("ACME-12345678\n")
    result = scan(tmp_path, verify=True, rules=(file,))
    assert asked_by(result, Providers()) == ["registry.npmjs.org"]


def test_a_rule_file_of_the_tree_may_not(scan: Scanner, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(VERIFIED)
    (tmp_path / "envguard.toml").write_text('[scan]\nrules = ["own.toml"]\n')
    (tmp_path / "a.txt").write_text("ACME-12345678\n")
    result = scan(tmp_path, verify=True)
    assert "acme-key" in {finding.rule for finding in result.findings}
    assert asked_by(result, Providers()) == []


def test_a_provider_that_nobody_knows_is_an_error(scan: Scanner, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(VERIFIED.replace('"npm"', '"https://evil.example"'))
    with pytest.raises(UsageError, match="names no provider"):
        scan(tmp_path, verify=True, rules=(file,))


def test_of_two_answers_about_one_finding_the_worse_counts(scan: Scanner, tmp_path: Path) -> None:
    """The same id with two secrets: one of them lives."""
    other = letters(seeded("other"), ALNUM + "/+", 40)
    for name, secret in (("a.py", AWS_SECRET), ("b.py", other)):
        pair = f'aws_access_key_id = "{AWS_ID}"\naws_secret_access_key = "{secret}"\n'
        (tmp_path / name).write_text(pair)
    door = Providers()
    told = verified(scan(tmp_path, verify=True), door)
    assert len(door.asked) == 2
    assert all(isinstance(finding, Finding) for finding in told.findings)


def test_a_rule_of_a_tree_under_the_name_of_a_built_in_one_asks_nobody(
    scan: Scanner, tmp_path: Path
) -> None:
    """Rules of gitleaks may have such names; what they match is whatever the tree wants."""
    named = '[[rules]]\nid = "npm-token"\nregex = \'ACME-[0-9]{8}\'\nkeywords = ["acme"]\n'
    (tmp_path / "own.toml").write_text(named)
    (tmp_path / "envguard.toml").write_text('[scan]\nrules = ["own.toml"]\n')
    (tmp_path / "a.txt").write_text("ACME-12345678\n")
    result = scan(tmp_path, verify=True, minimum=Confidence.LOW)
    assert [finding.path for finding in result.findings] == ["a.txt"]
    assert asked_by(result, Providers()) == []
