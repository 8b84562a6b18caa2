"""The cases about what goes wrong on the way: rights, credentials, the network, the server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from envguard.core.backend import Backend, Batch, Capability, Checked
from envguard.core.errors import BackendError, ConfigError, EnvguardError
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.testing.case import Watch, canary, case, needs, other
from envguard.testing.faulty import Fault, Faulty, faulty
from envguard.testing.home import Home

_DELAY = 0.1  # seconds that each call takes longer
_WAIT = 1  # seconds that a server asks for


class FailureCases:
    """Value, absence and failure are three outcomes: none of these reads as absent."""

    @pytest.fixture
    def proxy(self, home: Home) -> Iterator[Faulty]:
        """What stands between the backend and its server."""
        if not home.endpoint:
            pytest.skip("has no server")
        with faulty(home.endpoint) as proxy:
            yield proxy

    @case("sound: check() and its rights")
    def test_a_sound_backend_passes_its_own_check(self, home: Home) -> None:
        backend = home.open()
        needs(backend, Capability.WRITE)
        backend.write(backend.locate("NAME"), Secret("1"), token="t1")
        backend.check()
        if isinstance(backend, Checked):
            rights = backend.rights(write=True)
            assert [right.name for right in rights] == ["read", "write", "list", "delete"]
            assert all(right.allowed is not False and right.line for right in rights)
            assert backend.read([backend.locate("NAME")])

    @case("permission denied")
    def test_what_is_denied_names_what_is_missing(self, home: Home, watch: Watch) -> None:
        backend = other(home.without_rights(), "right to take away")
        ref = self.written(home)
        with watch.refusal(BackendError):
            backend.read([ref])
        with watch.refusal(BackendError):
            backend.write(ref, canary(2), token="t2")
        if isinstance(backend, Checked):
            rights = {right.name: right for right in backend.rights()}
            assert rights["read"].allowed is not True
            assert rights["read"].line
        assert home.open().read([ref]) == {ref: canary()}

    @case("wrong credentials")
    def test_wrong_credentials_are_told(self, home: Home, watch: Watch) -> None:
        backend = other(home.with_wrong_credentials(), "login")
        ref = self.written(home)
        for call in (lambda: backend.read([ref]), backend.check):
            with watch.refusal():
                call()
        with watch.refusal(BackendError, ConfigError):
            backend.write(ref, canary(2), token="t2")

    @case("wrong region, project, mount or namespace")
    def test_a_wrong_place_is_told_where_something_is_written(
        self, home: Home, watch: Watch
    ) -> None:
        backend = other(home.elsewhere(), "other place")
        with watch.refusal(EnvguardError):
            backend.write(backend.locate("NAME"), canary(), token="t1")

    @case("server gone")
    def test_a_server_that_is_gone_is_an_error_at_once(
        self, home: Home, proxy: Faulty, watch: Watch
    ) -> None:
        backend = self.through(home, proxy)
        ref = self.written(home)
        assert backend.read([ref]) == {ref: canary()}
        proxy.go()
        before = time.monotonic()
        for again in (backend, self.through(home, proxy)):
            with watch.refusal(BackendError):
                again.read([ref])
            with watch.refusal(BackendError):
                again.write(ref, canary(2), token="t2")
        assert time.monotonic() - before < 40
        assert home.open().read([ref]) == {ref: canary()}

    @case("throttled: Retry-After is honoured")
    def test_a_throttled_call_is_tried_again_when_the_server_says(
        self, home: Home, proxy: Faulty, watch: Watch
    ) -> None:
        backend = self.through(home, proxy)
        ref = self.written(home)
        assert backend.read([ref]) == {ref: canary()}
        proxy.faults[:] = [Fault(429, {"Retry-After": str(_WAIT)})]
        before = time.monotonic()
        assert backend.read([ref]) == {ref: canary()}
        assert time.monotonic() - before >= _WAIT * 0.9
        proxy.faults[:] = [Fault(503, {"Retry-After": str(_WAIT)})]
        backend.write(ref, canary(2), token="t2")
        assert proxy.faults == []
        assert home.open().read([ref]) == {ref: canary(2)}
        watch.quiet()

    @case("slow: many calls at once")
    def test_many_keys_of_a_slow_server_are_read_in_parallel(
        self, home: Home, proxy: Faulty
    ) -> None:
        writer = home.open()
        refs = [writer.locate(f"NAME_{number}") for number in range(40)]
        values = {ref: Secret(ref.name) for ref in refs}
        if isinstance(writer, Batch):
            writer.write_all(values, token="t1")
        else:
            for ref, value in values.items():
                writer.write(ref, value, token="t1")
        backend = self.through(home, proxy)
        proxy.delay, proxy.calls[:] = _DELAY, []
        before = time.monotonic()
        assert backend.read(refs) == values
        taken = time.monotonic() - before
        assert len(proxy.calls) < 20 or taken < len(proxy.calls) * _DELAY / 2

    @case("connection cut in the middle of a read")
    def test_a_cut_connection_is_tried_again_and_never_reads_as_absent(
        self, home: Home, proxy: Faulty, watch: Watch
    ) -> None:
        backend = self.through(home, proxy)
        ref = self.written(home)
        for after in (0, 10):
            proxy.faults[:] = [Fault(cut=after)]
            assert backend.read([ref]) == {ref: canary()}
        proxy.faults[:] = [Fault(cut=10)] * 50
        with watch.refusal(BackendError):
            backend.read([ref])

    @case("connection cut after a write")
    def test_a_write_whose_answer_is_lost_is_done_once(
        self, home: Home, proxy: Faulty, watch: Watch
    ) -> None:
        ref = self.written(home)
        backend = self.through(home, proxy)
        proxy.calls.clear()
        backend.write(ref, canary(2), token="t2")
        # Each call of a write loses its answer once.
        for number in range(3, 3 + len(proxy.calls)):
            calls = [Fault()] * (number - 3)
            proxy.faults[:] = [*calls, Fault(cut=1)]
            version = ""
            try:
                version = backend.write(ref, canary(number), token=str(number))
            except BackendError:
                proxy.faults.clear()
                version = backend.write(ref, canary(number), token=str(number))
            proxy.faults.clear()
            assert home.open().write(ref, canary(number), token=str(number)) == version
            assert home.open().read([ref]) == {ref: canary(number)}
        watch.quiet()

    @case("an answer that is no answer")
    def test_what_another_server_says_is_an_error(
        self, home: Home, proxy: Faulty, watch: Watch
    ) -> None:
        backend = self.through(home, proxy)
        ref = self.written(home)
        for status in (200, 302, 400, 404):
            proxy.faults[:] = [Fault(status, {"Location": "http://127.0.0.1:9/"})] * 20
            with watch.refusal():
                backend.read([ref])

    def written(self, home: Home) -> Reference:
        """A secret that is there; its reference."""
        backend = home.open()
        needs(backend, Capability.WRITE)
        ref = backend.locate("NAME")
        backend.write(ref, canary(), token="t1")
        return ref

    def through(self, home: Home, proxy: Faulty) -> Backend:
        """The backend, which takes the proxy for its server."""
        return home.open(endpoint=proxy.url)
