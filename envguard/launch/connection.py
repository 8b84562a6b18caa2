"""How a child's standard streams are connected to ours.

Three cases. Nothing is masked: the child has our streams. All three are our terminal, with us in
its foreground: the child gets a session and a terminal of its own, and the keys go there. Else
(a pipe somewhere, or in the background): the child keeps our session, terminal and standard
input; its outputs are a pipe where ours is no terminal, and where it is one, a terminal that
nothing is read from.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence

from envguard.launch.channel import Channel, Keyboard
from envguard.launch.redaction import Redactor
from envguard.launch.spawn import Place
from envguard.launch.terminal import Terminal, copy_size, open_like, same_terminal


class Connection:
    """The streams of one child. `place` is for `spawn`; call `started` after it."""

    def __init__(self, redactor: Redactor | None, terminal: Terminal | None) -> None:
        self._channels: list[Channel] = []
        self._keyboard: Keyboard | None = None
        self._theirs: list[int] = []
        present = [number for number in (0, 1, 2) if _is_given(number)]
        on_terminal = terminal is not None and _on_our_terminal()
        if redactor is None:
            self.place = Place(foreground=terminal.descriptor if terminal and on_terminal else None)
        elif on_terminal:
            ours, theirs = open_like(0, raw_output=False)
            self._own(ours, theirs, 1, redactor)
            self._keyboard = Keyboard(0, os.dup(ours))
            self.place = Place(dict.fromkeys((0, 1, 2), theirs), session=theirs)
        else:
            self.place = Place(self._outputs([n for n in present if n != 0], redactor))

    @property
    def has_own_terminal(self) -> bool:
        """Whether the keys go through us to a terminal of the child's."""
        return self.place.session is not None

    @property
    def problems(self) -> list[str]:
        """What the system said where our streams refused more."""
        return [channel.problem for channel in self._channels if channel.problem]

    def started(self) -> None:
        """The child has its ends now; from here on it alone keeps them open."""
        for descriptor in self._theirs:
            os.close(descriptor)
        self._theirs = []

    def serve(self, wakeups: Sequence[int], timeout: float | None, *, keys: bool) -> bool:
        """Waits for something to come, at most `timeout` seconds, and passes it on; whether
        anything came. It returns early when one of `wakeups` becomes readable. `keys`: read the
        keyboard."""
        keyboard = self._keyboard
        ends: list[Channel | Keyboard] = [*self._channels]
        if keyboard is not None:
            ends.append(keyboard)
        reads = {
            end.source: end
            for end in ends
            if end.source is not None and end.wants_to_read and (keys or end is not keyboard)
        }
        writes = {end.sink: end for end in ends if end.wants_to_write}
        deadlines = [d for channel in self._channels if (d := channel.deadline) is not None]
        if deadlines:
            soon = max(0.0, min(deadlines) - time.monotonic())
            timeout = soon if timeout is None else min(soon, timeout)
        readable, writable, _ = select.select([*wakeups, *reads], list(writes), [], timeout)
        for descriptor in writable:
            writes[descriptor].write()
        for descriptor in readable:
            if descriptor in reads:
                reads[descriptor].read()
        now = time.monotonic()
        for channel in self._channels:
            if (deadline := channel.deadline) is not None and deadline <= now:
                channel.release()
        return bool(writable) or any(each in reads for each in readable)

    @property
    def is_empty(self) -> bool:
        """Whether everything that was read has reached our streams."""
        return not any(channel.wants_to_write for channel in self._channels)

    def expect_no_more(self) -> None:
        """The child has ended; takes what is still on its way."""
        for channel in self._channels:
            channel.expect_no_more()

    def end(self) -> None:
        """Reads no more. What waits for our streams still does."""
        for channel in self._channels:
            channel.close()
        if self._keyboard is not None:
            self._keyboard.close()
            self._keyboard = None

    def leave(self) -> None:
        """Writes no more: what still waits is dropped."""
        for channel in self._channels:
            channel.leave()

    def resize(self) -> bool:
        """Gives the child's terminals the size of ours; whether that changed any."""
        changed = [
            copy_size(channel.sink, channel.source)
            for channel in self._channels
            if channel.source is not None
        ]
        return any(changed)

    def _outputs(self, numbers: list[int], redactor: Redactor) -> dict[int, int]:
        streams: dict[int, int] = {}
        for number in numbers:
            twin = next((n for n in streams if _is_same(n, number)), None)
            if twin is not None:
                # One file for both, so that their order stays.
                streams[number] = streams[twin]
                continue
            if os.isatty(number):
                ours, theirs = open_like(number, raw_output=True)
            else:
                ours, theirs = os.pipe()
            self._own(ours, theirs, number, redactor)
            streams[number] = theirs
        return streams

    def _own(self, ours: int, theirs: int, sink: int, redactor: Redactor) -> None:
        self._channels.append(Channel(ours, sink, redactor.stream()))
        self._theirs.append(theirs)


def _is_given(number: int) -> bool:
    """Whether a descriptor was open when this process started; those that we opened ourselves
    are not for the child."""
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


def _on_our_terminal() -> bool:
    try:
        ours = os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
    return ours and same_terminal(0, 1) and same_terminal(0, 2)


def _is_same(first: int, second: int) -> bool:
    one, two = os.fstat(first), os.fstat(second)
    return (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)
