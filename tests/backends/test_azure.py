"""What is special of Azure Key Vault; what every backend does is in the contract suite."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envguard.backends.azure import open_azure
from envguard.backends.keyvault import secrets as calls
from envguard.backends.keyvault.login import Login, LoginError
from envguard.backends.service.cloud import CloudBackend
from envguard.core.backend import About
from envguard.core.config import Folders, Settings
from envguard.core.errors import BackendError, ConfigError, ExpiredError, NameNotAllowed, UsageError
from envguard.core.naming import Naming
from envguard.core.secret import Secret
from tests.servers.azure import (
    ASSERTION,
    CLIENT,
    HEADER,
    RESOURCE,
    TENANT,
    TOKENS,
    Azure,
    azure,
)
from tests.servers.rest import Told

AUTHORITY = "https://login.example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with azure(tmp_path_factory.mktemp("azure")) as running:
        yield running


@pytest.fixture
def world(server: Azure) -> Iterator[Azure]:
    """The server, sound and with its calls forgotten."""
    server.server.asked.clear()
    yield server
    server.vault.denied.clear()
    server.vault.firewall = False
    server.vault.slow = 0
    server.server.faults.__init__()  # type: ignore[misc] # as they were at first


@pytest.fixture
def prefix(world: Azure) -> str:
    return world.fresh_prefix()


@pytest.fixture
def backend(world: Azure, prefix: str, tmp_path: Path) -> CloudBackend:
    return opened(world, tmp_path, prefix)


def opened(world: Azure, folder: Path, rest: str, environ: Any = None) -> CloudBackend:
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    settings = Settings(folders, None, None, environ or world.environ())
    return open_azure(f"azure://{world.host}/{rest}", settings, Naming())


def test_a_secret_keeps_its_key_in_a_tag_and_its_date_in_exp(
    world: Azure, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("API_KEY")
    backend.describe(ref, About(expires_at="2999-01-01T00:00:00Z"), Secret("one"), token="t")
    (version,) = world.vault.secrets[f"{prefix}-api-key"]
    assert version["tags"]["envguard-key"] == "API_KEY"
    assert version["attributes"]["exp"] == 32472144000
    assert version["contentType"] == "text/plain"
    assert [row.name for row in backend.list()] == ["API_KEY"]


@pytest.mark.parametrize("other", ["A-B", "a_b", "A.B"])
def test_keys_that_are_one_name_there_are_refused_before_the_first_write(
    world: Azure, backend: CloudBackend, other: str
) -> None:
    first, second = backend.locate("A_B"), backend.locate(other)
    with pytest.raises(NameNotAllowed, match="same name"):
        backend.write_all({first: Secret("1"), second: Secret("2")}, token="t")
    assert world.server.asked == []
    backend.write(first, Secret("1"), token="t")
    with pytest.raises(NameNotAllowed, match="same name") as caught:
        backend.write(second, Secret("2"), token="t")
    assert f"[secrets.{other}] name" in caught.value.hint
    assert backend.read([first]) == {first: Secret("1")}


def test_a_key_overwrites_no_key_of_a_prefix_that_begins_like_its_own(
    world: Azure, backend: CloudBackend, prefix: str, tmp_path: Path
) -> None:
    production = opened(world, tmp_path, f"{prefix}-prod")
    theirs = production.locate("DATABASE_URL")
    production.write(theirs, Secret("theirs"), token="t1")
    with pytest.raises(NameNotAllowed, match="same name"):
        backend.write(backend.locate("PROD_DATABASE_URL"), Secret("ours"), token="t2")
    assert production.read([theirs]) == {theirs: Secret("theirs")}


@pytest.mark.parametrize("slow", [0, 5])
def test_a_deleted_name_is_recovered_and_then_written(
    world: Azure, backend: CloudBackend, prefix: str, slow: int
) -> None:
    ref = backend.locate("A")
    first = backend.write(ref, Secret("one"), token="t1")
    world.vault.slow = slow
    assert backend.delete(ref) is True
    assert backend.read([ref]) == {}
    assert len(world.vault.deleted[f"{prefix}-a"]) == 1
    second = backend.write(ref, Secret("two"), token="t2")
    assert backend.read([ref]) == {ref: Secret("two")}
    assert [version.id for version in backend.versions(ref)] == [first, second]


def test_a_name_that_stays_on_its_way_is_told(
    world: Azure, backend: CloudBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_RECOVERY_SECONDS", 0.3)
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t1")
    world.vault.slow = 1000
    backend.delete(ref)
    with pytest.raises(BackendError, match="on its way"):
        backend.write(ref, Secret("two"), token="t2")


def test_a_deleted_name_that_may_not_be_recovered_names_the_right(
    world: Azure, backend: CloudBackend
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t1")
    backend.delete(ref)
    world.vault.denied.add("recover")
    with pytest.raises(BackendError, match="secrets/recover"):
        backend.write(ref, Secret("two"), token="t2")


@pytest.mark.parametrize(
    ("action", "told", "role"),
    [
        ("getSecret", "secrets/get", "Key Vault Secrets User"),
        ("setSecret", "secrets/set", "Key Vault Secrets Officer"),
        ("readMetadata", "secrets/list", "Key Vault Secrets Officer"),
    ],
)
def test_a_refusal_names_the_right_the_secret_and_the_role(
    world: Azure, backend: CloudBackend, prefix: str, action: str, told: str, role: str
) -> None:
    ref = backend.locate("A")
    world.vault.denied.add(action)
    with pytest.raises(BackendError) as caught:
        backend.write(ref, Secret("one"), token="t")
        backend.read([ref])
    assert told in caught.value.what
    assert f"{prefix}-a" in caught.value.what
    assert f'--role "{role}"' in caught.value.hint


def test_a_firewall_an_access_policy_and_a_disabled_secret_are_told(
    world: Azure, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t")
    world.vault.secrets[f"{prefix}-a"][0]["attributes"]["enabled"] = False
    with pytest.raises(BackendError, match="is disabled"):
        backend.read([ref])
    backend.describe(ref, About(description="of last year"))
    assert world.vault.secrets[f"{prefix}-a"][0]["attributes"]["enabled"] is False
    policy = {"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByPolicy"}}}
    world.server.faults.first = [Told(403, policy)]
    with pytest.raises(BackendError, match="access policy") as caught:
        backend.read([ref])
    assert "--secret-permissions get" in caught.value.hint
    world.vault.firewall = True
    with pytest.raises(BackendError, match="firewall"):
        backend.read([ref])


def test_rights_are_tried_with_a_secret_of_their_own(
    world: Azure, backend: CloudBackend, prefix: str
) -> None:
    assert [right.allowed for right in backend.rights()] == [True, None, True, None]
    world.vault.denied.add("delete")
    rights = {right.name: right.allowed for right in backend.rights(write=True)}
    assert rights == {"read": True, "write": True, "list": True, "delete": False}


def test_tags_and_the_content_type_of_others_stay_and_there_are_never_too_many(
    world: Azure, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.write(ref, Secret("one"), token="t1")
    versions = world.vault.secrets[f"{prefix}-a"]
    versions[0]["tags"]["team"] = "shop"
    versions[0]["contentType"] = "application/x-pem-file"
    backend.write(ref, Secret("two"), token="t2")
    assert versions[1]["tags"]["team"] == "shop"
    assert versions[1]["contentType"] == "application/x-pem-file"
    with pytest.raises(UsageError, match="256"):
        backend.describe(ref, About(description="x" * 257))
    versions[1]["tags"].update({f"own-{number}": "x" for number in range(12)})
    backend.write(ref, Secret("three"), token="t3")
    with pytest.raises(UsageError, match="at most 15"):
        backend.describe(ref, About(description="one more"))


def test_more_than_a_page_of_secrets_and_of_versions_is_read_to_the_end(
    world: Azure, backend: CloudBackend
) -> None:
    refs = [backend.locate(f"KEY_{number}") for number in range(30)]
    backend.write_all({ref: Secret("1") for ref in refs}, token="t")
    assert len(backend.list()) == 30
    written = [backend.write(refs[0], Secret(str(n)), token=str(n)) for n in range(28)]
    assert [version.id for version in backend.versions(refs[0])][1:] == written
    assert backend.write(refs[0], Secret("3"), token="3") == written[3]


def test_a_link_to_another_host_is_not_followed(world: Azure, backend: CloudBackend) -> None:
    link = "https://elsewhere.example/secrets?$skiptoken=1"
    world.server.faults.first = [
        Told(200, {"token_type": "Bearer", "access_token": TOKENS[CLIENT]}),
        Told(200, {"value": [], "nextLink": link}),
    ]
    assert list(backend.list()) == []
    asked = [one.query.get("$skiptoken") for one in world.server.calls("GET", "/secrets")]
    assert asked[:2] == [None, "1"]


def test_the_secret_of_a_certificate_is_not_listed(
    world: Azure, backend: CloudBackend, prefix: str
) -> None:
    backend.write(backend.locate("A"), Secret("1"), token="t")
    row = {"id": f"https://v/secrets/{prefix}-cert", "managed": True}
    world.server.faults.first = [Told(200, {"value": [row]})]
    assert list(backend.list()) == []


def test_a_date_that_is_taken_away_makes_a_new_version(
    world: Azure, backend: CloudBackend, prefix: str
) -> None:
    ref = backend.locate("A")
    backend.describe(ref, About(expires_at="2001-01-01T00:00:00Z"), Secret("1"), token="t")
    found = opened(world, Path(backend._settings.folders.data), prefix)
    found._settings = found._settings._replace(allow_expired=True)
    assert found.read([ref]) == {ref: Secret("1")}
    backend.describe(ref, About(expires_at=""))
    assert backend.read([ref]) == {ref: Secret("1")}
    assert "exp" not in world.vault.secrets[f"{prefix}-a"][-1]["attributes"]


def test_a_version_that_has_expired_is_refused_beside_one_that_has_not(
    backend: CloudBackend,
) -> None:
    ref = backend.locate("A")
    old = backend.write(ref, Secret("1"), token="t1")
    backend.describe(ref, About(expires_at="2001-01-01T00:00:00Z"))
    backend.describe(ref, About(expires_at="2999-01-01T00:00:00Z"), Secret("2"), token="t2")
    pinned = ref._replace(version=old)
    assert backend.read([ref]) == {ref: Secret("2")}
    for refs in ([ref, pinned], [pinned, ref]):
        with pytest.raises(ExpiredError):
            backend.read(refs)


def test_a_hundred_references_are_a_hundred_calls(world: Azure, backend: CloudBackend) -> None:
    assert backend.read([backend.locate(f"KEY_{number}") for number in range(100)]) == {}
    assert len(world.server.calls("GET", "/secrets/")) == 100
    assert len(world.server.calls("POST", "/token")) == 1
    assert world.server.most <= 34


@pytest.mark.parametrize(
    "url",
    [
        "azure://",
        "azure://vault.example.com/x",
        "azure://shop.vault.azure.net.example.com/x",
        "azure://shop@example.com/x",
        "azure://a/x",
        "azure://shop/x?region=y",
    ],
)
def test_a_token_goes_to_vaults_only(url: str, tmp_path: Path) -> None:
    folders = Folders(tmp_path, tmp_path, tmp_path)
    with pytest.raises(ConfigError):
        open_azure(url, Settings(folders, None, None, {}), Naming())


def without(environ: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in environ.items() if key != name}


def test_each_link_of_the_chain_gives_a_token(world: Azure, tmp_path: Path) -> None:
    file = tmp_path / "assertion"
    file.write_text(f"{ASSERTION}\n")
    none = world.without_credentials()
    workload = {
        **without(world.environ(), "AZURE_CLIENT_SECRET"),
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
    }
    service = {
        **none,
        "IDENTITY_ENDPOINT": f"{world.server.url}/metadata/identity",
        "IDENTITY_HEADER": HEADER,
    }
    machine = {**none, "AZURE_POD_IDENTITY_AUTHORITY_HOST": world.server.url}
    for environ in (world.environ(), workload, service, machine, world.with_cli()):
        found = Login(RESOURCE, AUTHORITY, environ).headers()
        assert found == {"Authorization": f"Bearer {TOKENS[CLIENT]}"}


def test_no_credentials_names_what_was_tried_and_ends_soon(world: Azure) -> None:
    before = time.monotonic()
    with pytest.raises(LoginError) as caught:
        Login(RESOURCE, AUTHORITY, world.without_credentials()).headers()
    assert time.monotonic() - before < 3
    for link in ("environment", "workload identity", "managed identity", "Azure CLI"):
        assert link in caught.value.what
    assert caught.value.hint.startswith("az login")


def test_a_refused_password_is_told_by_its_code_alone(world: Azure) -> None:
    with pytest.raises(LoginError, match="AADSTS7000215") as caught:
        Login(RESOURCE, AUTHORITY, {**world.environ(), "AZURE_CLIENT_SECRET": "canary"}).headers()
    assert "canary" not in repr(caught.value)
    assert "Azure CLI" not in caught.value.what


def test_who_is_refused_does_not_become_somebody_else(world: Azure) -> None:
    environ = {**world.with_cli(), **world.environ("nobody"), "PATH": world.with_cli()["PATH"]}
    with pytest.raises(LoginError, match="AADSTS7000215"):
        Login(RESOURCE, AUTHORITY, environ).headers()


def test_no_proxy_stands_before_the_metadata_of_a_machine(world: Azure, tmp_path: Path) -> None:
    with azure(tmp_path, tls=False) as machine:
        environ = {
            **world.without_credentials(),
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": machine.server.url,
            "HTTP_PROXY": "http://127.0.0.1:1",
        }
        assert Login(RESOURCE, AUTHORITY, environ).headers()


def test_a_token_is_kept_and_renewed_before_its_end(
    world: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = Login(RESOURCE, AUTHORITY, world.environ())
    for _ in range(3):
        login.headers()
    assert len(world.server.calls("POST", f"/{TENANT}/")) == 1
    later = time.time() + 3500
    monkeypatch.setattr(time, "time", lambda: later)
    login.headers()
    assert len(world.server.calls("POST", f"/{TENANT}/")) == 2


def test_one_login_serves_every_opening_of_a_program(world: Azure, tmp_path: Path) -> None:
    folders = Folders(tmp_path, tmp_path, tmp_path)
    settings = Settings(folders, None, None, world.environ(), kept={})
    for _ in range(3):
        open_azure(f"azure://{world.host}/x", settings, Naming()).check()
    assert len(world.server.calls("POST", f"/{TENANT}/")) == 1


def test_a_password_goes_to_no_address_that_others_read(world: Azure) -> None:
    environ = {**world.environ(), "AZURE_AUTHORITY_HOST": "http://login.example.com"}
    with pytest.raises(LoginError, match="no https address"):
        Login(RESOURCE, AUTHORITY, environ).headers()


def test_who_is_not_known_is_not_tried_for_every_secret(
    world: Azure, prefix: str, tmp_path: Path
) -> None:
    stranger = opened(world, tmp_path, prefix, world.environ("nobody"))
    values = {stranger.locate(f"KEY_{number}"): Secret("1") for number in range(100)}
    for call in (lambda: stranger.write_all(values, token="t"), lambda: stranger.read([*values])):
        world.server.asked.clear()
        with pytest.raises(LoginError):
            call()
        assert len(world.server.asked) <= 34


def test_many_keys_of_one_json_secret_are_one_write_that_remembers_its_token(
    world: Azure, prefix: str, tmp_path: Path
) -> None:
    backend = opened(world, tmp_path, f"{prefix}?layout=json")
    refs = [backend.locate(f"KEY_{number:02}") for number in range(30)]
    first = backend.write_all({ref: Secret("1") for ref in refs}, token="t1")
    assert len(set(first.values())) == len(world.server.calls("PUT")) == 1
    second = backend.write(refs[20], Secret("2"), token="t2")
    assert backend.write(refs[20], Secret("1"), token="t1") == first[refs[20]] != second
    with pytest.raises(UsageError, match="this token before"):
        backend.write(refs[20], Secret("3"), token="t1")
    assert backend.read(refs[20:21]) == {refs[20]: Secret("2")}
    assert len(world.vault.secrets[prefix][0]["tags"]) <= 15


def test_what_another_machine_writes_into_a_json_secret_meanwhile_is_kept(
    world: Azure, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        return put(*given)

    monkeypatch.setattr(ours._vendor, "put", late)
    ours.write(a, Secret("ours"), token="ta")
    found = ours.read([a, b, old])
    assert found == {a: Secret("ours"), b: Secret("theirs"), old: Secret("0")}
