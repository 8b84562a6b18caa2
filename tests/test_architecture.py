"""The habits of the house that no linter holds."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import envguard
from envguard.backends import registry

PACKAGE = Path(envguard.__file__).parent
FILES = sorted(file for file in PACKAGE.rglob("*.py") if file.name != "__main__.py")
MODULES = [
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "envguard.")
    if module.name != "envguard.__main__"  # to import it is to run it
]


def name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("module", MODULES)
def test_every_module_can_be_imported_and_says_what_it_is(module: str) -> None:
    found = importlib.import_module(module)
    is_package = hasattr(found, "__path__")
    assert bool(found.__doc__) != is_package


@pytest.mark.parametrize("file", [f for f in FILES if f.name == "__init__.py"], ids=name)
def test_the_files_of_packages_are_empty(file: Path) -> None:
    if file.parent != PACKAGE:
        assert file.read_text() == ""


@pytest.mark.parametrize("file", [f for f in FILES if f.name != "__init__.py"], ids=name)
def test_every_file_has_its_annotations_as_text(file: Path) -> None:
    assert "from __future__ import annotations\n" in file.read_text()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_public_class_and_function_says_what_it_gives(file: Path) -> None:
    tree = ast.parse(file.read_text())
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{name(file)}: {node.name}"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_only_the_entrance_catches_everything(file: Path) -> None:
    broad = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert len(broad) == (1 if name(file) == "cli/main.py" else 0)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_no_file_is_longer_than_it_can_be_read(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 300


def test_the_environment_of_the_process_is_never_changed() -> None:
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            text = ast.unparse(node) if isinstance(node, (ast.Assign, ast.Delete, ast.Call)) else ""
            changed = ("os.environ[", "del os.environ", "os.putenv", "os.environ.update")
            # load_env is asked to do just that.
            asked = name(file) == "library/environment.py"
            allowed = asked and text.startswith("os.environ[key] = ")
            is_changed = text.startswith(changed) and not allowed
            assert not is_changed, f"{name(file)}:{getattr(node, 'lineno', 0)}"


def test_the_registry_knows_every_backend() -> None:
    """import-linter does not see a backend that nobody names."""
    text = Path(registry.__file__).read_text()
    own = {f.stem for f in (PACKAGE / "backends").glob("*.py")} - {"__init__", "registry"}
    assert own
    for backend in own:
        assert f"envguard.backends.{backend} import" in text
