"""What a program sees of its place: run as a program, it prints that, and what happens to it.

First a line of JSON; then a line for each signal, key or end of input, as it comes. A line
`exit N` on standard input ends it.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
from pathlib import Path

CAUGHT = ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "CONT", "WINCH", "ALRM", "TSTP")


def look() -> dict[str, object]:
    """What is the same for every process that was started this way."""
    seen: dict[str, object] = {
        "leads its group": os.getpgrp() == os.getpid(),
        "folder": str(Path.cwd()),
        "umask": oct(os.umask(0o22)),
        "limits": [resource.getrlimit(kind) for kind in range(10)],
        "nice": os.nice(0),
        "terminals": [os.isatty(number) for number in (0, 1, 2)],
    }
    os.umask(int(str(seen["umask"]), 8))
    status = Path("/proc/self/status").read_text()
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name in ("SigBlk", "SigIgn"):
            # Whoever started the tests may ignore real-time signals.
            seen[name] = int(value, 16) & 0x7FFF_FFFF
    own = {number for number in map(int, os.listdir("/proc/self/fd")) if number > 2}  # noqa: PTH208
    seen["other open files"] = sorted(os.readlink(f"/proc/self/fd/{n}") for n in own if _is_open(n))  # noqa: PTH115
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
        seen["in the foreground"] = os.tcgetpgrp(terminal) == os.getpgrp()
        seen["session of the terminal"] = os.tcgetpgrp(0) > 0 if os.isatty(0) else None
        seen["size"] = list(os.get_terminal_size(terminal))
        os.close(terminal)
    except OSError:
        seen["in the foreground"] = seen["size"] = None
    return seen


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False  # the listing's own
    return True


def _told(number: int) -> str:
    name = signal.Signals(number).name
    size = f" {list(os.get_terminal_size(1))}" if name == "SIGWINCH" and os.isatty(1) else ""
    return f"got {name}{size}\n"


def _say(text: str) -> None:
    os.write(1, text.encode())


def main() -> None:
    first = look()
    # A handler in Python could come late: a signal just before a read waits for its end.
    come, came = os.pipe()
    os.set_blocking(came, False)
    signal.set_wakeup_fd(came)
    for name in CAUGHT:
        signal.signal(getattr(signal, f"SIG{name}"), lambda *_: None)
    _say(f"pid={os.getpid()} seen={json.dumps(first)}\nready\n")
    while True:
        readable, _, _ = select.select([0, come], [], [])
        if come in readable:
            _say("".join(map(_told, os.read(come, 100))))
        if 0 in readable:
            line = os.read(0, 1000).decode()
            if line.startswith("exit"):
                sys.exit(int(line.split()[1]))
            _say(f"read {line!r}\n" if line else "end of input\n")
            if not line:
                return


if __name__ == "__main__":
    main()
