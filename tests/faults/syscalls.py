"""Records what a program does to the files below a root, with all that its libraries do: the
system calls that strace(1) shows, read as the operations of a disk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.disk import Cut, Data, Mode, Name, Node, Operation, Recording, Sync, snapshot

STRACE = shutil.which("strace")

_CALLS = (
    "openat,open,creat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,"
    "mkdir,mkdirat,rmdir,ftruncate,truncate,chmod,fchmod,fchmodat,link,linkat,lseek,"
    # Not understood here: that they are not used is checked.
    "writev,pwritev,pwritev2,fallocate,copy_file_range,sendfile"
)
_OPTIONS = ("-f", "-qq", "-y", "-xx", "-s", "1000000")  # everything in hexadecimal
_LINE = re.compile(r"\d+ +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)(?:<[^>]*>)?.*")
_UNFINISHED = re.compile(r"(?P<pid>\d+) (?P<begin>.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(?P<pid>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})*)>")
_FOLDER = re.compile(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>")
_UMASK = 0o022


def traced(
    command: Sequence[str], root: Path, environ: Mapping[str, str], folder: Path
) -> Recording:
    """Runs a program in `folder` until its end, which must be good; what it did below `root`.

    SQLite's shared memory (`-shm`) is left out: it means nothing after a crash.
    """
    assert STRACE is not None
    real = Path(os.path.realpath(root))
    nodes, numbers = snapshot(real, _is_shared_memory)
    told = root.parent / "strace.out"
    before = os.umask(_UMASK)
    try:
        subprocess.run(
            [STRACE, *_OPTIONS, "-o", str(told), "-e", f"trace={_CALLS}", *command],
            env=dict(environ),
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    finally:
        os.umask(before)
    reader = _Reader(
        str(real), os.fsencode(os.path.realpath(folder)), Recording(nodes, [], {}), numbers
    )
    for line in _whole(told.read_text().splitlines()):
        reader.read(line)
    return reader.made


def _whole(lines: Sequence[str]) -> list[str]:
    """The lines, with those joined that another process has interrupted."""
    found: list[str] = []
    begun: dict[str, str] = {}
    for line in lines:
        if unfinished := _UNFINISHED.fullmatch(line):
            begun[unfinished["pid"]] = unfinished["begin"]
        elif resumed := _RESUMED.fullmatch(line):
            found.append(f"{resumed['pid']} {begun.pop(resumed['pid'], '')}{resumed['rest']}")
        else:
            found.append(line)
    return found


def _is_shared_memory(path: str) -> bool:
    return path.endswith("-shm")


def _last(arguments: str) -> str:
    return arguments.rpartition(", ")[2]


class _Reader:
    """From lines to operations. `numbers` are the files by their path, as it is by then."""

    def __init__(self, root: str, folder: bytes, made: Recording, numbers: dict[str, int]) -> None:
        self.root = root
        self.folder = folder  # the program does not leave it
        self.made = made
        self.numbers = numbers
        self.positions: dict[str, int] = {}
        self.sizes = {path: len(made.nodes[n].content) for path, n in numbers.items()}

    def read(self, line: str) -> None:
        call = _LINE.fullmatch(line)
        if call is None or int(call["result"]) < 0:
            return  # a signal, an exit, or a call that failed
        name, arguments, result = call["name"], call["arguments"], int(call["result"])
        texts = [bytes.fromhex(t.replace("\\x", "")) for t in _TEXT.findall(arguments)]
        opened = _FILE.match(arguments)
        if opened is not None and not name.endswith("at"):
            path = self.below(bytes.fromhex(opened[1].replace("\\x", "")))
            if path is not None and path in self.numbers:
                self.on_file(name, path, arguments, texts, result)
            return
        folders = [bytes.fromhex(t.replace("\\x", "")) for t in _FOLDER.findall(arguments)]
        paths = []
        for number, text in enumerate(texts):
            folder = folders[min(number, len(folders) - 1)] if folders else self.folder
            paths.append(self.below(os.path.join(folder, text)))
        if paths and paths[0] is not None:
            self.on_path(name, paths[0], paths[1] if len(paths) > 1 else None, arguments)

    def below(self, path: bytes) -> str | None:
        place = os.path.normpath(os.fsdecode(path))
        if place != self.root and not place.startswith(self.root + os.sep):
            return None
        below = "" if place == self.root else os.path.relpath(place, self.root)
        return None if _is_shared_memory(below) else below

    def note(self, operation: Operation) -> None:
        self.made.operations.append(operation)

    def on_file(
        self, name: str, path: str, arguments: str, texts: Sequence[bytes], result: int
    ) -> None:
        number = self.numbers[path]
        if name == "lseek":
            self.positions[path] = result
        elif name in ("write", "pwrite64"):
            at = self.positions.get(path, 0) if name == "write" else int(_last(arguments))
            self.note(Data(number, at, texts[0][:result]))
            self.sizes[path] = max(self.sizes.get(path, 0), at + result)
            if name == "write":
                self.positions[path] = at + result
        elif name in ("fsync", "fdatasync"):
            self.note(Sync(number))
        elif name == "ftruncate":
            self.sizes[path] = int(_last(arguments))
            self.note(Cut(number, self.sizes[path]))
        elif name == "fchmod":
            self.note(Mode(number, int(_last(arguments), 8)))
        else:
            raise AssertionError(f"{name} of {path} is not understood")

    def on_path(self, name: str, path: str, other: str | None, arguments: str) -> None:
        if name in ("openat", "open", "creat"):
            self.on_open(path, arguments)
        elif name in ("mkdir", "mkdirat"):
            self.new(path, int(_last(arguments), 8) & ~_UMASK, is_folder=True)
        elif name.startswith("rename"):
            assert other is not None
            number = self.numbers.pop(path)
            self.numbers[other] = number
            self.sizes[other] = self.sizes.pop(path, 0)
            self.name(other, number, (path.rpartition("/")[2], None))
        elif name.startswith("link"):
            assert other is not None
            self.numbers[other] = self.numbers[path]
            self.name(other, self.numbers[path])
        elif name.startswith(("unlink", "rmdir")):
            if self.numbers.pop(path, None) is not None:
                self.name(path, None)
        elif path in self.numbers and name in ("chmod", "fchmodat"):
            self.note(Mode(self.numbers[path], int(_last(arguments), 8)))
        elif path in self.numbers and name == "truncate":
            self.note(Cut(self.numbers[path], int(_last(arguments))))

    def on_open(self, path: str, arguments: str) -> None:
        if path not in self.numbers:
            if "O_CREAT" in arguments:
                self.new(path, int(_last(arguments), 8) & ~_UMASK, is_folder=False)
        elif "O_TRUNC" in arguments:
            self.sizes[path] = 0
            self.note(Cut(self.numbers[path], 0))
        self.positions[path] = self.sizes.get(path, 0) if "O_APPEND" in arguments else 0

    def new(self, path: str, mode: int, *, is_folder: bool) -> None:
        number = len(self.made.nodes)
        self.made.nodes[number] = Node(mode, is_folder)
        self.numbers[path] = number
        self.sizes[path] = 0
        self.name(path, number)

    def name(self, path: str, number: int | None, *more: tuple[str, int | None]) -> None:
        folder, _, name = path.rpartition("/")
        self.note(Name(self.numbers[folder], ((name, number), *more)))
