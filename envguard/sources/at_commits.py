"""The contents of files as commits have them, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envguard.sources.git import Git

At = tuple[str, str]
"""A commit, as a whole id, and a path from the top."""


def contents_at(git: Git, places: Iterable[At]) -> Iterator[tuple[At, bytes]]:
    """Each of these files with its content; those that are not there, or are no files, are left
    out. Raises GitError."""
    wanted = [(commit, path) for commit, path in places if "\n" not in path]
    blobs: dict[str, list[At]] = {}
    for place, blob in _blobs(git, wanted):
        blobs.setdefault(blob, []).append(place)
    for blob, content in git.contents(blobs):
        if content is not None:
            for place in blobs[blob]:
                yield place, content


def _blobs(git: Git, places: list[At]) -> Iterator[tuple[At, str]]:
    if not places:
        return
    names = (f"{commit}:{path}\n".encode("utf-8", "surrogateescape") for commit, path in places)
    told = b"".join(git.stream("cat-file", "--batch-check", "--buffer", feed=names))
    # "<id> <type> <size>", or the name and why there is nothing (git-cat-file(1), BATCH OUTPUT).
    for place, line in zip(places, told.split(b"\n"), strict=False):
        words = line.split(b" ")
        if len(words) == 3 and words[1] == b"blob" and words[2].isdigit():
            yield place, words[0].decode("ascii")
