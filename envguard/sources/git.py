"""A repository, read through the door that `sources/door.py` describes, and how it is found."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Iterable, Mapping
from functools import cached_property
from pathlib import Path

from envguard.core.text import printable
from envguard.sources.door import LOCAL, GitError, call, child_environment, failure, resolved
from envguard.sources.objects import DamagedError, contents
from envguard.sources.process import CHUNK, Process

# The empty tree's id by the length of an id; git knows it without storing it (git's hash.h).
_EMPTY_TREES = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class Git:
    """A repository, read only. `top` is its work tree's top folder, or its git folder where it
    was opened without a work tree (`bare`). `null_id` is the id that means none."""

    def __init__(self, top: Path, bare: bool, null_id: str, environment: Mapping[str, str]) -> None:
        self.top = top
        self.bare = bare
        self.null_id = null_id
        self.environment = environment

    def __repr__(self) -> str:
        return f"Git({str(self.top)!r})"

    @property
    def common(self) -> Path:
        """The folder with its objects and refs, which its linked work trees share."""
        return self._common[0]

    @property
    def shallow(self) -> bool:
        """Whether its history is cut (`git clone --depth`)."""
        return self._common[1]

    @cached_property
    def _common(self) -> tuple[Path, bool]:
        told = os.fsdecode(self.run("rev-parse", "--git-common-dir", "--is-shallow-repository"))
        # A folder's name may hold a line feed.
        folder, _, shallow = told.removesuffix("\n").rpartition("\n")
        return self.top / folder, shallow == "true"

    @cached_property
    def partial(self) -> bool:
        """Whether objects may be left with a remote (`git clone --filter`)."""
        names = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$"
        return bool(self.run("config", "--name-only", "--get-regexp", names, accept=(0, 1)))

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries."""
        return _EMPTY_TREES[len(self.null_id)]

    def run(self, *arguments: str, accept: Collection[int] = (0,)) -> bytes:
        """What a command prints. Raises GitError where it ends with a code not in `accept`."""
        return self.run_aloud(*arguments, accept=accept)[0]

    def run_aloud(self, *arguments: str, accept: Collection[int] = (0,)) -> tuple[bytes, list[str]]:
        """What a command prints, and the lines that it complains with."""
        process = self.start(*arguments)
        try:
            output = process.output.read()
        except BaseException:
            process.kill()
            raise
        code, complaint = process.finish()
        if code not in accept:
            raise failure(arguments[0], complaint, self.top)
        return output, complaint.splitlines()

    def stream(
        self, *arguments: str, feed: Iterable[bytes] | None = None
    ) -> Generator[bytes, None, None]:
        """What a command prints, in large chunks. Raises GitError at the end where it fails."""
        process = self.start(*arguments, feed=feed)
        finished = False
        try:
            while chunk := process.output.read1(CHUNK):
                yield chunk
            code, complaint = process.finish()
            finished = True
        finally:
            if not finished:
                process.kill()
        if code != 0:
            raise failure(arguments[0], complaint, self.top)

    def contents(self, ids: Iterable[str]) -> Generator[tuple[str, bytes | None], None, None]:
        """Each object with its content, in the order of `ids`; None for a missing or damaged one.

        `ids` are whole object ids; they are taken from a thread, as git asks for them.
        """

        def ask(lines: Iterable[bytes]) -> Process:
            return self.start("cat-file", "--batch", "--buffer", feed=lines)

        try:
            yield from contents(ask, ids)
        except DamagedError as damage:
            raise failure("cat-file", str(damage), self.top) from None

    def resolve(self, revision: str) -> str | None:
        """The id of the commit that a revision names, or None where it names none."""
        if not revision or revision.startswith("-") or not revision.isprintable():
            return None
        named = self.run(
            *("rev-parse", "--verify", "--quiet", revision + "^{commit}"), accept=(0, 1, 128)
        )
        text = named.decode("ascii").strip()
        return text if len(text) == len(self.null_id) else None

    def text_at(self, commit: str, path: str) -> str | None:
        """The text of a file in a commit, `path` from the top; None where it is no file there.
        Raises GitError where the content is missing or is no UTF-8."""
        listed = self.run("ls-tree", "-z", "--full-tree", commit, "--", path)
        # Mode, type, id, a tab and the path: git-ls-tree(1), OUTPUT FORMAT. No links.
        words = listed.partition(b"\t")[0].decode("ascii").split(" ")
        if not words[0].startswith("100"):
            return None
        place = printable(f"{path} in commit {commit[:12]}")
        for _, content in self.contents([words[2]]):
            if content is None:
                raise GitError(f"{place} is missing", "look at: git fsck")
            try:
                return content.decode("utf-8")
            except UnicodeDecodeError:
                raise GitError(f"{place} is not UTF-8", "save it as UTF-8") from None
        return None

    def tracks(self, path: Path) -> bool:
        """Whether the index has this file; False for one outside the work tree."""
        file = Path(os.path.realpath(path.parent), path.name)
        if self.bare or not file.is_relative_to(self.top):
            return False
        name = file.relative_to(self.top).as_posix()
        return bool(self.run("ls-files", "-z", "--cached", "--", name))

    def ignores(self, path: Path) -> bool:
        """Whether git ignores a file that is there, tracked or not; False outside the work tree."""
        file = Path(os.path.realpath(path.parent), path.name)
        if self.bare or not file.is_relative_to(self.top):
            return False
        name = file.relative_to(self.top).as_posix()
        # Not check-ignore: it does not take paths literally.
        ignored = ("ls-files", "-z", "--cached", "--others", "--ignored", "--exclude-standard")
        return bool(self.run(*ignored, "--", name))

    @property
    def hooks(self) -> Path:
        """The folder where git looks for this repository's hooks: `core.hooksPath`, relative to
        the top, or the one in its git folder. It need not exist."""
        asked = self.run(
            *("config", "-z", "--type=path", "--get-all", "core.hooksPath"), accept=(0, 1)
        )
        # The last one is our own, on the command line; the one before is what git would use.
        configured = asked.split(b"\0")[:-2]
        if configured:
            return self.top / os.fsdecode(configured[-1])
        common = self.run("rev-parse", "--git-common-dir")
        return self.top / os.fsdecode(common).removesuffix("\n") / "hooks"

    def start(self, *arguments: str, feed: Iterable[bytes] | None = None) -> Process:
        """A started command. For callers that read while other things go on."""
        return call(self.top, self.environment, arguments, feed)


