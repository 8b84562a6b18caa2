"""A YAML file with `environment:` maps, edited byte for byte: docker compose, or a plain one.

A plain file has one `environment:` map at its top; compose has one, or a list of `KEY=VALUE`,
in each service (https://github.com/compose-spec/compose-spec/blob/main/05-services.md#environment).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from envguard.core.envfile import Entry
from envguard.core.errors import UsageError
from envguard.core.text import printable
from envguard.envfile import compose_text, yaml_quote, yaml_text
from envguard.envfile.quote import can_be_spelled
from envguard.envfile.yaml_cells import Cell, find_cells
from envguard.envfile.yaml_text import Token, Tree

_BLOCK = re.compile(r"[|>][-+0-9]*")


class YamlDocument(NamedTuple):
    """A YAML file with `environment:` maps. `path` is its name in errors; `problems` say, each
    with its place, what of the maps cannot be read."""

    path: str
    text: str
    tree: Tree
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]

    def __repr__(self) -> str:
        return f"YamlDocument({self.path!r})"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every variable, in the order of the file. Values are given as they would stand in a
        .env file before interpolation: what compose writes `$$` is `$`."""
        return tuple(cell.entry for cell in self.cells)

    @property
    def compose(self) -> bool:
        """Whether it is a compose file."""
        return any(cell.compose for cell in self.cells)

    def render(self) -> bytes:
        """The file's bytes; of a document that was not edited, those that it was read from."""
        return self.text.encode()

    def require_clean(self) -> None:
        """Raises UsageError with the first of the problems, where there are any."""
        if self.problems:
            raise UsageError(self.problems[0], "write it as a text, in quotes")

    def require_lines(self) -> None:
        """Raises UsageError where one line holds several variables, so that a line names none."""
        seen: set[int] = set()
        for entry in self.entries:
            if entry.line in seen:
                raise UsageError(
                    f"{printable(self.path)}:{entry.line} holds several variables",
                    "write each of them on a line of its own",
                )
            seen.add(entry.line)

    def replace_all(self, values: Mapping[int, str]) -> YamlDocument:
        """The document with the values changed of the entries on these lines, and nothing else.

        `values` are read as `entries` gives them. Raises LookupError for a line that holds no
        entry, UsageError for a value that cannot be replaced there.
        """
        self.require_lines()
        cells = {cell.entry.line: cell for cell in self.cells}
        unknown = values.keys() - cells.keys()
        if unknown:
            raise LookupError(f"{self.path} has no entry on line {min(unknown)}")
        edits = {self._editable(cells[n], value): (cells[n], value) for n, value in values.items()}
        self._check_aliases(edits)
        text, wanted = self.text, {}
        for token in sorted(edits, reverse=True):
            cell, value = edits[token]
            scalar = cell.prefix + (compose_text.encode(value) if cell.compose else value)
            wanted[token.start] = scalar
            old = self.text[token.start : token.end]
            new = _replaced(old, yaml_quote.spell(scalar, token.style))
            text = text[: token.start] + new + text[token.end :]
        return self._verified(text, wanted, values)

    def _editable(self, cell: Cell, value: str) -> Token:
        name = f"the value of {printable(cell.entry.key)} in {printable(self.path)}"
        if cell.token is None:
            raise UsageError(f"{name} is empty", "give it a value first")
        if not can_be_spelled(value):
            raise UsageError(
                f"{name} would hold a character that no variable can hold: NUL or a lone surrogate",
                "keep it encoded, for example as base64",
            )
        if not cell.plain:
            raise UsageError(
                f"{name} is no text, and programs write it in different ways",
                f"put it in quotes, on line {cell.entry.line}",
            )
        return cell.token

    def _check_aliases(self, edited: Collection[Token]) -> None:
        """Whoever repeats an anchored value by its alias must not get another one unasked."""
        anchors = {token.anchor for token in edited if token.anchor}
        for token in self.tree.tokens.values():
            if token.alias in anchors and token not in edited:
                raise UsageError(
                    f"{printable(self.path)} repeats a value elsewhere, as *{token.alias}",
                    "move both, or write the value out in both places",
                )

    def _verified(
        self, text: str, wanted: Mapping[int, str], values: Mapping[int, str]
    ) -> YamlDocument:
        """The document of a text, once it is sure that it says what is expected."""
        edited = parse(text.encode(), self.path)
        same = len(edited.tree.shape) == len(self.tree.shape) and all(
            (now == before) if before.start not in wanted else now.value == wanted[before.start]
            for before, now in zip(self.tree.shape, edited.tree.shape, strict=True)
        )
        expected = [(e.key, e.section, values.get(e.line, _value(e))) for e in self.entries]
        read = [(e.key, e.section, _value(e)) for e in edited.entries]
        if not same or read != expected or len(edited.problems) != len(self.problems):
            raise UsageError(
                f"{printable(self.path)} would not be read as it should after the change",
                "write the values that are to be moved as texts, in quotes",
            )
        return edited


def parse(content: bytes, path: str, *, top: bool = False) -> YamlDocument:
    """The document that a file's bytes say. With `top`, where there is no `environment:`, the
    variables are what stands at the top, as in many files that SOPS encrypts.

    Raises UsageError where they are not UTF-8 or no YAML, or where no variables are there.
    """
    text = yaml_text.decode(content, path)
    tree = yaml_text.read(text, path)
    cells, problems = find_cells(tree, text, path)
    if top and not cells and not problems:
        cells, problems = find_cells(tree, text, path, top=True)
    if not cells and not problems:
        raise UsageError(
            f"{printable(path)} has no variables under `environment:`",
            "name a .env file, a compose file, or a YAML file with a map environment:",
        )
    return YamlDocument(path, text, tree, cells, problems)


def _value(entry: Entry) -> str | None:
    return None if entry.value is None else entry.value.reveal()


def _replaced(old: str, spelled: str) -> str:
    """A scalar in its place. Of a block scalar the comment behind `|` stays, and what follows
    its last line."""
    block = _BLOCK.match(old)
    if block is None or "\n" not in old:
        return spelled
    header = old[block.end() : old.index("\n")].rstrip()
    return spelled + header + old[max(len(old.rstrip()), old.index("\n")) :]
