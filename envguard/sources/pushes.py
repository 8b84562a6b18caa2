"""What a push brings: the commits that the other side does not have, from what git tells a hook.

The formats and the surroundings of the hooks: https://git-scm.com/docs/githooks#_pre_push and
https://git-scm.com/docs/githooks#pre-receive
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.sources.git import Git
from envguard.sources.listed import kinds
from envguard.sources.ranges import Range, check_uncut
from envguard.sources.refs import refs
from envguard.sources.stored import COMMIT, TAG

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TARGET = re.compile(rb"object ([0-9a-f]+)\n")


class Update(NamedTuple):
    """A ref of the other side with the ids that it has and shall have; zeros where it has none,
    and where it goes away."""

    ref: str
    old: str
    new: str

    @property
    def deletes(self) -> bool:
        """Whether the ref goes away: nothing comes with it."""
        return not self.new.strip("0")


def sent(text: str) -> list[Update]:
    """What git tells a pre-push hook on standard input: `LOCAL-REF NEW REMOTE-REF OLD`."""
    # What the user typed for LOCAL-REF may hold blanks.
    return [_update(ref, old, new) for _, new, ref, old in _fields(text, 4)]


def received(text: str) -> list[Update]:
    """What git tells a pre-receive hook on standard input: `OLD NEW REF`."""
    return [_update(ref, old, new) for old, new, ref in _fields(text, 3)]


def leaving(git: Git, updates: Sequence[Update], remote: str) -> Range | None:
    """The commits that a push sends: all but those that `remote` is known to have. None where it
    only takes refs away.

    They are judged by what the remote has: by the commit that the ref names there, else by the
    one that they build on. Without an update, where another hook has read what git tells, HEAD is
    what leaves; without a name of the remote, what any remote has is known. Raises UsageError
    where not all of them are here.
    """
    head = git.resolve("HEAD")
    if not updates and head is not None:
        updates = [Update("HEAD", git.null_id, head)]
    tips, tags = _named(git, updates)
    if not tips:
        return None
    # A remote may have commits that nobody fetched: they bound nothing, and more is looked at.
    old = [commit for update in updates if (commit := git.resolve(update.old)) is not None]
    there = f"refs/remotes/{remote}/" if remote else "refs/remotes/"
    tracked = [
        ref.target for ref in refs(git) if ref.kind == "commit" and ref.name.startswith(there)
    ]
    known = tuple(dict.fromkeys([*old, *tracked]))
    span = Range(tips, known, None, tags)
    if git.shallow:
        check_uncut(git, span, "what is pushed")
    return Range(tips, known, old[0] if old else _boundary(git, span), tags)


def arriving(git: Git, updates: Sequence[Update]) -> Range | None:
    """The commits that a push brings to this repository: all that no ref reaches yet. None where
    it only takes refs away.

    They are judged by HEAD, the default branch as it was: any other branch may be the work of
    whoever pushes.
    """
    tips, tags = _named(git, updates)
    if not tips:
        return None
    known = tuple(dict.fromkeys(ref.target for ref in refs(git) if ref.kind == "commit"))
    return Range(tips, known, git.resolve("HEAD"), tags)


def _fields(text: str, count: int) -> Iterable[list[str]]:
    # Not splitlines: the name of a ref may hold what Unicode takes for the end of a line.
    for line in filter(None, re.split(r"\r?\n", text)):
        fields = line.rsplit(" ", count - 1)
        if len(fields) != count:
            raise _not_gits()
        yield fields


def _update(ref: str, old: str, new: str) -> Update:
    if not (_ID.fullmatch(old) and _ID.fullmatch(new)):
        raise _not_gits()
    return Update(ref, old, new)


def _not_gits() -> UsageError:
    return UsageError(  # what the line says may be anything
        "standard input holds a line that git does not give to this hook",
        "let git start it: envguard hook install --help",
    )


def _named(git: Git, updates: Sequence[Update]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The commits that the refs shall name, behind all tags; and these tags."""
    commits: dict[str, None] = {}
    tags: dict[str, None] = {}
    names = {update.new: update.ref for update in updates if not update.deletes}
    while names:
        missing: list[str] = []
        found = [*kinds(git, list(names), missing)]
        for name in missing:
            raise UsageError(
                f"object {name[:12]}, which {printable(names[name])} shall name, is missing",
                "look at: git fsck",
            )
        for kind, name, _ in found:
            if kind not in (COMMIT, TAG):
                raise UsageError(
                    f"{printable(names[name])} shall name a single file or folder, where nothing"
                    " is looked at",
                    "put it into a commit",
                )
            (commits if kind == COMMIT else tags)[name] = None
        behind: dict[str, str] = {}
        for name, text in git.contents([name for kind, name, _ in found if kind == TAG]):
            target = _TARGET.match(text or b"")
            if target is None:
                raise UsageError(f"tag {name[:12]} is damaged", "look at: git fsck")
            behind[target[1].decode("ascii")] = names[name]
        names = behind
    return tuple(commits), tuple(tags)


def _boundary(git: Git, span: Range) -> str | None:
    """The commit that these commits build on; None where they begin with nothing."""
    listing = git.stream("rev-list", "--boundary", "--stdin", feed=[span.revisions.encode("ascii")])
    lines = b"".join(listing).decode("ascii").split()
    return next((line[1:] for line in lines if line.startswith("-")), None)
