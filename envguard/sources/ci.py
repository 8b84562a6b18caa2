"""The commits that a run of a CI system is about: all of them here, or an error that says how."""

from __future__ import annotations

import re
from dataclasses import replace

from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.sources.ci_systems import Pipeline
from envguard.sources.git import Git
from envguard.sources.ranges import Range, between, check_uncut

_ID = re.compile(r"[0-9a-f]{40,64}")
# The default branch on the remote, where the system does not name it.
_MAINS = ("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master")


def range_of(git: Git, pipeline: Pipeline) -> tuple[Range, str]:
    """The range of a run; and what to tell of how it was chosen, empty where the system names it.

    Raises UsageError with that system's own setting where a part of it is missing.
    """
    tip = git.resolve(pipeline.tip)
    if tip is None:
        raise _missing(pipeline, f"commit {pipeline.tip[:12]!r}, which is the newest,")
    # Where history is cut, what the system names first may be behind the cut, and the next may be
    # too new: nothing would be left to look at.
    names = pipeline.bases[:1] if git.shallow else pipeline.bases
    found = [base for name in names if (base := git.resolve(name)) is not None]
    if found:
        span = between(found[0], tip)
    elif pipeline.is_request or git.shallow:
        wanted = " and ".join(_short(name) for name in pipeline.bases) or "the commit before"
        raise _missing(pipeline, wanted)
    else:
        span = Range((tip,), (), None)
    if git.shallow:
        try:
            check_uncut(git, span, "")
        except UsageError:
            raise _missing(pipeline, "a part of the history") from None
    if pipeline.is_request:
        return span, _told(git, pipeline, span, span.base)
    judge = _judge(git, pipeline, tip, span.base)
    return replace(span, base=judge), _told(git, pipeline, span, judge)


def _judge(git: Git, pipeline: Pipeline, tip: str, before: str | None) -> str | None:
    """The commit by whose configuration a push is looked at: where it left the default branch; on
    that branch, what came before. So no push prepares the excuse for the next one."""
    named = [base for base in pipeline.bases if base.startswith("refs/remotes/")]
    for name in (*named, *_MAINS):
        main = git.resolve(name)
        if main is not None:
            left = git.run("merge-base", main, tip, accept=(0, 1)).decode("ascii").split()
            if left and left[0] != tip:
                return left[0]
            break
    return before or git.resolve(f"{tip}^")


def _told(git: Git, pipeline: Pipeline, span: Range, judge: str | None) -> str:
    if span.base is not None and span.base == git.resolve(pipeline.bases[0]):
        return ""
    why = "names no commit that came before"
    if pipeline.bases:
        why = f"names {_short(pipeline.bases[0])}, which is not here (a forced push)"
    if span.base is not None:
        return f"{pipeline.system} {why}: commits since {span.base[:12]} are looked at"
    return (
        f"{pipeline.system} {why}: all commits that lead to {span.tips[0][:12]} are looked at,"
        f" by the configuration of {judge[:12] if judge else 'their own'}; --since REF takes fewer"
    )


def _missing(pipeline: Pipeline, what: str) -> UsageError:
    return UsageError(
        f"{what} of this run of {pipeline.system} is not in this clone", pipeline.setting
    )


def _short(name: str) -> str:
    return name[:12] if _ID.fullmatch(name) else printable(name.removeprefix("refs/remotes/"))
