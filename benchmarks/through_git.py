"""envguard as it is where packs are in a form that only git reads: for `speed.py`."""

from __future__ import annotations

import sys

from envguard.cli.main import main
from envguard.sources import deltas

deltas.IS_FAST = False
sys.exit(main())
