"""A module of a library without the packages above it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from envguard.core.alone import load_alone

LIBRARY = "a_made_up_library"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library on the path, whose packages say that they were run."""
    inner = tmp_path / LIBRARY / "inner"
    inner.mkdir(parents=True)
    (inner.parent / "__init__.py").write_text("RUN = 1\n")
    (inner / "__init__.py").write_text("RUN = 2\n")
    (inner / "part.py").write_text("VALUE = 3\nclass Noun: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield inner
    for name in [name for name in sys.modules if name.startswith(LIBRARY)]:
        del sys.modules[name]


def test_a_module_is_loaded_without_its_packages(library: Path) -> None:
    part = load_alone(f"{LIBRARY}.inner.part")
    assert part.VALUE == 3
    assert part.Noun.__module__ == f"{LIBRARY}.inner.part"
    assert part.__file__ == str(library / "part.py")
    assert not [name for name in sys.modules if name.startswith(LIBRARY)]


def test_what_the_module_imports_from_its_packages_is_imported_as_always(library: Path) -> None:
    (library / "part.py").write_text("from . import RUN\nfrom .. import RUN as OUTER\n")
    part = load_alone(f"{LIBRARY}.inner.part")
    assert (part.OUTER, part.RUN) == (1, 2)
    assert f"{LIBRARY}.inner" in sys.modules


def test_a_library_that_is_in_no_folder_is_imported_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen = ModuleType("a_frozen_library.part")
    monkeypatch.setitem(sys.modules, "a_frozen_library", ModuleType("a_frozen_library"))
    monkeypatch.setitem(sys.modules, "a_frozen_library.part", frozen)
    assert load_alone("a_frozen_library.part") is frozen


@pytest.mark.parametrize(
    "name",
    ["a_library_that_is_not_there.part", f"{LIBRARY}.inner.nothing", f"{LIBRARY}.inner.part.os"],
)
def test_what_is_not_there_is_an_import_error(name: str, library: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=name.partition(".")[0]):
        load_alone(name)


def test_an_error_inside_the_module_is_not_hidden(library: Path) -> None:
    (library / "part.py").write_text("raise ValueError('broken')\n")
    with pytest.raises(ValueError, match="broken"):
        load_alone(f"{LIBRARY}.inner.part")