def find(path: Path, *, allow_bare: bool = False) -> Git | None:
    """The repository that a file or folder is in; None where there is none.

    `allow_bare` opens a folder that is itself a bare repository or a `.git` folder; one that
    merely lies in a work tree is passed by. A running hook's GIT_DIR, GIT_INDEX_FILE and so on
    hold for the repository that they are about, and for no other. Raises GitError where there is
    a repository that git does not open.
    """
    folder = resolved(path)
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where we may not look
        folder = folder.parent
    if allow_bare and _is_git_folder(folder):
        return _open_bare(folder)
    return _named_by_environment(folder, allow_bare) or _discover(folder, allow_bare)


def _discover(folder: Path, allow_bare: bool) -> Git | None:
    """The repository whose `.git` stands in `folder` or above.

    We look for `.git` ourselves and start git beside it: git started deeper would stop at a
    bare-style repository that somebody committed in between.
    """
    first: GitError | None = None
    for candidate in (folder, *folder.parents):
        if not os.path.lexists(candidate / ".git"):
            continue
        code, told, complaint = _ask(
            candidate, child_environment(keep_local=False), "--show-toplevel"
        )
        if code == 0:
            top = Path(told[1])
            # core.worktree can name any folder. A broken `.git` makes git go on above.
            above = top == candidate or (top in folder.parents and os.path.lexists(top / ".git"))
            if not above:
                raise GitError(
                    f"the repository at {printable(str(candidate))} keeps its work tree elsewhere",
                    f"name that folder: {printable(str(top))}",
                )
            return Git(top, False, _null_id(told[0]), child_environment(keep_local=_runs_for(top)))
        error = failure("rev-parse", complaint, candidate)
        if "must be run in a work tree" in complaint:
            if allow_bare:
                return _open_bare(candidate / ".git")
            raise GitError(
                f"{printable(str(candidate))} is a repository without a work tree",
                "name one of its work trees, see: git worktree list",
            )
        passed = "not a git repository" in complaint or "bare repository" in complaint
        if not passed or not (candidate / ".git").is_dir():
            raise error
        first = first or error
    if first is not None:
        raise first
    return None


def _named_by_environment(folder: Path, allow_bare: bool) -> Git | None:
    """The repository of GIT_DIR, where `folder` is in it and in no other one inside it."""
    named = os.environ.get("GIT_DIR")
    if named is None:
        return None
    place = resolved(named)
    code, told, _ = _ask(resolved("."), child_environment(keep_local=True), "--show-toplevel")
    if code != 0:
        if allow_bare and (place == folder or place in folder.parents):
            return _open_bare(place)
        return None
    top = Path(told[1])
    if top != folder and top not in folder.parents:
        return None
    for inner in (folder, *folder.parents):
        if inner == top:
            break
        if os.path.lexists(inner / ".git"):
            return None
    environment = {
        **child_environment(keep_local=True),
        "GIT_DIR": str(place),
        "GIT_WORK_TREE": str(top),
    }
    return Git(top, False, _null_id(told[0]), environment)


def _open_bare(folder: Path) -> Git:
    named = os.environ.get("GIT_DIR")
    keep = named is not None and resolved(named) == folder
    environment = {**child_environment(keep_local=keep), "GIT_DIR": str(folder)}
    code, told, complaint = _ask(folder, environment)
    if code != 0:
        raise failure("rev-parse", complaint, folder)
    return Git(folder, True, _null_id(told[0]), environment)


def _is_git_folder(folder: Path) -> bool:
    # The least that git asks of one, see gitrepository-layout(5).
    return (
        not os.path.lexists(folder / ".git")
        and os.path.lexists(folder / "HEAD")
        and os.path.lexists(folder / "objects")
        and os.path.lexists(folder / "refs")
    )


def _ask(folder: Path, environment: Mapping[str, str], *more: str) -> tuple[int, list[str], str]:
    process = call(folder, environment, ("rev-parse", "--show-object-format", *more))
    output = os.fsdecode(process.output.read())
    code, complaint = process.finish()
    # A folder's name may hold a line feed: all after the first line is the name.
    return code, output.removesuffix("\n").split("\n", 1), complaint


def _runs_for(top: Path) -> bool:
    """Whether what the environment says of a repository without naming it, such as the
    GIT_INDEX_FILE of a hook, is about this one: git runs hooks at the top."""
    return (
        "GIT_DIR" not in os.environ
        and any(name in os.environ for name in LOCAL)
        and resolved(".").is_relative_to(top)
    )


def _null_id(object_format: str) -> str:
    return "0" * (64 if object_format == "sha256" else 40)
