"""What the contract suite must know of a backend: how to open it, and what its service takes."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from envguard.core.backend import Backend, Described, Listing, Versions


class AnyBackend(Backend, Listing, Versions, Described, Protocol):
    """A backend as the cases call it, each only where its capabilities say that it can."""


class Limits(NamedTuple):
    """`value` is the most bytes that one value may have, `key` the most characters of a key; None:
    there is no limit that a test reaches. `empty` says whether an empty value can be kept, and
    `refused` what may not be anywhere in a value."""

    value: int | None = None
    key: int | None = None
    empty: bool = True
    refused: tuple[str, ...] = ()


class Home:
    """A place of its own for one test, empty at first. Subclass it for your backend.

    `name` heads its column in the table of results. `keys_are_fields`: several keys are fields of
    one JSON secret, so that no field of a key can be read. `many` is how many keys the large
    cases write. `endpoint` is the address of the server, where it speaks plain HTTP and `open`
    can be given another one.
    """

    name = "backend"
    keys_are_fields = False
    limits = Limits()
    many = 500
    endpoint = ""

    def open(self, *, endpoint: str = "", allow_expired: bool = False) -> Backend:
        """The backend, as a new process would open it, with the same content each time.
        `endpoint` is where its server is said to be."""
        raise NotImplementedError

    def without_rights(self) -> Backend | None:
        """The same backend, for somebody who may neither read nor write; None: there are no such
        rights."""
        return None

    def with_wrong_credentials(self) -> Backend | None:
        """The same backend, with credentials that are not valid; None: it needs none."""
        return None

    def elsewhere(self) -> Backend | None:
        """The backend at a place that is not there: another region, project, mount; None: there
        are no such places."""
        return None
