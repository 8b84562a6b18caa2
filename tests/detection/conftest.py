"""What the tests of detection share: a detector for the built-in rules."""

from __future__ import annotations

import pytest

from envguard.detection.detector import Detector
from envguard.detection.prepare import built_in, prepare


@pytest.fixture(scope="session")
def detector() -> Detector:
    """A detector for the built-in rules; making one takes half a second."""
    return prepare(built_in(), None)
