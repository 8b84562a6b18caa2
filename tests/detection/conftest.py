"""What the tests of detection share: a detector for the built-in rules."""

from __future__ import annotations

import pytest

from envguard.detection.detector import Detector
from envguard.detection.prepare import standard


@pytest.fixture(scope="session")
def detector() -> Detector:
    """A detector for the built-in rules; making one takes half a second."""
    return standard(None)
