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
    """The commits that one of `tips` reaches and none of `known`, as ids of commits.

    `base` is the commit by whose configuration they are looked at; None: there is none that is
    older than they are. `tags` are annotated tags, as ids, whose messages come with the commits.
    """

    tips: tuple[str, ...]
    known: tuple[str, ...]
    base: str | None
    tags: tuple[str, ...] = ()

    @property
    def revisions(self) -> str:
        """What git reads on standard input as these commits, a line each."""
        return "".join([f"{tip}\n" for tip in self.tips] + [f"^{known}\n" for known in self.known])


def between(base: str, tip: str) -> Range:
    """The commits that `tip` has and `base` has not, both by id."""
    return Range((tip,), (base,), base)


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
    span = between(base, tip)
    if git.shallow:
        # The base must be where the range starts.
        common = git.run("merge-base", "--all", base, tip, accept=(0, 1))
        if base not in common.decode("ascii").split():
            raise _cut(repr(printable(text)))
        check_uncut(git, span, repr(printable(text)))
    return span


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
    if not set(span.tips).difference(span.known):
        return
    log = git.stream(
        *("log", "--topo-order", *LOG_OPTIONS, renames, "-l1000", "--stdin", "--"),
        feed=[span.revisions.encode("ascii")],
    )
    for commit in read_log(git, log, coverage=coverage):
        coverage.commits += 1
        yield commit


def check_uncut(git: Git, span: Range, what: str) -> None:
    """Raises UsageError where commits of the range have parents that are not here: a shallow clone
    pretends that its oldest commits have none."""
    feed = [span.revisions.encode("ascii")]
    listed = b"".join(git.stream("rev-list", "--max-parents=0", "--stdin", feed=feed))
    # The commits' own text still names the parents that are cut off.
    for _, content in git.contents(listed.decode("ascii").split()):
        if content is None or b"\nparent " in content.partition(b"\n\n")[0]:
            raise _cut(what)


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
        raise _cut(repr(printable(text)))
    raise UsageError(
        f"the ends of {printable(text)!r} have no commit in common", "write it with two dots"
    )


def _cut(what: str) -> UsageError:
    return UsageError(f"this shallow clone does not hold all of {what}", _UNSHALLOW)
