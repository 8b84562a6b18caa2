"""The trail: what was done, line by line, each encrypted and chained to the one before.

A link of the chain is the HMAC of the link before it and of the line as it was said. The store's
own authenticated row holds the last link and the number of lines: so a line that is changed, taken
out or cut off at the end is found. Whoever holds the root key can rewrite all of it: against that
the head (`number:link`) is kept elsewhere. The key of the chain is a random one, so that heads
stay true when the root key changes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from envguard.core.mac import hmac_sha256
from envguard.store.cipher import ForgedError, Keys, Purpose, pack
from envguard.store.database import Database
from envguard.store.records import Root

_CHAIN_KEY = 32
_PART = 1000  # lines that are read at once


def begun(own: Keys, root: Root) -> Root:
    """The store's row with a trail that has no line yet, and a new key for its chain."""
    chain = own.seal(Purpose.TRAIL, os.urandom(_CHAIN_KEY), "chain").hex()
    return root._replace(chain=chain, lines=0, trail="")


def carried(old: Keys, new: Keys, root: Root) -> Root:
    """The row with an empty trail, and the key of its chain under another root key."""
    chain = new.seal(Purpose.TRAIL, _chain(old, root), "chain").hex()
    return root._replace(chain=chain, lines=0, trail="")


def append(database: Database, own: Keys, root: Root, *said: bytes) -> Root:
    """Writes lines behind the last one; the row that goes with them."""
    if root.lines:
        # Damage is noticed when it happens, and not when somebody reads the trail.
        rows = database.blobs("SELECT body FROM trail WHERE number = ?", root.lines)
        own.open(Purpose.TRAIL, rows[0][0] if rows else b"", root.lines)
    chain, link, number = _chain(own, root), bytes.fromhex(root.trail), root.lines
    for line in said:
        number += 1
        sealed = own.seal(Purpose.TRAIL, line, number)
        database.change("INSERT INTO trail VALUES (?, ?)", number, sealed)
        link = _link(chain, link, number, line)
    encryptions = root.encryptions + len(said)
    return root._replace(lines=number, trail=link.hex(), encryptions=encryptions)


def lines(database: Database, own: Keys, root: Root) -> Iterator[tuple[int, bytes, str]]:
    """Every line with its number and its link, the oldest first; verified to be all of them.

    Raises ForgedError at the first that is not what was written, or at the end.
    """
    chain = _chain(own, root)
    link = b""
    number = 0
    part = "SELECT body FROM trail WHERE number > ? AND number <= ? ORDER BY number"
    while rows := database.blobs(part, number, number + _PART):
        for (body,) in rows:
            number += 1
            said = own.open(Purpose.TRAIL, body, number)
            link = _link(chain, link, number, said)
            yield number, said, link.hex()
    if number != root.lines or link.hex() != root.trail:
        raise ForgedError


def _chain(own: Keys, root: Root) -> bytes:
    return own.open(Purpose.TRAIL, bytes.fromhex(root.chain), "chain")


def _link(chain: bytes, before: bytes, number: int, said: bytes) -> bytes:
    return hmac_sha256(chain, pack(before, number, said))
