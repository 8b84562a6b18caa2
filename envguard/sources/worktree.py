"""Files of a work tree as git sees them, or of any folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Unseen
from envguard.core.text import printable
from envguard.sources.git import Git, find
from envguard.sources.globs import EXCLUDED, Globs, is_env_file
from envguard.sources.reading import SPECIAL, File, is_repository, reason_of

_NOTHING = "git ignores it, or there is nothing in it"

_CLOSED = "warning: could not open directory '"
"""What ls-files says of an untracked folder that it cannot read, before it goes on."""


class _Folder:
    """A folder that was asked for; `git` is None where it is in no repository. `prefix` stands
    before the names of what is in it."""

    def __init__(self, place: Path, prefix: str, git: Git | None, *, is_other: bool) -> None:
        self.place = place
        self.prefix = prefix
        self.git = git
        self.is_other = is_other
        self.seen = False
        self.pathspec: tuple[str, ...] = ()
        if git is not None and place != git.top:
            self.pathspec = ("--", place.relative_to(git.top).as_posix())


class Worktree:
    """The files of `paths`, each once; of folders those that git tracks or does not ignore.

    A file named in `paths` is there whatever git or `exclude` says, also through a link.
    `ignored` adds what git ignores. Outside a repository every file counts. Files are named
    relative to `root` where they are below it, else as given. `coverage` gets what is left out
    or cannot be looked into. Raises UsageError for a path that does not exist.
    """

    def __init__(
        self,
        git: Git | None,
        root: Path,
        paths: Sequence[Path],
        *,
        exclude: Globs,
        ignored: bool,
        coverage: Coverage,
    ) -> None:
        for path in paths:
            try:
                path.stat()
            except OSError as error:
                raise UsageError(
                    f"{printable(str(path))} cannot be scanned: {reason_of(error)}",
                    "name a file or folder that is there",
                ) from None
        self._root = root
        self._globs = exclude
        self._coverage = coverage
        self._standard = () if ignored else ("--exclude-standard",)
        self._given: set[str] = set()
        self._links: dict[str, bool] = {}
        self._left_out: set[str] = set()
        self._named = [path for path in paths if not path.is_dir()]
        folders = [path for path in paths or (root,) if path.is_dir()]
        self._remember = len(folders) > 1 or bool(self._named)
        self._folders = [self._folder(git, path) for path in folders]

    def tracked(self) -> list[File]:
        """What is known at once: named files, what git tracks, and all where there is no git."""
        # Files first: what is named is read, even where a folder beside it would leave it out.
        found = list(self._named_files())
        for folder in self._folders:
            if folder.git is None:
                found += self._wanted(folder, self._walked(folder.place, folder.prefix))
            else:
                output = folder.git.run("ls-files", "-z", "--cached", *folder.pathspec)
                found += self._wanted(folder, self._listed(folder.git, folder, output))
        return found

    def untracked(self) -> list[File]:
        """What git does not track (and, where that was asked, what it ignores). git walks through
        the folders for it, which takes several times as long. To be called after `tracked`."""
        found: list[File] = []
        for folder in self._folders:
            if folder.git is not None:
                output, complaints = folder.git.run_aloud(
                    *("ls-files", "-z", "--others", *self._standard), *folder.pathspec
                )
                self._note_closed(complaints)
                found += self._wanted(folder, self._listed(folder.git, folder, output))
            if not folder.seen and folder.prefix:
                self._leave_out(folder.prefix, _NOTHING)
        return found

    def ignored_env_files(self) -> list[str]:
        """The .env files that git ignores, without those in folders that are ignored as a whole;
        none of repositories other than the one that was given."""
        found: set[str] = set()
        for folder in self._folders:
            if folder.git is None or folder.is_other:
                continue
            output = folder.git.run(
                *("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"),
                *folder.pathspec,
            )
            for raw in output.split(b"\0")[:-1]:
                name = os.fsdecode(raw)
                if not name.endswith("/") and is_env_file(name):
                    found.add(_name(folder.git.top / name, self._root))
        return sorted(found)

    def _folder(self, git: Git | None, path: Path) -> _Folder:
        name = _name(path, self._root)
        prefix = "" if name == "." else name.rstrip("/") + "/"
        place = Path(os.path.realpath(path))
        if git is not None and not git.bare and _belongs(git, place):
            return _Folder(place, prefix, git, is_other=False)
        found = None if ".git" in place.parts else find(place)
        is_in = found is not None and _belongs(found, place)
        return _Folder(place, prefix, found if is_in else None, is_other=True)

    def _named_files(self) -> Iterator[File]:
        for path in self._named:
            name = _name(path, self._root)
            if name not in self._given:
                self._given.add(name)
                yield os.path.realpath(path), name

    def _wanted(self, folder: _Folder, listed: Iterable[tuple[str, str]]) -> Iterator[File]:
        """What of the contents of a folder is to be read."""
        for file, relative in listed:
            folder.seen = True
            name = folder.prefix + relative
            if self._remember:
                if name in self._given:
                    continue
                self._given.add(name)
            excluded = self._globs.match(name.rstrip("/")) if self._globs else None
            if excluded is None:
                yield file, name
            else:
                self._leave_out(excluded, EXCLUDED)

    def _note_closed(self, complaints: Sequence[str]) -> None:
        for complaint in complaints:
            if complaint.startswith(_CLOSED):
                name, _, reason = complaint.removeprefix(_CLOSED).rpartition("': ")
                self._coverage.skipped.append(Unseen(name, reason.lower()))

    def _listed(self, git: Git, folder: _Folder, output: bytes) -> Iterator[tuple[str, str]]:
        top = str(git.top)
        below = len(folder.pathspec[-1]) + 1 if folder.pathspec else 0
        last, above, is_gone = "", "", False
        for name in os.fsdecode(output).split("\0")[:-1]:
            if name == last:  # once for each side of a conflict
                continue
            last = name
            place = name.rstrip("/").rpartition("/")[0]
            if place != above:  # git lists the files of a folder one after the other
                above, is_gone = place, self._is_below_link(top, place)
            if not is_gone:
                yield f"{top}/{name}", name[below:]

    def _is_below_link(self, top: str, folder: str) -> bool:
        """Whether a folder, or one on the way to it, was replaced by a link: what git tracks there
        is then gone."""
        if not folder:
            return False
        if folder not in self._links:
            above = self._is_below_link(top, folder.rpartition("/")[0])
            # A Path for each folder would cost more than the question.
            self._links[folder] = above or os.path.islink(f"{top}/{folder}")  # noqa: PTH114
        return self._links[folder]

    def _walked(self, top: Path, prefix: str) -> Iterator[tuple[str, str]]:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(top / folder) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self._coverage.skipped.append(Unseen(prefix + folder or ".", reason_of(error)))
                continue
            below = []
            for entry in found:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.name == ".git":
                    continue
                if not entry.is_dir(follow_symlinks=False):
                    # To open a device could make it do something.
                    if entry.is_file(follow_symlinks=False) or entry.is_symlink():
                        yield entry.path, name
                    else:
                        self._leave_out(prefix + name, SPECIAL)
                elif is_repository(entry.path):
                    yield entry.path, name
                elif (excluded := self._globs.match_folder(prefix + name)) is not None:
                    self._leave_out(excluded, EXCLUDED)
                else:
                    below.append(name)
            waiting += reversed(below)

    def _leave_out(self, name: str, reason: str) -> None:
        if name not in self._left_out:
            self._left_out.add(name)
            self._coverage.excluded.append(Unseen(name, reason))


def _belongs(git: Git, folder: Path) -> bool:
    """Whether a folder is in the work tree of `git`, and in no repository inside it."""
    if not folder.is_relative_to(git.top) or ".git" in folder.relative_to(git.top).parts:
        return False
    while folder != git.top:
        if is_repository(folder):
            return False
        folder = folder.parent
    return True


def _name(path: Path, root: Path) -> str:
    """How a path is called: relative to `root` where it is below it, else as it was given."""
    for resolve in (os.path.abspath, _below_links):
        absolute, top = Path(resolve(path)), Path(resolve(root))
        if absolute.is_relative_to(top):
            return absolute.relative_to(top).as_posix()
        # The root itself may be reached through a link.
        if absolute.is_relative_to(real := Path(os.path.realpath(root))):
            return absolute.relative_to(real).as_posix()
    return path.as_posix()


def _below_links(path: Path) -> Path:
    """A path without links on the way to it; it may itself be one."""
    return Path(os.path.realpath(path.parent), path.name)
