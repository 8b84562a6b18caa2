"""A module of a library without the packages above it, which import more than we use."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from itertools import accumulate
from types import ModuleType


def load_alone(name: str) -> ModuleType:
    """The module `name` (`package.module`), without running the `__init__` of its packages.

    As the documentation of importlib shows it ("Importing a source file directly"). What the
    module itself imports is imported as always, so a later version of it may only be slower. A
    library that is not in folders on the path (in a frozen program) is imported as a whole.
    Each call makes a new module, and `sys.modules` does not know it.
    """
    spec = _find(name)
    if spec is None or spec.loader is None:
        return import_module(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _find(name: str) -> ModuleSpec | None:
    """Where a module is, from folder to folder; None where it is in none."""
    spec: ModuleSpec | None = None
    places: Sequence[str] | None = None  # the path, at first
    for step in accumulate(name.split("."), "{}.{}".format):
        spec = PathFinder.find_spec(step, places)
        if spec is None:
            return None
        places = spec.submodule_search_locations or ()
    return spec
