"""scan --explain: one finding, with all that is known about it and what to do, in order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from envguard.core.errors import NotFoundError, UsageError
from envguard.core.finding import Finding, Occurrence
from envguard.core.rule import Confidence, Rule
from envguard.core.text import printable
from envguard.detection.builtin import built_in
from envguard.detection.rule_files import read_rules
from envguard.detection.rulebook import collect
from envguard.jobs.scan.request import Mode, Request
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.sources.globs import is_env_file
from envguard.sources.history import COMMIT_MESSAGE

SHORTEST = 4
"""Digits of a fingerprint that are enough, where no other finding's begins with them."""

_FINGERPRINT = re.compile(r"[0-9a-f]{4,32}")
_NAMED = 5  # fingerprints in an error


class Step(NamedTuple):
    """Something to do: `name` is `revoke`, `replace`, `remove`, `amend` or `check`; `texts` say
    it, `commands` are typed one after the other."""

    name: str
    texts: tuple[str, ...]
    commands: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where the commit of a finding is, as seen from HEAD: HEAD itself, before it, or on `branch`
    only. `is_first`: it has no parent."""

    is_head: bool
    is_before: bool
    is_first: bool
    branch: str | None


class Incident(NamedTuple):
    """One finding; `copies` are its places, each once, `at_head` those that HEAD still has."""

    finding: Finding
    copies: tuple[Occurrence, ...]
    at_head: tuple[Occurrence, ...]
    steps: tuple[Step, ...]


def check_fingerprint(text: str) -> str:
    """A fingerprint, or its beginning. Raises UsageError."""
    wanted = text.lower()
    if not _FINGERPRINT.fullmatch(wanted):
        raise UsageError(
            # What was typed is not told: it may be the value itself.
            "--explain takes a fingerprint: 32 hexadecimal digits",
            f"give it, or its first {SHORTEST} digits or more: envguard scan --format json",
        )
    return wanted


def chosen(findings: Sequence[Finding], wanted: str) -> list[Finding]:
    """The findings whose fingerprint begins so: those of one value. Raises UsageError where they
    are of several."""
    found = [finding for finding in findings if finding.fingerprint.startswith(wanted)]
    different = list(dict.fromkeys(finding.fingerprint for finding in found))
    if len(different) > 1:
        more = f" and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
        raise UsageError(
            f"{len(different)} fingerprints begin with {wanted}",
            f"give more of it: {', '.join(different[:_NAMED])}{more}",
        )
    return found


def not_found(*, complete: bool) -> NotFoundError:
    """The error for a fingerprint that no finding has."""
    part = "" if complete else "; not everything could be looked at"
    return NotFoundError(
        f"there is no finding with this fingerprint{part}",
        "list them: envguard scan --history --min-confidence low --format json",
    )


def attempts(request: Request) -> Iterator[Request]:
    """Where to look for a finding: where the request says, else, in a repository, in the history,
    the index and the files; then there for what is less sure."""
    git = _repository(request)
    places = [request]
    if git is not None and request.mode is Mode.TREE and not request.paths:
        commits = git.run("rev-list", "--all", "--max-count=1")
        modes = [Mode.HISTORY] if commits else []
        if not git.bare:
            modes += [Mode.STAGED, Mode.TREE]
        places = [request._replace(mode=mode) for mode in modes]
    yield from places
    if request.minimum is None:
        for place in places:
            yield place._replace(minimum=Confidence.LOW, memory=False)


def incident(found: Sequence[Finding], request: Request) -> Incident:
    """The sheet of the findings of one value, which `request` gave: the likeliest rule's, with
    the places of all."""
    git = _repository(request)
    rules = collect([*built_in(), *read_rules(request.rules)])
    first = max(found, key=lambda finding: (finding.confidence, finding.severity))
    copies = list(
        dict.fromkeys(
            occurrence
            for finding in found
            for occurrence in finding.occurrences or (_occurrence(finding),)
            if occurrence.change != "removed"
        )
    )
    at_head = tuple(o for o in copies if o.change == "head")
    places = {(o.path, o.commit): o for o in copies if o.change != "head"}
    rule = next((rule for rule in rules if rule.id == first.rule), None)
    place = None
    if git is not None and first.commit is not None:
        place = _place(git, first.commit)
    steps = (
        *_revoke(first, rule),
        _replace(first),
        *_remove(first, at_head),
        *_amend(first, tuple(places.values()), place, staged=request.mode is Mode.STAGED),
        _check(first),
    )
    return Incident(first, tuple(places.values()), at_head, steps)


def _repository(request: Request) -> Git | None:
    where = request.paths[0] if request.paths else request.folder
    return git_door.find(where, allow_bare=bool(request.paths))


def _occurrence(finding: Finding) -> Occurrence:
    return Occurrence("introduced", finding.path, finding.line)


def _place(git: Git, commit: str) -> Place:
    head = git.resolve("HEAD")
    parents = git.run("rev-list", "--parents", "--max-count=1", commit, "--").split()[1:]
    is_before = head is not None and not git.run("rev-list", "--max-count=1", commit, "^HEAD", "--")
    branch = None
    if not is_before:
        names = git.run(
            *("for-each-ref", "--contains", commit, "--count=1", "--format=%(refname:lstrip=2)"),
            "refs/heads",
        )
        branch = names.decode("utf-8", "surrogateescape").strip() or None
    return Place(commit == head, is_before, not parents, branch)


def _revoke(finding: Finding, rule: Rule | None) -> Iterator[Step]:
    texts = []
    if finding.verified is False:
        texts.append("its provider no longer accepts it: see that it was you who revoked it")
    elif finding.revoke:
        texts.append(f"revoke it at {finding.revoke}")
    else:
        texts.append("change it where it is accepted: no page is known for this kind")
    if rule is not None and rule.advice:
        texts.append(rule.advice)
    if finding.pushed_to:
        texts.append("it was pushed: whoever can read these branches may have it, and to rewrite"
                     " the history does not take it back")  # fmt: skip
    yield Step("revoke", tuple(texts))


def _replace(finding: Finding) -> Step:
    key = dict(finding.details).get("key", "").partition(", ")[0]
    name = key or finding.rule.upper().replace("-", "_")
    word = shlex.quote(printable(name))
    texts = [
        "make a new one, before the old one is revoked where something runs with it; this asks"
        " for it and stores it",
        f"where the backend has no such name yet: envguard secrets set {word}",
    ]
    commands = [f"envguard rotate {word}"]
    if is_env_file(finding.path):
        commands = [f"envguard migrate {_typed(finding.path)}", *commands]
    return Step("replace", tuple(texts), tuple(commands))


def _remove(finding: Finding, at_head: Sequence[Occurrence]) -> Iterator[Step]:
    """Taking it out of the files: where it stands now."""
    lines = [f"{printable(o.path)}:{o.line}" for o in at_head]
    if not lines and finding.commit is None:
        lines = [f"{printable(finding.path)}:{finding.line}"]
    if lines:
        yield Step(
            "remove",
            (
                f"take it out of {', '.join(lines)}",
                "read it from the environment there (`envguard run` gives it)",
            ),
        )


def _amend(
    finding: Finding, copies: Sequence[Occurrence], place: Place | None, *, staged: bool
) -> Iterator[Step]:
    path = _typed(finding.path)
    if staged:
        yield Step("amend", ("it is in no commit yet",), (f"git restore --staged {path}",))
    if finding.pushed_to or finding.commit is None or place is None:
        return
    is_message = finding.path == COMMIT_MESSAGE
    texts, commands = ["it was not pushed, as far as this repository knows"], []
    others = {o.commit for o in copies if o.commit} - {finding.commit}
    if place.is_head and not others:
        texts.append("it came with the last commit: change that")
        commands += ["git commit --amend"] if is_message else _again(path)
    else:
        if not place.is_before and place.branch is not None:
            commands.append(f"git switch {shlex.quote(printable(place.branch))}")
        start = "--root" if place.is_first else f"{finding.commit[:12]}^"
        word = "reword" if is_message else "edit"
        texts.append(
            f"rewrite the commits from {finding.commit[:12]} on: mark it `{word}`"
            + (f", and {len(others)} more that have it" if others else "")
        )
        commands.append(f"git rebase -i {start}")
        if not is_message:
            commands += [*_again(path), "git rebase --continue"]
    texts.append("the old commit stays in the reflog until these have run")
    # Not `--all`: the stash is a reflog too, and would be gone.
    commands += ["git reflog expire --expire=now HEAD $(git symbolic-ref HEAD)"]
    commands += ["git gc --prune=now"]
    yield Step("amend", tuple(texts), tuple(commands))


def _typed(path: str) -> str:
    """A path as one types it: no shell and no option of a command takes it for something else."""
    return shlex.quote(printable(f"./{path}" if path.startswith("-") else path))


def _again(path: str) -> list[str]:
    return [f"git add {path}", "git commit --amend --no-edit"]


def _check(finding: Finding) -> Step:
    return Step(
        "check",
        ("see what is left, and whether its provider still accepts it",),
        (f"envguard scan --history --verify --explain {finding.fingerprint[:12]}",),
    )
