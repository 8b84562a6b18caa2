"""Records what this process does to the files below a root: a layer under `os`.

Everything that Python code does through `os`, `open` and `pathlib` is seen; what a library does
in C (SQLite) is not: such files are named as opaque, and taken as safe whenever something else
happens.
"""

from __future__ import annotations

import builtins
import io
import os
import pathlib
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.disk import Cut, Data, Mode, Name, Node, Operation, Recording, Sync, snapshot

_WRITES = os.O_WRONLY | os.O_RDWR


_PATCHED = (
    *("open", "close", "write", "fsync", "fdatasync", "replace", "rename", "unlink", "remove"),
    *("mkdir", "rmdir", "chmod", "fchmod", "truncate", "ftruncate", "fdopen", "link"),
)


def _nothing(_path: str) -> bool:
    return False


@contextmanager
def recording(root: Path, opaque: Callable[[str], bool] = _nothing) -> Iterator[Recording]:
    """Records while the block runs; the recording is whole at its end.

    `opaque` says which paths, relative to the root, are not recorded.
    """
    recorder = _Recorder(root, opaque)
    replaced = {name: getattr(recorder, name) for name in _PATCHED}
    with pytest.MonkeyPatch.context() as patch:
        for name, function in replaced.items():
            patch.setattr(os, name, function)
        for module in (builtins, io):
            patch.setattr(module, "open", recorder.open_file)
        # Python 3.10 keeps these functions in a class of pathlib; its `open` is that of io.
        accessor = getattr(pathlib, "_NormalAccessor", None)
        for name, function in {**replaced, "open": recorder.open_file}.items():
            if hasattr(accessor, name):
                patch.setattr(accessor, name, staticmethod(function))
        yield recorder.made
    recorder.look()


