"""What is special of Google Secret Manager; what every backend does is in the contract suite."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envguard.backends.gcp import open_gcp
from envguard.backends.google import login
from envguard.backends.service.cloud import CloudBackend
from envguard.core.backend import About
from envguard.core.config import Folders, Settings
from envguard.core.errors import BackendError, ConfigError, NameNotAllowed, UsageError
from envguard.core.naming import Naming
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from tests.cli.program import call
from tests.servers.google import PROJECT, Google, google
from tests.servers.rest import Told


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    with google(tmp_path_factory.mktemp("google")) as running:
        yield running


@pytest.fixture
def world(server: Google) -> Iterator[Google]:
    """The server, sound and with its calls forgotten."""
    server.server.asked.clear()
    yield server
    server.service.denied.clear()
    server.service.corrupt = False
    server.service.granted = None
    server.server.faults.__init__()  # type: ignore[misc] # as they were at first


def settings(environ: dict[str, str], folder: Path) -> Settings:
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    return Settings(folders, None, None, environ)


@pytest.fixture
def prefix(world: Google) -> str:
    return world.fresh_prefix()


@pytest.fixture
def backend(world: Google, prefix: str, tmp_path: Path) -> CloudBackend:
    return opened(world, tmp_path, prefix)


def opened(
    world: Google,
    folder: Path,
    rest: str,
    naming: Naming | None = None,
    **environ: str,
) -> CloudBackend:
    given = {**world.environ(), **environ}
    return open_gcp(f"gcp://{PROJECT}/{rest}", settings(given, folder), naming or Naming())


def test_a_secret_has_the_prefix_its_key_and_a_checksum(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    backend.write(backend.locate("API_KEY"), Secret("one"), token="t")
    path = f"projects/{PROJECT}/secrets/{prefix}-API_KEY"
    kept = world.service.secrets[path]
    assert kept["replication"] == {"automatic": {}}
    assert kept["labels"] == {"managed-by": "envguard"}
    assert kept["annotations"]["envguard-key"] == "API_KEY"
    assert world.service.versions[path][0]["clientSpecifiedPayloadChecksum"] is True


def test_replication_and_location_are_those_of_the_url(world: Google, tmp_path: Path) -> None:
    wide = opened(world, tmp_path, "wide?replication=europe-west1,europe-west4")
    wide.write(wide.locate("A"), Secret("1"), token="t")
    kept = world.service.secrets[f"projects/{PROJECT}/secrets/wide-A"]["replication"]
    regions = [row["location"] for row in kept["userManaged"]["replicas"]]
    assert regions == ["europe-west1", "europe-west4"]
    near = opened(world, tmp_path, "near?location=europe-west1")
    ref = near.locate("A")
    near.write(ref, Secret("2"), token="t")
    path = f"projects/{PROJECT}/locations/europe-west1/secrets/near-A"
    assert "replication" not in world.service.secrets[path]
    assert near.read([ref]) == {ref: Secret("2")}


@pytest.mark.parametrize(
    "url",
    [
        "gcp://",
        "gcp://Bad_Project/x",
        "gcp://shop?region=x",
        "gcp://shop/x?location=../secrets",
        "gcp://shop/x?location=europe-west1&replication=europe-west1",
        "gcp://shop/x?layout=xml",
    ],
)
def test_a_url_that_means_nothing_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        open_gcp(url, settings({}, tmp_path), Naming())


def test_a_token_goes_to_no_address_that_others_read(tmp_path: Path) -> None:
    name = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
    with pytest.raises(ConfigError, match="https"):
        open_gcp("gcp://shop/x", settings({name: "http://example.com/"}, tmp_path), Naming())


def test_a_value_that_came_changed_is_an_error(world: Google, backend: CloudBackend) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t")
    world.service.corrupt = True
    with pytest.raises(BackendError, match="checksum"):
        backend.read([ref])


def test_bytes_that_are_no_text_are_an_error(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t")
    world.service.versions[f"projects/{PROJECT}/secrets/{prefix}-A"][0]["data"] = b"\xff\xfe"
    with pytest.raises(BackendError, match="no text"):
        backend.read([ref])


def test_a_version_that_is_disabled_or_destroyed_is_an_error_and_a_pinned_one_still_reads(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    for text in ("one", "two"):
        backend.write(ref, Secret(text), token=text)
    versions = world.service.versions[f"projects/{PROJECT}/secrets/{prefix}-A"]
    pinned = ref._replace(version="1")
    for state in ("DISABLED", "DESTROYED"):
        versions[1]["state"] = state
        with pytest.raises(BackendError, match=state.lower()):
            backend.read([ref])
        assert backend.read([pinned]) == {pinned: Secret("one")}
    backend.write(ref, Secret("three"), token="three")
    assert backend.read([ref]) == {ref: Secret("three")}
    with pytest.raises(BackendError, match="numbers"):
        backend.read([ref._replace(version="../1")])


def test_a_deleted_secret_can_be_brought_back(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t1")
    assert backend.delete(ref) is True
    assert backend.read([ref, ref._replace(version="1")]) == {}
    (version,) = world.service.versions[f"projects/{PROJECT}/secrets/{prefix}-A"]
    assert (version["state"], version["data"]) == ("DISABLED", b"one")
    version["state"] = "ENABLED"
    assert backend.read([ref]) == {ref: Secret("one")}


@pytest.mark.parametrize(
    ("permission", "role"),
    [
        ("secretmanager.versions.access", "roles/secretmanager.secretAccessor"),
        ("secretmanager.versions.add", "roles/secretmanager.secretVersionAdder"),
        ("secretmanager.secrets.get", "roles/secretmanager.viewer"),
        ("secretmanager.secrets.create", "roles/secretmanager.admin"),
        ("secretmanager.secrets.update", "roles/secretmanager.admin"),
    ],
)
def test_a_refusal_names_permission_secret_and_role(
    world: Google, backend: CloudBackend, prefix: str, permission: str, role: str
) -> None:
    ref = backend.locate("A")
    world.service.denied.add(permission)
    with pytest.raises(BackendError) as caught:
        backend.write(ref, Secret("one"), token="t")
        backend.read([ref])
    assert permission in caught.value.what
    assert f"projects/{PROJECT}/secrets/{prefix}-A" in caught.value.what
    assert caught.value.hint.startswith(f"gcloud projects add-iam-policy-binding {PROJECT} ")
    assert role in caught.value.hint


def test_who_may_only_access_versions_can_read(world: Google, backend: CloudBackend) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t")
    world.service.denied |= {"secretmanager.secrets.list", "secretmanager.secrets.get"}
    assert backend.read([ref]) == {ref: Secret("one")}


def test_a_right_on_single_secrets_is_found(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t")
    world.service.granted = {f"projects/{PROJECT}/secrets/{prefix}-A"}
    assert backend.read([ref]) == {ref: Secret("one")}
    assert backend.rights()[0].allowed is True
    world.service.granted = set()
    assert backend.rights()[0].allowed is False


def test_rights_that_are_missing_are_told_with_the_command_that_gives_them(
    world: Google, backend: CloudBackend
) -> None:
    before = dict(world.service.secrets)
    assert [right.allowed for right in backend.rights()] == [True, None, True, None]
    world.service.denied |= {"secretmanager.secrets.create", "secretmanager.secrets.list"}
    rights = {right.name: right for right in backend.rights(write=True)}
    assert (rights["write"].allowed, rights["list"].allowed) == (False, False)
    assert "roles/secretmanager.admin" in rights["write"].line
    assert world.service.secrets == before


def test_an_api_that_is_not_switched_on_is_told(world: Google, backend: CloudBackend) -> None:
    error = {"status": "PERMISSION_DENIED", "details": [{"reason": "SERVICE_DISABLED"}]}
    world.server.faults.first = [Told(403, {"error": error})] * 2
    with pytest.raises(BackendError, match="not switched on") as caught:
        backend.read([backend.locate("A")])
    assert "gcloud services enable" in caught.value.hint


def test_a_hundred_references_are_a_hundred_calls_and_one_for_dates(
    world: Google, backend: CloudBackend
) -> None:
    refs = [backend.locate(f"KEY_{number}") for number in range(100)]
    assert backend.read(refs) == {}
    assert len(world.server.calls("GET", ":access")) == 100
    assert len(world.server.asked) == 101
    assert world.server.most <= 34


def test_a_service_that_asks_for_too_much_patience_ends_all_calls(
    world: Google, backend: CloudBackend
) -> None:
    world.server.faults.first = [Told(429, {}, {"Retry-After": "3600"})] * 200
    with pytest.raises(BackendError, match="patience"):
        backend.read([backend.locate(f"KEY_{number}") for number in range(100)])
    assert len(world.server.asked) < 80


def test_a_write_whose_answer_was_lost_is_not_done_twice(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t1")
    world.server.faults.on = lambda asked: asked.path.endswith(":addVersion")
    world.server.faults.lost = 1
    with pytest.raises(BackendError, match="connection"):
        backend.write(ref, Secret("two"), token="t2")
    assert backend.write(ref, Secret("two"), token="t2") == "2"
    assert len(world.service.versions[f"projects/{PROJECT}/secrets/{prefix}-A"]) == 2


def test_labels_and_annotations_of_others_stay(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t1")
    kept = world.service.secrets[f"projects/{PROJECT}/secrets/{prefix}-A"]
    kept["labels"]["team"] = kept["annotations"]["team"] = "shop"
    backend.describe(ref, About(description="of the shop", expires_at="2999-01-01T00:00:00Z"))
    assert (kept["labels"]["team"], kept["annotations"]["team"]) == ("shop", "shop")
    assert kept["labels"]["envguard_expires"] == "yes"
    with pytest.raises(UsageError, match="longer than Google keeps"):
        backend.describe(ref, About(description="x" * 16_400))


def test_an_empty_value_is_refused_before_any_change(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    with pytest.raises(UsageError, match="empty"):
        backend.write(backend.locate("A"), Secret(""), token="t")
    assert f"projects/{PROJECT}/secrets/{prefix}-A" not in world.service.secrets


def test_a_key_can_have_a_name_of_its_own_and_be_a_field(world: Google, tmp_path: Path) -> None:
    names = {"DATABASE_PASSWORD": "database#password", "OPENAI_API_KEY": "openai-api-key"}
    backend = opened(world, tmp_path, "ml-workflow", Naming("kebab", names=names))
    keys = ("DATABASE_PASSWORD", "OPENAI_API_KEY", "SECRET_KEY")
    refs = [backend.locate(key) for key in keys]
    backend.write_all({ref: Secret(ref.name) for ref in refs}, token="t")
    there = {path.rpartition("/")[2] for path in world.service.secrets if "ml-workflow" in path}
    assert there == {"ml-workflow-database", "ml-workflow-openai-api-key", "ml-workflow-secret-key"}
    assert backend.read(refs) == {ref: Secret(ref.name) for ref in refs}
    assert [row.name for row in backend.list()] == sorted(keys)
    assert backend.delete(refs[0]) is True
    assert backend.read(refs[:1]) == {}


def test_all_is_checked_before_the_first_of_many_writes(
    world: Google, backend: CloudBackend
) -> None:
    good, large = backend.locate("A"), backend.locate("B")
    with pytest.raises(UsageError, match="empty"):
        backend.write_all({good: Secret("1"), large: Secret("")}, token="t")
    with pytest.raises(UsageError, match="65536"):
        backend.write_all({good: Secret("1"), large: Secret("x" * 65_537)}, token="t")
    with pytest.raises(NameNotAllowed):
        backend.write_all({good: Secret("1"), Reference("secret", "A.B"): Secret("2")}, token="t")
    assert world.server.asked == []


def test_a_person_is_known_by_what_gcloud_left(
    world: Google,
    backend: CloudBackend,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = "google.oauth2.credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT"
    monkeypatch.setattr(endpoint, f"{world.server.url}/token")
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t")
    own = world.folder / "user.json"
    person = opened(world, tmp_path, prefix, GOOGLE_APPLICATION_CREDENTIALS=str(own))
    assert person.read([ref]) == {ref: Secret("one")}
    user = {**json.loads(own.read_text()), "refresh_token": "canary"}
    other = tmp_path / "other.json"
    other.write_text(json.dumps(user))
    stranger = opened(world, tmp_path, prefix, GOOGLE_APPLICATION_CREDENTIALS=str(other))
    with pytest.raises(login.LoginError, match="expired, or were revoked") as caught:
        stranger.read([ref])
    assert "canary" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("text", [None, "{}", "no json", '{"type": "service_account"}'])
def test_credentials_that_cannot_be_used_are_told(
    world: Google, tmp_path: Path, text: str | None
) -> None:
    file = tmp_path / "credentials.json"
    if text is not None:
        file.write_text(text)
    backend = opened(world, tmp_path, "x", GOOGLE_APPLICATION_CREDENTIALS=str(file))
    with pytest.raises(login.LoginError) as caught:
        backend.read([backend.locate("A")])
    assert "gcloud auth application-default login" in caught.value.hint


def test_without_any_credentials_the_error_says_how_to_log_in(
    world: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    backend = opened(world, tmp_path, "x", GOOGLE_APPLICATION_CREDENTIALS="")
    with pytest.raises(login.LoginError, match="no credentials"):
        backend.check()


def test_a_machine_of_googles_says_who_it_is(tmp_path: Path) -> None:
    with google(tmp_path, tls=False) as machine:
        host = machine.server.url.partition("://")[2]
        environ = {**machine.environ(), "GCE_METADATA_HOST": host, "GCE_METADATA_IP": host}
        for name in ("GOOGLE_APPLICATION_CREDENTIALS", "NO_GCE_CHECK"):
            del environ[name]
        place = ("--backend", f"gcp://{PROJECT}/machine")
        done = call("secrets", "set", "A", *place, cwd=tmp_path, env=environ, stdin=b"one")
        assert done.code == 0, done.err
        done = call("secrets", "get", "A", "--reveal", *place, cwd=tmp_path, env=environ)
        assert (done.code, done.out) == (0, "one"), done.err


def test_notes_that_somebody_else_wrote_in_between_are_not_lost(
    world: Google, backend: CloudBackend, prefix: str
) -> None:
    backend.write(backend.locate("A"), Secret("one"), token="t")
    vendor, path = backend._vendor, f"{prefix}-A"
    known = vendor.look(path)
    assert known is not None
    kept = world.service.secrets[f"projects/{PROJECT}/secrets/{path}"]
    known = known._replace(raw=dict(kept, annotations=dict(kept["annotations"])))
    kept["annotations"]["team"], kept["etag"] = "shop", '"another"'
    vendor.note(path, known, known.notes.after(About(description="ours")))
    assert kept["annotations"]["team"] == "shop"
    assert kept["annotations"]["envguard-description"] == "ours"


def test_many_keys_of_one_json_secret_are_one_write(
    world: Google, prefix: str, tmp_path: Path
) -> None:
    backend = opened(world, tmp_path, f"{prefix}?layout=json")
    values = {backend.locate(f"KEY_{n}"): Secret(str(n)) for n in range(30)}
    first = backend.write_all(values, token="t")
    assert backend.write_all(values, token="t") == first == dict.fromkeys(values, "1")
    assert len(world.server.calls("POST", ":addVersion")) == 1
    assert backend.read([*values]) == values
    backend.delete_all([*values][:20])
    assert backend.read([*values]) == dict([*values.items()][20:])
    assert len(world.server.calls("POST", ":addVersion")) == 2


@pytest.mark.parametrize("missing", ["google.auth", "urllib3"])
def test_a_package_that_is_missing_is_told_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "urllib3":
        monkeypatch.setattr(login.Login, "headers", dict)
    backend = open_gcp(f"gcp://{PROJECT}/x", settings({}, tmp_path), Naming())
    with pytest.raises(ConfigError, match="not installed") as caught:
        backend.read([backend.locate("A")])
    assert caught.value.hint == "pip install 'envguard-cli[gcp]'"


def test_what_another_machine_writes_into_a_json_secret_meanwhile_is_kept(
    world: Google, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    url = f"{prefix}?layout=json"
    ours, theirs = opened(world, tmp_path / "here", url), opened(world, tmp_path / "there", url)
    a, b, old = (ours.locate(key) for key in ("A", "B", "OLD"))
    ours.write(old, Secret("0"), token="t0")
    put = ours._vendor.put

    def late(*given: Any) -> str:
        monkeypatch.setattr(ours._vendor, "put", put)
        theirs.write(b, Secret("theirs"), token="tb")
        theirs.delete(old)
        return put(*given)

    monkeypatch.setattr(ours._vendor, "put", late)
    version = ours.write(a, Secret("ours"), token="ta")
    assert ours.read([a, b, old]) == {a: Secret("ours"), b: Secret("theirs")}
    assert ours.current([a]) == {a: version}


def test_writers_of_one_json_secret_take_turns_whatever_url_names_it(
    world: Google, prefix: str, tmp_path: Path
) -> None:
    one = opened(world, tmp_path, f"{prefix}?layout=json")
    other = opened(world, tmp_path, "", Naming(groups={prefix: ("*",)}))
    assert one._fields._lock(prefix) == other._fields._lock(prefix)
