"""A range of commits: what it means, whether all of it is here, and what its commits change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from envguard.core.errors import UsageError
from envguard.core.finding import Coverage
from envguard.core.text import printable
from envguard.sources.changes import LOG_OPTIONS, CommitChanges, read_log
from envguard.sources.git import Git

_UNSHALLOW = "fetch the rest: git fetch --unshallow (in CI: fetch-depth: 0)"


@dataclass(frozen=True, slots=True)
class Range:
    """The commits that `tip` has and `base` has not; both are commit ids."""

    base: str
    tip: str


def parse(git: Git, text: str) -> Range:
    """The range that `A..B` or `A...B` (from where both parted) names; an empty side is HEAD.

    Raises UsageError where a side names no commit, or where a shallow clone does not hold all of
    the range: what is not here cannot be said to be clean.
    """
    separator = "..." if "..." in text else ".."
    left, found, right = text.partition(separator)
    if not found or ".." in right:
        raise UsageError(
            f"{printable(text)!r} is no range", "write it as BASE..TIP, such as origin/main..HEAD"
        )
    base, tip = _commit(git, left or "HEAD"), _commit(git, right or "HEAD")
    if separator == "...":
        base = _merge_base(git, base, tip, text)
    if git.shallow:
        _check_uncut(git, base, tip, text)
    return Range(base, tip)


def since(git: Git, ref: str) -> Range:
    """The commits of HEAD that `ref` has not. Raises as `parse`."""
    if ".." in ref:
        raise UsageError(f"{printable(ref)!r} names no commit", "a range is --range BASE..TIP")
    return parse(git, f"{ref}..HEAD")


def choose(git: Git, text: str | None, ref: str | None) -> Range:
    """The range that was asked for as a range or as a ref to start from; exactly one of both."""
    if text is not None and ref is None:
        return parse(git, text)
    if ref is not None and text is None:
        return since(git, ref)
    raise UsageError("a range is needed, and only one", "use --range BASE..TIP or --since REF")


def changes(git: Git, span: Range, coverage: Coverage) -> Iterator[CommitChanges]:
    """Each commit of the range with what it changes, newest first; counts `commits`.

    Every commit is looked at by itself: what one adds and a later one takes away is in both.
    Commits that change nothing come, too. Renames have the blob under the old name as `old`.
    """
    renames = "-M100%" if git.partial else "-M"
    if span.base == span.tip:
        return
    log = git.stream(
        *("log", "--topo-order", *LOG_OPTIONS, renames, "-l1000"),
        *(f"{span.base}..{span.tip}", "--"),
    )
    for commit in read_log(git, log, coverage=coverage):
        coverage.commits += 1
        yield commit


def _commit(git: Git, revision: str) -> str:
    if revision.strip("0") == "" and len(revision) == len(git.null_id):
        raise UsageError(
            "a range with an id of zeros: one end of it does not exist",
            "for a new branch take what it left as base, such as origin/main..HEAD;"
            " a deleted one needs no scan",
        )
    found = git.resolve(revision)
    if found is not None:
        return found
    shallow = git.shallow
    raise UsageError(
        f"{printable(revision)!r} names no commit"
        + (" in this shallow clone" if shallow else " in this repository"),
        _UNSHALLOW if shallow else "fetch it, or look for its name: git branch --all",
    )


def _merge_base(git: Git, base: str, tip: str, text: str) -> str:
    bases = git.run("merge-base", base, tip, accept=(0, 1)).decode("ascii").split()
    if bases:
        return bases[0]
    if git.shallow:
        raise _cut(text)
    raise UsageError(
        f"the ends of {printable(text)!r} have no commit in common", "write it with two dots"
    )


def _check_uncut(git: Git, base: str, tip: str, text: str) -> None:
    """A shallow clone pretends that its oldest commits have no parents: none of them may be in
    the range, and the base must be where the range starts."""
    if base not in git.run("merge-base", "--all", base, tip, accept=(0, 1)).decode("ascii").split():
        raise _cut(text)
    # The commits' own text still names the parents that are cut off.
    roots = git.run("rev-list", "--max-parents=0", f"{base}..{tip}").decode("ascii").split()
    for _, content in git.contents(roots):
        if content is None or b"\nparent " in content.partition(b"\n\n")[0]:
            raise _cut(text)


def _cut(text: str) -> UsageError:
    return UsageError(f"this shallow clone does not hold all of {printable(text)!r}", _UNSHALLOW)