class _Recorder:
    """The functions that stand in for those of `os`, and what they have seen."""

    def __init__(self, root: Path, opaque: Callable[[str], bool]) -> None:
        self.root = os.path.realpath(root)
        self.is_opaque = opaque
        self.real = {name: getattr(os, name) for name in _PATCHED}
        self.real_open = builtins.open
        nodes, self.numbers = snapshot(Path(self.root), opaque)
        self.made = Recording(nodes, [], {})
        self.open_files: dict[int, int] = {}  # descriptor -> number

    # What is noted

    def note(self, operation: Operation) -> None:
        self.look()
        self.made.operations.append(operation)

    def look(self) -> None:
        """Takes what the opaque files hold now."""
        point = len(self.made.operations)
        present: set[str] = set()
        for folder, _, files in os.walk(self.root):
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.root)
                if self.is_opaque(path):
                    present.add(path)
                    place = Path(self.root, path)
                    with self.real_open(place, "rb") as file:
                        held: bytes | None = file.read()
                    self._hold(path, point, stat.S_IMODE(place.stat().st_mode), held)
        for path in self.made.opaque.keys() - present:
            self._hold(path, point, 0, None)

    def _hold(self, path: str, point: int, mode: int, held: bytes | None) -> None:
        states = self.made.opaque.setdefault(path, [])
        if not states or states[-1][1:] != (mode, held):
            states.append((point, mode, held))

    def path(self, given: Any) -> str | None:
        """A path below the root that is recorded; None for any other."""
        if isinstance(given, int):
            return None
        named = Path(os.fsdecode(given))
        place = os.path.join(os.path.realpath(named.parent), named.name)
        if place == self.root:
            return ""
        if not place.startswith(self.root + os.sep):
            return None
        below = os.path.relpath(place, self.root)
        return None if self.is_opaque(below) else below

    def _new(self, path: str, mode: int, *, is_folder: bool) -> None:
        number = len(self.made.nodes)
        self.made.nodes[number] = Node(mode, is_folder)
        self.numbers[path] = number
        self._name(path, number)

    def _name(self, path: str, number: int | None, *more: tuple[str, int | None]) -> None:
        folder, _, name = path.rpartition("/")
        self.note(Name(self.numbers[folder], ((name, number), *more)))

    # What stands in for `os`

    def open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        below = None if dir_fd is not None else self.path(path)
        was_there = os.path.lexists(path) if below is not None else True
        descriptor = self.real["open"](path, flags, mode, dir_fd=dir_fd)
        if below is not None:
            if not was_there:
                self._new(below, stat.S_IMODE(os.fstat(descriptor).st_mode), is_folder=False)
            elif flags & os.O_TRUNC and flags & _WRITES:
                self.note(Cut(self.numbers[below], 0))
            if below in self.numbers:
                self.open_files[descriptor] = self.numbers[below]
        return int(descriptor)

    def close(self, descriptor: int) -> None:
        self.open_files.pop(descriptor, None)
        self.real["close"](descriptor)

    def write(self, descriptor: int, data: Any) -> int:
        number = self.open_files.get(descriptor)
        before = os.lseek(descriptor, 0, os.SEEK_CUR) if number is not None else 0
        count = int(self.real["write"](descriptor, data))
        if number is not None:
            end = os.lseek(descriptor, 0, os.SEEK_CUR)  # with O_APPEND it began elsewhere
            assert end - count >= before
            self.note(Data(number, end - count, bytes(data)[:count]))
        return count

    def fsync(self, descriptor: int) -> None:
        self.real["fsync"](descriptor)
        number = self.open_files.get(descriptor)
        if number is not None:
            self.note(Sync(number))

    fdatasync = fsync

    def replace(self, source: Any, target: Any, **more: Any) -> None:
        old, new = self.path(source), self.path(target)
        self.real["replace"](source, target, **more)
        if old is None and new is None:
            return
        assert old is not None and new is not None, "a rename out of what is recorded"
        assert old.rpartition("/")[0] == new.rpartition("/")[0], "a rename between folders"
        number = self.numbers.pop(old)
        assert not self.made.nodes[number].is_folder, "the rename of a folder"
        self.numbers[new] = number
        self._name(new, number, (old.rpartition("/")[2], None))

    rename = replace

    def unlink(self, path: Any, **more: Any) -> None:
        below = self.path(path)
        self.real["unlink"](path, **more)
        if below is not None and below in self.numbers:
            del self.numbers[below]
            self._name(below, None)

    remove = unlink

    def rmdir(self, path: Any, **more: Any) -> None:
        below = self.path(path)
        self.real["rmdir"](path, **more)
        if below is not None:
            del self.numbers[below]
            self._name(below, None)

    def link(self, source: Any, target: Any, **more: Any) -> None:
        old, new = self.path(source), self.path(target)
        self.real["link"](source, target, **more)
        if old is not None and new is not None:
            self.numbers[new] = self.numbers[old]
            self._name(new, self.numbers[old])

    def mkdir(self, path: Any, mode: int = 0o777, **more: Any) -> None:
        self.real["mkdir"](path, mode, **more)
        below = self.path(path)
        if below is not None:
            self._new(below, stat.S_IMODE(Path(path).stat().st_mode), is_folder=True)

    def chmod(self, path: Any, mode: int, **more: Any) -> None:
        self.real["chmod"](path, mode, **more)
        below = self.path(path)
        if below in self.numbers:
            self.note(Mode(self.numbers[below], mode))

    def fchmod(self, descriptor: int, mode: int) -> None:
        self.real["fchmod"](descriptor, mode)
        if descriptor in self.open_files:
            self.note(Mode(self.open_files[descriptor], mode))

    def truncate(self, path: Any, size: int) -> None:
        self.real["truncate"](path, size)
        number = self.open_files.get(path) if isinstance(path, int) else None
        below = self.path(path)
        if number is None and below is not None:
            number = self.numbers.get(below)
        if number is not None:
            self.note(Cut(number, size))

    ftruncate = truncate

    def fdopen(self, descriptor: int, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        return self.open_file(descriptor, mode, *arguments, **more)

    def open_file(self, file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        """`open`: what writes below the root goes through `os.write`."""
        is_recorded = (
            file in self.open_files if isinstance(file, int) else self.path(file) is not None
        )
        if not is_recorded or not set(mode) & set("wax+"):
            return self.real_open(file, mode, *arguments, **more)
        kind = mode.strip("bt+")
        flags = {"r": 0, "w": os.O_CREAT | os.O_TRUNC, "a": os.O_CREAT | os.O_APPEND}.get(
            kind, os.O_CREAT | os.O_EXCL
        )
        both = "+" in mode
        if not isinstance(file, int):
            file = self.open(file, (os.O_RDWR if both else os.O_WRONLY) | flags, 0o666)
        raw = _Raw(self, file, both)
        buffered = io.BufferedRandom(raw) if both else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, more.get("encoding"))


class _Raw(io.RawIOBase):
    """A descriptor as a file that is written through the recorder."""

    def __init__(self, recorder: _Recorder, descriptor: int, both: bool) -> None:
        self._recorder = recorder
        self._descriptor = descriptor
        self._both = both

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return self._both

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def readinto(self, buffer: Any) -> int:
        content = os.read(self._descriptor, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def write(self, data: Any) -> int:
        return self._recorder.write(self._descriptor, bytes(data))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._recorder.close(self._descriptor)
