from __future__ import annotations

import signal
import time

import pytest

from envguard.cli.time_limit import within
from envguard.core.errors import UsageError


def test_what_takes_longer_is_stopped_with_an_error() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(UsageError, match="in 1 seconds"), within("1"):
        time.sleep(20)
    assert signal.getsignal(signal.SIGALRM) is before


def test_what_is_done_in_time_is_left_alone() -> None:
    with within("1"):
        pass
    assert signal.alarm(0) == 0  # no alarm is left behind


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "ten", "٣", "999999", "9" * 5000])
def test_what_is_no_number_of_seconds_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="number of seconds"), within(text):
        pass
