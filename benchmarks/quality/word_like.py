"""A copy of a labelled split in which 43 % of the true passwords are words, as people choose them.

    python benchmarks/quality/word_like.py SPLIT COPY [--rows weak|any] [--seed 1]

The split's values are obfuscated: letters became random letters, digits random digits. Of the
passwords (also in addresses, commands and SQL) 43 % were words and digits before; the labels say
which (`weak`). Their letters become words of the same length here, their digits such as people
append. `--rows any` draws as many rows among all passwords instead, which is harder: values that
never were words become words. Words come from the documents of the split itself, and from a list
of what people choose most. Each value has one replacement, in all files; the labels' places stay.
"""

from __future__ import annotations

import argparse
import collections
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KIN = ("Password", "SQL Password", "CMD Password", "URL Credentials")
SHARE = 0.43
DOCUMENTS = {".md", ".rst", ".txt", ".html", ".adoc", ".markdown"}
REPOSITORIES = 4  # in whose documents a word stands
# The heads of published lists of passwords.
USUAL = """admin root test guest user pass love king home star secret dragon monkey master shadow
    qwerty letmein welcome sunshine princess football baseball superman batman trustno michael
    jordan hunter summer winter spring autumn cheese pepper ginger cookie flower orange purple
    password passwd changeme default system manager oracle mysql postgres mongo redis rabbit
    grafana guitar tigger buster soccer hockey killer george charlie andrew thomas robert daniel
    computer internet whatever freedom diamond mustang access matrix""".split()
USUAL_SHARE = 0.2
DIGITS = {1: "1 2 3 7 0 9", 2: "12 01 99 11 23 21 00 88", 3: "123 321 007 111 777 234 100",
          4: "1234 2019 2020 2018 1111 1990 4321 2017"}  # fmt: skip

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("split", type=Path)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--rows", choices=("weak", "any"), default="weak")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    shutil.copytree(given.split / "files", given.copy / "files")
    shutil.copy(given.split / "labels.jsonl", given.copy)
    rows = [json.loads(line) for line in (given.split / "labels.jsonl").open(encoding="utf-8")]
    passwords = [row for row in rows if is_password(row)]
    maker = Maker(words(given.split / "files"), random.Random(given.seed))  # noqa: S311 - the same copy each time
    chosen = choose(passwords, given.rows, maker.draw)
    changed = write(chosen, given.copy / "files", maker, whole=given.rows == "any")
    print(f"{len(passwords)} true passwords, {changed} of them are words now")


def is_password(row: Row) -> bool:
    """Whether a row is a true password in one line, of which the place is known."""
    return (
        row["label"] == "T"
        and any(kind in KIN for kind in row["category"].split(":"))
        and row["line"] == row["end_line"]
        and 0 <= row["value_start"] < row["value_end"]
    )


def choose(passwords: list[Row], which: str, draw: random.Random) -> list[Row]:
    if which == "weak":
        return [row for row in passwords if row["weak"]]
    return draw.sample(passwords, round(SHARE * len(passwords)))


def words(files: Path) -> dict[int, list[str]]:
    """The words that stand in the documents of some repositories, by their length."""
    found: dict[str, set[str]] = collections.defaultdict(set)
    for path in sorted(files.rglob("*")):
        if path.suffix in DOCUMENTS and path.is_file():
            repository = path.relative_to(files).parts[0]
            for word in re.findall(r"\b[a-z]{3,16}\b", path.read_text("utf-8", "replace")):
                found[word].add(repository)
    by_length: dict[int, list[str]] = collections.defaultdict(list)
    for word, repositories in sorted(found.items()):
        if len(repositories) >= REPOSITORIES:
            by_length[len(word)].append(word)
    return by_length


class Maker:
    """Makes values of words; the same value is made for the same value."""

    def __init__(self, by_length: dict[int, list[str]], draw: random.Random) -> None:
        self.draw = draw
        self._words = by_length
        self._made: dict[str, str] = {}

    def alike(self, value: str) -> str:
        """Each run of letters becomes words, each run of digits at the end a usual one."""
        if value not in self._made:
            self._made[value] = re.sub(
                r"[A-Za-z]{3,}|[0-9]{1,4}\Z", lambda run: self._run(run[0]), value
            )
        return self._made[value]

    def anew(self, value: str) -> str:
        """Words of the same length in all, half of the time with digits."""
        if value not in self._made:
            digits = self.draw.choice((0, 0, 1, 2, 3, 4))
            digits = digits if len(value) - digits >= 4 else 0
            text = self._letters(len(value) - digits)
            self._made[value] = text + (self._digits(digits) if digits else "")
        return self._made[value]

    def _run(self, run: str) -> str:
        if run.isdigit():
            return self._digits(len(run))
        word = self._letters(len(run))
        if run.isupper():
            return word.upper()
        return word.capitalize() if run[0].isupper() else word

    def _digits(self, length: int) -> str:
        return self.draw.choice(DIGITS[length].split())

    def _letters(self, length: int) -> str:
        usual = [word for word in USUAL if len(word) == length]
        if usual and self.draw.random() < USUAL_SHARE:
            return self.draw.choice(usual)
        if self._words.get(length):
            return self.draw.choice(self._words[length])
        first = min(self.draw.randint(3, 9), length - 3) if length >= 6 else length
        if first == length:
            return "".join(self.draw.choices("aeiourstln", k=length))
        return self._letters(first) + self._letters(length - first)


def write(rows: list[Row], files: Path, maker: Maker, *, whole: bool) -> int:
    """Puts the made values in the places of the rows; how many differ from what was there."""
    changed = 0
    by_path: dict[str, list[Row]] = collections.defaultdict(list)
    for row in rows:
        by_path[row["path"]].append(row)
    for path, found in sorted(by_path.items()):
        data = (files / path).read_bytes()
        # As the evaluator counts lines; what is not UTF-8 stays as it is.
        text = data.decode("utf-8", "surrogateescape")
        lines = list(_lines(text))
        for row in found:
            start, line = lines[row["line"] - 1]
            begin, end = row["value_start"], row["value_end"]
            old = line[begin:end]
            new = (maker.anew if whole else maker.alike)(old)
            assert len(new) == len(old)
            changed += new != old
            text = text[: start + begin] + new + text[start + end :]
        (files / path).write_bytes(text.encode("utf-8", "surrogateescape"))
    return changed


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in re.finditer(r"\r\n|\r|\n|\Z", text):
        yield start, text[start : match.start()]
        start = match.end()


if __name__ == "__main__":
    main()
