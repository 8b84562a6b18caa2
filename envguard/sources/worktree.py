"""Files of a work tree as git sees them, or of any folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from envguard.core.document import Document
from envguard.core.errors import UsageError
from envguard.core.finding import Coverage, Unseen
from envguard.core.text import printable
from envguard.sources.changes import OWN_REPOSITORY
from envguard.sources.git import Git, find
from envguard.sources.globs import EXCLUDED, Globs, is_env_file

_LINK = "symbolic link"
_SPECIAL = "not a regular file"
_NOTHING = "git ignores it, or there is nothing in it"

_CLOSED = "warning: could not open directory '"
"""What ls-files says of an untracked folder that it cannot read, before it goes on."""

# Never through a link, never waiting for a writer; what the platform does not know is left out.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def files(
    git: Git | None,
    root: Path,
    paths: Sequence[Path],
    *,
    exclude: Globs,
    ignored: bool,
    coverage: Coverage,
) -> Iterator[Document]:
    """The files of `paths`, each once; of folders those that git tracks or does not ignore.

    A file named in `paths` is read whatever git or `exclude` says, also through a link.
    `ignored` adds what git ignores. Outside a repository every file counts. Documents are named
    relative to `root` where they are below it, else as given. Counts `files` and `bytes`, and
    names what is left out or cannot be read. Raises UsageError for a path that does not exist.
    """
    for path in paths:
        try:
            path.stat()
        except OSError as error:
            raise UsageError(
                f"{printable(str(path))} cannot be scanned: {_reason(error)}",
                "name a file or folder that is there",
            ) from None
    return _Walk(git, root, exclude, ignored, coverage).documents(paths or (root,))


def ignored_env_files(git: Git, root: Path, paths: Sequence[Path]) -> list[str]:
    """The .env files below `paths` that git ignores, relative to `root`, without those in
    folders that are ignored as a whole."""
    found: set[str] = set()
    for path in paths or (root,):
        folder = Path(os.path.realpath(path))
        if git.bare or not folder.is_dir() or not _belongs(git, folder):
            continue
        output = git.run(
            *("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"),
            *_pathspec(git, folder),
        )
        for name in output.split(b"\0")[:-1]:
            if not name.endswith(b"/") and is_env_file(os.fsdecode(name)):
                found.add(_name(git.top / os.fsdecode(name), root))
    return sorted(found)


class _Walk:
    """One call of `files`: what it was asked, and what it has already given."""

    def __init__(
        self, git: Git | None, root: Path, globs: Globs, ignored: bool, coverage: Coverage
    ) -> None:
        self.git = git
        self.root = root
        self.globs = globs
        self.ignored = ignored
        self.coverage = coverage
        self.given: set[str] = set()
        self.links: dict[str, bool] = {}
        self.left_out: set[str] = set()

    def documents(self, paths: Sequence[Path]) -> Iterator[Document]:
        # Files first: what is named is read, even where a folder beside it would leave it out.
        for path in paths:
            name = _name(path, self.root)
            if not path.is_dir() and name not in self.given:
                document = self.read(os.path.realpath(path), name)
                self.given.add(name)
                if document is not None:
                    yield document
        for path in paths:
            if path.is_dir():
                yield from self.inside(path, remember=len(paths) > 1)

    def inside(self, path: Path, *, remember: bool) -> Iterator[Document]:
        """What is in a folder that was asked for."""
        name = _name(path, self.root)
        prefix = "" if name == "." else name.rstrip("/") + "/"
        folder = Path(os.path.realpath(path))
        git = self.owner(folder)
        listed = self.walked(folder, prefix) if git is None else self.tracked(git, folder)
        empty = True
        for file, relative in listed:
            empty = False
            inside = prefix + relative
            if inside in self.given:
                continue
            if remember:
                self.given.add(inside)
            excluded = self.globs.match(inside.rstrip("/"))
            if excluded is not None:
                self.leave_out(excluded, EXCLUDED)
                continue
            document = self.read(file, inside)
            if document is not None:
                yield document
        if empty and prefix:
            self.leave_out(prefix, _NOTHING)

    def owner(self, folder: Path) -> Git | None:
        if self.git is not None and not self.git.bare and _belongs(self.git, folder):
            return self.git
        if ".git" in folder.parts:
            return None
        found = find(folder)
        return found if found is not None and _belongs(found, folder) else None

    def tracked(self, git: Git, folder: Path) -> Iterator[tuple[str, str]]:
        standard = () if self.ignored else ("--exclude-standard",)
        output, complaints = git.run_aloud(
            *("ls-files", "-z", "--cached", "--others", *standard), *_pathspec(git, folder)
        )
        for complaint in complaints:
            if complaint.startswith(_CLOSED):
                name, _, reason = complaint.removeprefix(_CLOSED).rpartition("': ")
                self.coverage.skipped.append(Unseen(name, reason.lower()))
        top = str(git.top)
        below = 0 if folder == git.top else len(_pathspec(git, folder)[-1]) + 1
        last = b""
        for raw in output.split(b"\0")[:-1]:
            if raw == last:  # once for each side of a conflict
                continue
            last = raw
            name = os.fsdecode(raw)
            if not self.below_a_link(top, name):
                yield f"{top}/{name}", name[below:]

    def below_a_link(self, top: str, name: str) -> bool:
        """Whether a folder on the way was replaced by a link: what git tracks is then gone."""
        folder = name.rstrip("/").rpartition("/")[0]
        if not folder:
            return False
        if folder not in self.links:
            self.links[folder] = self.below_a_link(top, folder) or Path(top, folder).is_symlink()
        return self.links[folder]

    def walked(self, top: Path, prefix: str) -> Iterator[tuple[str, str]]:
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(top / folder) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.coverage.skipped.append(Unseen(prefix + folder or ".", _reason(error)))
                continue
            below = []
            for entry in found:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.name == ".git":
                    continue
                if not entry.is_dir(follow_symlinks=False) or _is_repository(entry.path):
                    yield entry.path, name
                elif (excluded := self.globs.match_folder(prefix + name)) is not None:
                    self.leave_out(excluded, EXCLUDED)
                else:
                    below.append(name)
            waiting += reversed(below)

    def read(self, file: str, name: str) -> Document | None:
        """The document of one file, or None with the reason in the coverage."""
        try:
            kind = os.lstat(file).st_mode
            if stat.S_ISLNK(kind):
                self.leave_out(name, _LINK)
                return None
            if stat.S_ISDIR(kind):
                # A tracked file that became a folder has its files listed by themselves.
                if _is_repository(file) or not any(Path(file).iterdir()):
                    self.leave_out(name.rstrip("/"), OWN_REPOSITORY)
                return None
            if not stat.S_ISREG(kind):
                self.leave_out(name, _SPECIAL)
                return None
            with os.fdopen(os.open(file, _FLAGS), "rb", buffering=0) as source:
                if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                    self.leave_out(name, _SPECIAL)
                    return None
                text = source.read()
        except (FileNotFoundError, NotADirectoryError):
            return None  # deleted, or not checked out (sparse)
        except OSError as error:
            self.coverage.skipped.append(Unseen(name, _reason(error)))
            return None
        self.coverage.files += 1
        self.coverage.bytes += len(text)
        return Document(name, text)

    def leave_out(self, name: str, reason: str) -> None:
        if name not in self.left_out:
            self.left_out.add(name)
            self.coverage.excluded.append(Unseen(name, reason))


def _belongs(git: Git, folder: Path) -> bool:
    """Whether a folder is in the work tree of `git`, and in no repository inside it."""
    if not folder.is_relative_to(git.top) or ".git" in folder.relative_to(git.top).parts:
        return False
    while folder != git.top:
        if _is_repository(folder):
            return False
        folder = folder.parent
    return True


def _is_repository(folder: Path | str) -> bool:
    return os.path.lexists(f"{folder}/.git")


def _pathspec(git: Git, folder: Path) -> tuple[str, ...]:
    return () if folder == git.top else ("--", folder.relative_to(git.top).as_posix())


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


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
