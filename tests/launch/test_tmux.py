"""Interactive programs under `run --redact`, in tmux: the same screens as without it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import PROGRAM
from tests.launch.terminals import PATIENCE

VALUE = "s3cr3t-" + "value-on-a-screen"
MASK = "***API_KEY***"
WAYS = {"directly": "", "run --redact": f"{PROGRAM} run --redact -- "}

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="not on Windows"),
]


class Tmux:
    """A tmux server of its own with one window, 80 by 24."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers = 0

    @property
    def base(self) -> list[str]:
        return ["tmux", "-f", "/dev/null", "-S", str(self.folder / f"server-{self.servers}")]

    def call(self, *words: str) -> str:
        environ = {**os.environ, "LC_ALL": "C.UTF-8", "LESSHISTFILE": "-", "API_KEY": VALUE}
        done = subprocess.run(
            [*self.base, *words],
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
        )
        return done.stdout

    def start(self, command: str) -> None:
        self.servers += 1
        # The shell lives on when Ctrl-C ends the command; the command gets it as usual.
        script = f"trap : INT; {command}; echo code=$?; exec sleep 1000"
        self.call("new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", script)

    def type(self, *keys: str) -> None:
        """Types keys by tmux's names, or texts."""
        self.call("send-keys", *keys)

    @property
    def screen(self) -> str:
        """What is seen, with colours."""
        return self.call("capture-pane", "-p", "-e")

    def expect(self, text: str) -> str:
        """Waits until the screen holds a text; returns the screen when it is at rest."""
        end = time.monotonic() + PATIENCE
        last = ""
        while True:
            screen = self.screen
            if text in screen and screen == last:
                return screen
            assert time.monotonic() < end, (text, screen)
            last = screen
            time.sleep(0.1)

    def stop(self) -> None:
        subprocess.run([*self.base, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    (tmp_path / ".env").write_text(f"API_KEY={VALUE}\n")
    (tmp_path / ".git").mkdir()
    started = Tmux(tmp_path)
    yield started
    started.stop()


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def vim(tmux: Tmux, before: str) -> list[str]:
    file = tmux.folder / "text"
    file.write_text("".join(f"line {n}\n" for n in range(100)))
    tmux.start(f"{before}vim -u NONE -N text")
    screens = [tmux.expect("line 22")]
    tmux.type("G", "o", "typed in vim", "Escape")
    screens.append(tmux.expect("typed in vim"))
    tmux.type("g", "g", ":set number", "Enter")
    screens.append(tmux.expect("22 "))
    tmux.call("resize-window", "-x", "60", "-y", "10")
    screens.append(tmux.expect("9 "))
    tmux.type(":wq", "Enter")
    screens.append(tmux.expect("code=0"))
    assert file.read_text().endswith("line 99\ntyped in vim\n")
    tmux.stop()
    return screens


@needs("vim")
def test_vim_shows_the_same_screens(tmux: Tmux) -> None:
    assert vim(tmux, WAYS["run --redact"]) == vim(tmux, WAYS["directly"])


def less(tmux: Tmux, before: str) -> list[str]:
    (tmux.folder / "text").write_text("".join(f"line {n}\n" for n in range(1000)))
    tmux.start(f"{before}less text")
    screens = [tmux.expect("line 22")]
    tmux.type("Space")
    screens.append(tmux.expect("line 45"))
    tmux.type("/line 500", "Enter")
    screens.append(tmux.expect("line 500"))
    tmux.call("resize-window", "-x", "40", "-y", "12")
    screens.append(tmux.expect("line 510"))
    tmux.type("q")
    screens.append(tmux.expect("code=0"))
    tmux.stop()
    return screens


@needs("less")
def test_less_shows_the_same_screens(tmux: Tmux) -> None:
    assert less(tmux, WAYS["run --redact"]) == less(tmux, WAYS["directly"])


def python(tmux: Tmux, before: str) -> list[str]:
    tmux.start(f"{before}{shlex.quote(sys.executable)} -i -q")
    screens = [tmux.expect(">>>")]
    tmux.type("print(6 * 7)", "Enter")
    screens.append(tmux.expect("\n42\n"))
    tmux.type("Up", "Left", "0", "Enter")  # edits the last line: 6 * 70
    screens.append(tmux.expect("\n420\n"))
    tmux.type("import time; time.sleep(100)", "Enter")
    time.sleep(0.3)
    tmux.type("C-c")
    screens.append(tmux.expect("KeyboardInterrupt"))
    tmux.type("C-d")
    screens.append(tmux.expect("code="))  # 130: Python remembers the interrupt
    tmux.stop()
    return screens


def test_python_shows_the_same_screens(tmux: Tmux) -> None:
    assert python(tmux, WAYS["run --redact"]) == python(tmux, WAYS["directly"])


BAR = """
import sys, time
for n in range(101):
    sys.stdout.write(f"\\r\\033[32m{'#' * (n // 2):50}\\033[0m {n:3}%")
    sys.stdout.flush()
    time.sleep(0.005)
print()
"""


def bar(tmux: Tmux, before: str) -> list[str]:
    (tmux.folder / "bar.py").write_text(BAR)
    tmux.start(f"{before}{shlex.quote(sys.executable)} bar.py")
    screens = [tmux.expect("code=0")]
    tmux.stop()
    return screens


def test_a_progress_bar_shows_the_same_screen(tmux: Tmux) -> None:
    masked = bar(tmux, WAYS["run --redact"])
    assert masked == bar(tmux, WAYS["directly"])
    assert "#" * 50 in masked[0]
    assert "100%" in masked[0]


@needs("vim")
@needs("less")
def test_a_value_on_the_screen_is_masked(tmux: Tmux) -> None:
    (tmux.folder / "text").write_text(f"the value {VALUE} stands here\n" * 3)
    for command in ("vim -u NONE -N text", "less text", f"{sys.executable} -i -q"):
        tmux.start(WAYS["run --redact"] + command)
        if "python" in command:
            tmux.expect(">>>")
            tmux.type(f"'{VALUE}'", "Enter")
        screen = tmux.expect(MASK)
        assert VALUE not in screen
        tmux.stop()


def test_the_comparison_can_fail(tmux: Tmux) -> None:
    tmux.start("printf one")
    one = tmux.expect("code=0")
    tmux.stop()
    tmux.start("printf two")
    assert tmux.expect("code=0") != one
