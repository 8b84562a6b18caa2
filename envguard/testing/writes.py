"""The cases about changes: tokens, versions, deletion, dates, and others who write too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

from envguard.core.backend import About, Batch, Capability, Described, Versions
from envguard.core.errors import EnvguardError, ExpiredError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.testing.case import Watch, canary, case, needs, opened
from envguard.testing.home import Home

Item = TypeVar("Item")


class WriteCases:
    """How a backend changes."""

    @case("a write replaces")
    def test_a_write_replaces_and_has_a_version_of_its_own(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        ref = backend.locate("NAME")
        first = backend.write(ref, Secret("one"), token="t1")
        second = backend.write(ref, Secret("two"), token="t2")
        assert first != second
        assert backend.read([ref]) == {ref: Secret("two")}

    @case("the same token again, also after a later write")
    def test_the_same_token_again_writes_nothing(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        ref = backend.locate("NAME")
        first = backend.write(ref, Secret("one"), token="t1")
        assert home.open().write(ref, Secret("one"), token="t1") == first
        second = backend.write(ref, Secret("two"), token="t2")
        assert home.open().write(ref, Secret("one"), token="t1") == first
        assert home.open().write(ref, Secret("two"), token="t2") == second
        assert backend.read([ref]) == {ref: Secret("two")}

    @case("the same token with another value")
    def test_a_token_does_not_carry_another_value(self, home: Home, watch: Watch) -> None:
        backend = opened(home, Capability.WRITE)
        ref = backend.locate("NAME")
        backend.write(ref, canary(1), token="t1")
        with watch.refusal():
            backend.write(ref, canary(2), token="t1")
        assert backend.read([ref]) == {ref: canary(1)}

    @case("one token for many names")
    def test_one_token_serves_many_names(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        refs = [backend.locate(name) for name in ("ONE", "TWO")]
        for ref in refs:
            backend.write(ref, Secret(ref.name), token="t1")
        assert backend.read(refs) == {ref: Secret(ref.name) for ref in refs}

    @case("a batch writes as one by one does")
    def test_a_batch_writes_as_one_by_one_does(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE)
        if not isinstance(backend, Batch):
            pytest.skip("writes one by one")
        refs = [backend.locate(f"NAME_{number}") for number in range(5)]
        values = {ref: Secret(ref.name) for ref in refs}
        versions = backend.write_all(values, token="t1")
        assert backend.read(refs) == values
        assert backend.write_all(values, token="t1") == versions
        assert backend.write(refs[0], values[refs[0]], token="t1") == versions[refs[0]]
        with pytest.raises(EnvguardError):
            backend.write_all({**values, refs[0]: Secret("other")}, token="t1")
        assert backend.read(refs) == values
        backend.delete_all([*refs[:4], backend.locate("NOT_THERE")])
        assert backend.read(refs) == {refs[4]: values[refs[4]]}
        backend.delete_all([])
        assert backend.write_all({}, token="t2") == {}

    @case("deleted, and restored by a new write")
    def test_what_was_deleted_is_absent_and_can_be_written_again(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE, Capability.DELETE)
        ref, other = backend.locate("NAME"), backend.locate("OTHER")
        backend.write(ref, Secret("one"), token="t1")
        backend.write(other, Secret("two"), token="t1")
        assert backend.delete(ref) is True
        assert backend.delete(ref) is False
        assert backend.read([ref, other]) == {other: Secret("two")}
        backend.write(ref, Secret("one"), token="t2")
        assert home.open().read([ref]) == {ref: Secret("one")}

    @case("a listing without values")
    def test_a_listing_has_the_names_sorted_and_no_values(self, home: Home, watch: Watch) -> None:
        backend = opened(home, Capability.WRITE, Capability.LIST)
        for name in ("B", "A", "C"):
            backend.write(backend.locate(name), canary(), token="t1")
        listed = backend.list()
        assert [found.name for found in listed] == [backend.locate(name).name for name in "ABC"]
        watch.quiet(repr(listed))

    @case("versions, told and read")
    def test_versions_are_told_and_read(self, home: Home, watch: Watch) -> None:
        backend = opened(home, Capability.WRITE, Capability.VERSIONS)
        assert isinstance(backend, Versions)
        ref, other = backend.locate("NAME"), backend.locate("OTHER")
        assert dict(backend.current([ref, other])) == {}
        assert list(backend.versions(ref)) == []
        written = [backend.write(ref, canary(n), token=str(n)) for n in range(3)]
        assert dict(backend.current([ref, other])) == {ref: written[-1]}
        found = backend.versions(ref)
        assert [version.id for version in found] == written
        assert all(version.created.endswith("Z") for version in found)
        watch.quiet(repr(found))
        refs = [Reference(ref.backend, ref.name, version=version) for version in written[-2:]]
        assert backend.read(refs) == {refs[0]: canary(1), refs[1]: canary(2)}

    @case("no current version of what was deleted")
    def test_what_was_deleted_has_no_current_version(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE, Capability.VERSIONS, Capability.DELETE)
        ref = backend.locate("NAME")
        first = backend.write(ref, Secret("one"), token="t1")
        backend.delete(ref)
        assert dict(backend.current([ref])) == {}
        second = backend.write(ref, Secret("one"), token="t2")
        assert first != second
        assert dict(backend.current([ref])) == {ref: second}

    @case("description, tags and dates are kept")
    def test_what_is_said_about_a_secret_is_kept_beside_it(self, home: Home) -> None:
        backend = opened(home, Capability.WRITE, Capability.METADATA, Capability.LIST)
        assert isinstance(backend, Described)
        ref = backend.locate("NAME")
        about = About("of the shop", "api_key", ("team-a", "eu"), "2099-01-31T00:00:00Z", "90d")
        assert backend.describe(ref, about) is None
        backend.write(ref, Secret("one"), token="t1")
        assert backend.describe(ref, about) is not None
        backend.write(ref, Secret("two"), token="t2")
        (found,) = opened(home).list()
        assert (found.description, found.category) == (about.description, about.category)
        assert set(found.tags) == {"team-a", "eu"}
        assert (found.expires_at, found.rotate_every) == (about.expires_at, about.rotate_every)
        backend.describe(ref, About(description="", tags=(), expires_at=""))
        (found,) = opened(home).list()
        assert (found.description, found.tags, found.expires_at) == ("", (), None)
        assert found.rotate_every == "90d"
        assert backend.read([ref]) == {ref: Secret("two")}

    @case("expired")
    def test_an_expired_secret_is_refused_unless_that_is_allowed(
        self, home: Home, watch: Watch
    ) -> None:
        backend = opened(home, Capability.WRITE, Capability.METADATA)
        ref, other = backend.locate("NAME"), backend.locate("OTHER")
        about = About(expires_at="2001-01-31T00:00:00Z")
        backend.describe(ref, about, canary(), token="t1")
        backend.write(other, Secret("fresh"), token="t1")
        with watch.refusal(ExpiredError):
            home.open().read([ref, other])
        assert home.open().read([other]) == {other: Secret("fresh")}
        allowed = home.open(allow_expired=True).read([ref, other])
        assert allowed == {ref: canary(), other: Secret("fresh")}

    @case("several writers of different keys at once")
    def test_writers_of_different_keys_do_not_undo_each_other(self, home: Home) -> None:
        needs(home.open(), Capability.WRITE)
        refs = [home.open().locate(f"NAME_{number}") for number in range(6)]
        problems = _at_once(
            lambda ref: home.open().write(ref, Secret(ref.name), token=ref.name), refs
        )
        assert problems == []
        assert home.open().read(refs) == {ref: Secret(ref.name) for ref in refs}

    @case("several writers of one key at once")
    def test_of_several_writers_of_one_key_one_is_the_last(self, home: Home) -> None:
        needs(home.open(), Capability.WRITE)
        ref = home.open().locate("NAME")
        values = [str(number) for number in range(6)]
        problems = _at_once(
            lambda value: home.open().write(ref, Secret(value), token=value), values
        )
        assert problems == []
        assert home.open().read([ref])[ref].reveal() in values


def _at_once(work: Callable[[Item], object], items: Sequence[Item]) -> list[BaseException]:
    """What goes wrong when every item has a thread of its own, all begun together."""
    problems: list[BaseException] = []
    begin = threading.Barrier(len(items))

    def run(item: Item) -> None:
        begin.wait()
        try:
            work(item)
        except BaseException as error:  # noqa: BLE001 - given to the caller
            problems.append(error)

    threads = [threading.Thread(target=run, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems
