"""One stream on its way: nobody waits for a slow reader, and nothing is read for ever."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from envguard.core.secret import Secret
from envguard.launch.redaction import WAIT, Redactor

if sys.platform == "win32":
    pytest.skip("not on Windows", allow_module_level=True)

from envguard.launch.channel import Channel

VALUE = "a-value-in-" + "a-channel"


class Pipes:
    """A channel from a pipe that the test writes into a pipe that it reads."""

    def __init__(self) -> None:
        source, self.child = os.pipe()
        self.reader, self.sink = os.pipe()
        self.channel = Channel(source, self.sink, Redactor([("K", Secret(VALUE))]).stream())

    def pass_on(self) -> None:
        self.channel.read()
        self.channel.write()


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes()
    yield made
    made.channel.close()
    made.channel.leave()
    for descriptor in (made.child, made.reader, made.sink):
        os.close(descriptor)


def test_what_could_be_a_value_waits_until_it_is_time(pipes: Pipes) -> None:
    os.write(pipes.child, b"prompt a-v")
    pipes.pass_on()
    assert os.read(pipes.reader, 100) == b"prompt "
    assert pipes.channel.deadline is not None
    assert 0 < pipes.channel.deadline - time.monotonic() <= WAIT
    pipes.channel.release()
    pipes.channel.write()
    assert os.read(pipes.reader, 100) == b"a-v"
    assert pipes.channel.deadline is None


def test_a_reader_who_takes_nothing_makes_the_child_wait_and_not_us(pipes: Pipes) -> None:
    written = 0
    os.set_blocking(pipes.child, False)
    begin = time.monotonic()
    while pipes.channel.wants_to_read:
        written += os.write(pipes.child, b"x" * 4096)
        pipes.pass_on()
    assert time.monotonic() - begin < 10
    assert pipes.channel.wants_to_write
    assert written < 1_000_000
    got = 0
    while pipes.channel.wants_to_write:
        got += len(os.read(pipes.reader, 1 << 20))
        pipes.channel.write()
    assert written - 2 * 65536 <= got <= written


def test_after_the_childs_end_no_more_is_read_than_it_can_have_left(pipes: Pipes) -> None:
    pipes.channel.expect_no_more()
    for _ in range(100):
        if pipes.channel.source is None:
            break
        os.write(pipes.child, b"x" * 10_000)
        pipes.pass_on()
        os.read(pipes.reader, 20_000)
    assert pipes.channel.source is None


def test_the_readers_own_view_of_its_pipe_is_not_changed(pipes: Pipes) -> None:
    os.write(pipes.child, b"x")
    pipes.pass_on()
    assert os.get_blocking(pipes.sink)


def test_a_reader_that_has_gone_closes_the_childs_stream_without_a_word() -> None:
    pipes = Pipes()
    os.close(pipes.reader)
    os.write(pipes.child, b"x")
    pipes.pass_on()
    assert pipes.channel.source is None
    assert pipes.channel.problem == ""
    with pytest.raises(BrokenPipeError):
        os.write(pipes.child, b"y")
    pipes.channel.leave()
    for descriptor in (pipes.child, pipes.sink):
        os.close(descriptor)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_another_failure_is_told() -> None:
    source, child = os.pipe()
    full = os.open("/dev/full", os.O_WRONLY)
    channel = Channel(source, full, Redactor([]).stream())
    os.write(child, b"x")
    channel.read()
    channel.write()
    assert channel.problem == "no space left on device"
    for descriptor in (child, full):
        os.close(descriptor)
