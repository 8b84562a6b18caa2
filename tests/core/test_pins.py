from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from envguard.core.errors import ConfigError
from envguard.core.locking import locked
from envguard.core.pins import Pins


def test_what_was_accepted_is_known_for_its_file_alone(tmp_path: Path) -> None:
    pins, file = Pins(tmp_path / "config"), tmp_path / "tree/secrets.age"
    assert pins.accepted(file) is None
    pins.accept(file, ["b", "a"])
    pins.accept(tmp_path / "other.age", [])
    assert Pins(tmp_path / "config").accepted(file) == {"a", "b"}
    assert pins.accepted(tmp_path / "tree/../tree/secrets.age") == {"a", "b"}
    assert pins.accepted(tmp_path / "other.age") == frozenset()
    pins.accept(file, ["c"])
    assert pins.accepted(file) == {"c"}
    record = tmp_path / "config/recipients.json"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600


def test_a_folder_is_forgotten_with_all_that_is_in_it(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "config")
    pins.forget(tmp_path)  # nothing was ever accepted
    inside, beside = tmp_path / "tree/a/s.age", tmp_path / "tree-2/s.age"
    for file in (inside, beside):
        pins.accept(file, ["a"])
    pins.forget(tmp_path / "tree")
    assert pins.accepted(inside) is None
    assert pins.accepted(beside) == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": 1}',
        '{"schema": 1, "files": []}',
        '{"schema": 1, "files": {"/a": "age1"}}',
        '{"schema": 1, "files": {"/a": [1]}}',
        '{"schema": 2, "files": {}}',
    ],
)
def test_a_damaged_record_accepts_nothing_and_is_kept(tmp_path: Path, text: str) -> None:
    record = tmp_path / "recipients.json"
    record.write_text(text)
    pins = Pins(tmp_path)
    for action in (
        lambda: pins.accepted(Path("/a")),
        lambda: pins.accept(Path("/a"), ["x"]),
        lambda: pins.forget(Path("/")),
    ):
        with pytest.raises(ConfigError, match=r"recipients\.json"):
            action()
    assert record.read_text() == text


def test_one_waits_for_the_other(tmp_path: Path) -> None:
    order: list[str] = []
    inside, go = threading.Event(), threading.Event()

    def first() -> None:
        with locked(tmp_path / "new/folder/lock"):
            inside.set()
            go.wait(10)
            order.append("first")

    def second() -> None:
        with locked(tmp_path / "new/folder/lock"):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    inside.wait(10)
    threads[1].start()
    threads[1].join(0.1)
    go.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]
