"""Vault as a server: sealed, behind TLS, with policies, with ways to log in, and in trouble. Each
of these is an error that says what to type."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from envguard.backends.service.rest import UnreachableError
from envguard.backends.vault import VaultBackend, open_vault
from envguard.backends.vaultkv import refusals
from envguard.backends.vaultkv.login import Login, Tokens, find_login
from envguard.core.errors import BackendError, ConfigError, EnvguardError
from envguard.core.naming import Naming
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from envguard.testing.case import Watch, canary
from envguard.testing.faulty import Fault, faulty
from tests.backends.vault_world import World
from tests.servers import vault as servers
from tests.servers.certificates import Certificates, certificates
from tests.servers.vault import Vault

KEY = Reference("secret", "KEY")


@pytest.fixture
def world(vault: Vault, tmp_path: Path) -> World:
    return World(vault, tmp_path)


@pytest.fixture
def watch(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Watch:
    return Watch(monkeypatch, caplog, capfd)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("vault-tls"))


@pytest.fixture(scope="module")
def sealed(made: Certificates) -> Iterator[Vault]:
    """A server behind TLS, which is initialized and sealed."""
    if servers.missing():
        pytest.skip(servers.missing())
    with servers.sealed(["-certificate", str(made.server)], made.authority) as server:
        server.initialize()
        yield server


def signed(claims: Mapping[str, object], key: ec.EllipticCurvePrivateKey) -> str:
    """A JSON web token (RFC 7519), signed with ES256 (RFC 7518, 3.4)."""

    def encoded(data: bytes) -> str:
        return urlsafe_b64encode(data).rstrip(b"=").decode()

    head = {"alg": "ES256", "typ": "JWT"}
    text = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    pair = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{encoded(b''.join(number.to_bytes(32, 'big') for number in pair))}"


def authority(made: Certificates, folder: Path) -> str:
    file = folder / "authority.pem"
    file.write_text(made.authority)
    return str(file)


def test_a_sealed_server_says_so_at_once_and_works_once_it_is_unsealed(
    sealed: Vault, made: Certificates, tmp_path: Path
) -> None:
    backend = World(sealed, tmp_path).open(VAULT_CACERT=authority(made, tmp_path))
    before = time.monotonic()
    for call in (backend.check, backend.list, lambda: backend.read([KEY])):
        with pytest.raises(refusals.SealedError, match="is sealed") as caught:
            call()
        assert caught.value.hint == "vault operator unseal"
    assert time.monotonic() - before < 5
    sealed.unseal()
    sealed.mount("secret")
    backend.write(KEY, Secret("1"), token="t1")
    assert backend.read([KEY]) == {KEY: Secret("1")}
    sealed.seal()


def test_a_certificate_of_an_unknown_authority_is_refused(sealed: Vault, tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="certificate that is not trusted") as caught:
        World(sealed, tmp_path).open().read([KEY])
    assert "VAULT_CACERT" in caught.value.hint


def test_another_name_than_the_certificates_is_refused(
    sealed: Vault, made: Certificates, tmp_path: Path
) -> None:
    world, ca = World(sealed, tmp_path), authority(made, tmp_path)
    with pytest.raises(UnreachableError, match="certificate"):
        world.open(VAULT_CACERT=ca, VAULT_TLS_SERVER_NAME="vault.example").read([KEY])
    with pytest.raises(refusals.SealedError):
        world.open(VAULT_CACERT=ca, VAULT_TLS_SERVER_NAME="localhost").read([KEY])


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_the_check_can_be_left_out_by_the_variable_of_vault(sealed: Vault, tmp_path: Path) -> None:
    with pytest.raises(refusals.SealedError):
        World(sealed, tmp_path).open(VAULT_SKIP_VERIFY="true").read([KEY])


def test_a_file_of_an_authority_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(ConfigError, match=r"there is no /none/ca\.pem"):
        world.open(VAULT_CACERT="/none/ca.pem")


def test_a_file_that_is_no_certificate_is_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("kanarienvogel")
    with pytest.raises(ConfigError, match="holds no certificates") as caught:
        world.open(VAULT_CACERT=str(tmp_path / "ca.pem"))
    assert caught.value.__context__ is None


def test_a_server_that_wants_a_certificate_gets_the_one_of_the_variables(
    made: Certificates, tmp_path: Path
) -> None:
    if servers.missing():
        pytest.skip(servers.missing())
    ca = authority(made, tmp_path)
    (tmp_path / "client.pem").write_text(made.client)
    (tmp_path / "client.key").write_text(made.client_key)
    files = {
        "VAULT_CLIENT_CERT": str(tmp_path / "client.pem"),
        "VAULT_CLIENT_KEY": str(tmp_path / "client.key"),
    }
    arguments = ["-certificate", str(made.server), "-authority", ca]
    with servers.sealed(arguments, made.authority) as server:
        world = World(server, tmp_path)
        with pytest.raises(refusals.SealedError):
            world.open(VAULT_CACERT=ca, VAULT_TOKEN="any", **files).read([KEY])
        with pytest.raises(UnreachableError):
            world.open(VAULT_CACERT=ca, VAULT_TOKEN="any").read([KEY])


@pytest.mark.parametrize(
    "address", ["vault.example:8200", "ftp://vault.example", "https://", "https://u:p@host"]
)
def test_what_is_no_address_is_refused_without_a_call(world: World, address: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        world.open(VAULT_ADDR=address)


def test_a_server_that_is_not_there_is_an_error_with_its_address(world: World) -> None:
    with pytest.raises(UnreachableError, match="nobody answers") as caught:
        world.open(VAULT_ADDR="http://127.0.0.1:9").read([KEY])
    assert "http://127.0.0.1:9" in caught.value.what


def test_the_proxy_that_is_named_for_vault_alone_is_used(world: World) -> None:
    with pytest.raises(UnreachableError, match="through the proxy"):
        world.open(VAULT_PROXY_ADDR="http://127.0.0.1:9").read([KEY])


def test_without_a_token_the_ways_to_get_one_are_told(world: World) -> None:
    with pytest.raises(refusals.TokenError, match="no token") as caught:
        world.open(VAULT_TOKEN="").read([KEY])
    assert caught.value.hint == "vault login, or export VAULT_TOKEN=TOKEN"


def test_the_token_that_vault_login_keeps_is_used(world: World, tmp_path: Path) -> None:
    (tmp_path / ".vault-token").write_text(f"{world.vault.root}\n")
    assert world.open(VAULT_TOKEN="").read([KEY]) == {}


def test_what_is_no_token_is_refused_without_being_quoted(world: World) -> None:
    for token in ("kanarienvogel\nX: y", "zwei worte", "schlüssel"):
        with pytest.raises(refusals.TokenError, match="has blanks, line ends") as caught:
            world.open(VAULT_TOKEN=token).read([KEY])
        assert token not in caught.value.what


def test_the_variables_of_openbao_are_read_too(world: World) -> None:
    own = {"VAULT_ADDR": "", "BAO_ADDR": world.vault.address, "BAO_TOKEN": world.vault.root}
    assert world.open(VAULT_TOKEN="", **own).read([KEY]) == {}


def test_an_expired_token_is_told_from_a_missing_right(world: World) -> None:
    short = world.vault.token("default", ttl="1s")
    world.open().write(KEY, Secret("1"), token="t1")
    backend = world.open("?kv=2", VAULT_TOKEN=short)
    with pytest.raises(BackendError, match="refused the token"):
        backend.read([KEY])
    time.sleep(1.5)
    with pytest.raises(refusals.TokenError, match="has expired"):
        backend.read([KEY])


def test_a_denied_call_names_the_line_of_the_policy_that_allows_it(world: World) -> None:
    at = world.path
    world.open().write(KEY, Secret("1"), token="t1")
    reads = world.vault.policy(f"r-{at}", f'path "secret/data/{at}" {{capabilities = ["read"]}}')
    backend = world.open("?kv=2", VAULT_TOKEN=world.vault.token(reads))
    assert backend.read([KEY]) == {KEY: Secret("1")}
    with pytest.raises(refusals.DeniedError) as caught:
        backend.write(KEY, Secret("2"), token="t2")
    line = f'path "secret/metadata/{at}" {{ capabilities = ["create", "update", "patch"] }}'
    assert line in caught.value.hint
    with pytest.raises(BackendError) as caught:
        world.open("/x?kv=2", VAULT_TOKEN=world.vault.token(reads)).read([KEY])
    assert f'path "secret/data/{at}/x" {{ capabilities = ["read"] }}' in caught.value.hint


def test_the_lines_that_rights_tell_are_enough(world: World) -> None:
    at = world.path
    none = world.vault.token("default")
    for behind in ("", "/each?layout=each"):
        missing = world.open(behind, VAULT_TOKEN=none).rights()
        assert [right.name for right in missing] == ["read", "write", "list", "delete"]
        assert not any(right.allowed for right in missing)
        name = world.vault.policy(f"all-{at}", *(right.line for right in missing))
        allowed = world.open(behind, VAULT_TOKEN=world.vault.token(name))
        # Where the lines name one path twice, Vault takes the capabilities together.
        allowed.write(KEY, Secret("1"), token="t1")
        allowed.write(KEY, Secret("2"), token="t2")
        assert allowed.read([KEY]) == {KEY: Secret("2")}
        assert [row.name for row in allowed.list()] == ["KEY"]
        assert allowed.delete(KEY)
        assert all(right.allowed for right in allowed.rights())


@pytest.mark.parametrize("query", ["", "?kv=2"])
def test_an_engine_that_is_not_there_is_no_right_to_it(world: World, query: str) -> None:
    backend = open_vault(f"vault://nowhere/x{query}", world.settings(), Naming())
    with pytest.raises(BackendError, match="has no engine nowhere/") as caught:
        backend.rights()
    assert "vault secrets list" in caught.value.hint
    with pytest.raises(BackendError, match=r"no (secrets )?engine"):
        backend.read([KEY])


def test_each_line_of_the_rights_is_enough_for_its_right(world: World) -> None:
    at = world.path
    world.open().write(KEY, Secret("1"), token="t1")
    none = world.vault.token("default")
    lines = {right.name: right.line for right in world.open(VAULT_TOKEN=none).rights()}

    def only(*names: str) -> VaultBackend:
        policy = world.vault.policy(f"{'-'.join(names)}-{at}", *(lines[name] for name in names))
        return world.open(VAULT_TOKEN=world.vault.token(policy))

    assert only("read").read([KEY]) == {KEY: Secret("1")}
    assert only("write").write(KEY, Secret("2"), token="t2") == "2"
    assert [row.name for row in only("read", "list").list()] == ["KEY"]
    assert only("write", "delete").delete(KEY)


def test_a_policy_without_patch_is_enough_for_a_write(world: World) -> None:
    at = world.path
    capabilities = 'capabilities = ["create", "read", "update"]'
    lines = (f'path "secret/{kind}/{at}" {{ {capabilities} }}' for kind in ("data", "metadata"))
    token = world.vault.token(world.vault.policy(f"p-{at}", *lines))
    backend = world.open(VAULT_TOKEN=token)
    for number in (1, 2):
        backend.write(KEY, Secret(str(number)), token=f"t{number}")
    assert backend.write(KEY, Secret("1"), token="t1") == "1"
    assert backend.read([KEY]) == {KEY: Secret("2")}


def test_logins_by_the_variables_of_the_environment(world: World, tmp_path: Path) -> None:
    vault, at = world.vault, world.path
    policy = vault.policy(f"l-{at}", f'path "secret/data/{at}" {{ capabilities = ["read"] }}')
    world.open().write(KEY, Secret("1"), token="t1")
    for kind, path in (("approle", at), ("userpass", f"{at}-users"), ("jwt", f"{at}-jwt")):
        vault.login(kind, path)
    vault.call("POST", f"auth/{at}/role/shop", {"token_policies": [policy]})
    role = vault.call("GET", f"auth/{at}/role/shop/role-id")["data"]["role_id"]
    secret = vault.call("POST", f"auth/{at}/role/shop/secret-id", {})["data"]["secret_id"]
    user = {"password": "of-ada", "token_policies": [policy]}
    vault.call("POST", f"auth/{at}-users/users/ada", user)
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    config = {"jwt_validation_pubkeys": [public.decode()]}
    vault.call("POST", f"auth/{at}-jwt/config", config)
    bound = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"]}
    vault.call("POST", f"auth/{at}-jwt/role/shop", {**bound, "token_policies": [policy]})
    now = int(time.time())
    claims = {"sub": "ci", "aud": "vault", "exp": now + 600, "iat": now}
    (tmp_path / "jwt").write_text(signed(claims, key) + "\n")
    file = {"VAULT_JWT_FILE": str(tmp_path / "jwt"), "VAULT_AUTH_PATH": f"{at}-jwt"}
    ways = [
        {"VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret, "VAULT_AUTH_PATH": at},
        {
            "VAULT_USERNAME": "ada",
            "VAULT_PASSWORD": "of-ada",
            "VAULT_AUTH_PATH": f"{at}-users",
        },
        {"VAULT_AUTH_ROLE": "shop", **file},
        {"VAULT_ID_TOKEN": (tmp_path / "jwt").read_text().strip(), "VAULT_ROLE": "shop", **file},
        # The login of a pod is the same call, with the token of its service account.
        {"VAULT_AUTH_METHOD": "kubernetes", "VAULT_AUTH_ROLE": "shop", **file},
    ]
    for way in ways:
        assert world.open(VAULT_TOKEN="", **way).read([KEY]) == {KEY: Secret("1")}
        wrong = {**way, "VAULT_SECRET_ID": "x", "VAULT_PASSWORD": "x", "VAULT_AUTH_PATH": "none"}
        with pytest.raises(refusals.TokenError, match="refused the login") as caught:
            world.open(VAULT_TOKEN="", **wrong).read([KEY])
        assert "VAULT_AUTH_PATH" in caught.value.hint


def test_what_a_login_lacks_is_named() -> None:
    for environ, what in (
        ({"VAULT_AUTH_METHOD": "magic"}, "no way to log in"),
        ({"VAULT_AUTH_METHOD": "approle"}, "VAULT_ROLE_ID is not set"),
        ({"VAULT_AUTH_METHOD": "jwt"}, "needs a role"),
        ({"VAULT_AUTH_METHOD": "jwt", "VAULT_ROLE": "r"}, "JSON web token"),
        ({"VAULT_ROLE": "r"}, "by kubernetes needs a JSON web token"),
    ):
        with pytest.raises(ConfigError, match=what):
            find_login(environ)
    found = find_login({"VAULT_ROLE_ID": "kanarienvogel"})
    assert isinstance(found, Login) and "kanarien" not in repr(found)


def test_a_token_is_renewed_at_half_its_time_and_got_anew_at_its_end(world: World) -> None:
    vault, at = world.vault, world.path
    policy = vault.policy(f"t-{at}", f'path "secret/data/{at}" {{ capabilities = ["read"] }}')
    vault.login("userpass", at)
    times = {"token_ttl": "1s", "token_max_ttl": "2s", "token_policies": [policy]}
    vault.call("POST", f"auth/{at}/users/ada", {"password": "of-ada", **times})
    ada = {"VAULT_USERNAME": "ada", "VAULT_PASSWORD": "of-ada", "VAULT_AUTH_PATH": at}
    with faulty(vault.address) as proxy:
        backend = world.open("?kv=2", VAULT_TOKEN="", VAULT_ADDR=proxy.url, **ada)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert backend.read([KEY]) == {}
            time.sleep(0.1)
        logins = [call for call in proxy.calls if "/login/" in call]
        renewals = [call for call in proxy.calls if "renew-self" in call]
    assert len(logins) >= 2 and len(renewals) >= 2


def test_a_program_that_reads_again_logs_in_once(world: World) -> None:
    vault, at = world.vault, world.path
    vault.login("userpass", at)
    vault.call("POST", f"auth/{at}/users/ada", {"password": "of-ada"})
    ada = {"VAULT_USERNAME": "ada", "VAULT_PASSWORD": "of-ada", "VAULT_AUTH_PATH": at}
    with faulty(vault.address) as proxy:
        settings = world.settings(VAULT_TOKEN="", VAULT_ADDR=proxy.url, **ada)
        for kept, logins in (({}, 1), (None, 4)):
            for _ in range(3):
                own = settings._replace(kept=kept)
                with pytest.raises(BackendError, match="refused the token"):
                    open_vault(f"vault://secret/{at}?kv=2", own, Naming()).read([KEY])
            assert len([call for call in proxy.calls if "/login/" in call]) == logins


def test_after_a_login_of_the_user_the_new_token_is_used(world: World, tmp_path: Path) -> None:
    backend = world.open("?kv=2", VAULT_TOKEN="")
    kept = tmp_path / ".vault-token"
    kept.write_text(world.vault.token("default", ttl="1s"))
    with pytest.raises(BackendError):
        backend.read([KEY])
    time.sleep(1.2)
    with pytest.raises(refusals.TokenError):
        backend.read([KEY])
    kept.write_text(world.vault.root)
    assert backend.read([KEY]) == {}


def test_a_token_that_was_given_is_renewed_while_it_is_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envguard.backends.vaultkv.login._SETTLED", 0)
    short = world.vault.token("default", ttl="1s", explicit_max_ttl="60s")
    backend = world.open("?kv=2", VAULT_TOKEN=short)
    tokens = backend.engine.client._tokens
    assert isinstance(tokens, Tokens)
    for _ in range(6):
        assert tokens.get().reveal() == short
        time.sleep(0.3)
    with pytest.raises(BackendError, match="refused the token"):  # and not: has expired
        backend.read([KEY])


def test_a_standby_without_an_active_server_is_told(world: World) -> None:
    body = b'{"errors": ["local node not active but active cluster node not found"]}'
    with faulty(world.vault.address) as proxy:
        backend = world.open("?kv=2", VAULT_ADDR=proxy.url)
        proxy.faults[:] = [Fault(500)] * 9
        with pytest.raises(UnreachableError, match="has trouble"):
            backend.read([KEY])
    answer = refusals.Answer(500, {"errors": [body.decode()]})
    error = refusals.refusal("https://vault", answer, "", "secret/data/x")
    assert "is a standby" in error.what


def test_a_standby_sends_us_to_the_active_server(world: World) -> None:
    world.open().write(KEY, Secret("1"), token="t1")
    there = f"{world.vault.address}/v1/secret/data/{world.path}"
    with faulty(world.vault.address) as proxy:
        backend = world.open("?kv=2", VAULT_ADDR=proxy.url)
        proxy.faults[:] = [Fault(307, {"Location": there})]
        assert backend.read([KEY]) == {KEY: Secret("1")}
        for elsewhere in ("ftp://127.0.0.1/v1/x", "http://127.0.0.1/ui", "http://[", ""):
            proxy.faults[:] = [Fault(307, {"Location": elsewhere})]
            with pytest.raises(BackendError, match="is no Vault"):
                backend.read([KEY])


def test_a_token_does_not_leave_the_machine_in_http(world: World) -> None:
    with faulty(world.vault.address) as proxy:
        backend = world.open("?kv=2", VAULT_ADDR=proxy.url)
        proxy.faults[:] = [Fault(307, {"Location": "http://vault.example:1/v1/secret/data/x"})]
        with pytest.raises(BackendError, match="is no Vault"):
            backend.read([KEY])


def test_a_namespace_goes_with_every_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.backends.service.session import Session

    seen = []
    send = Session.send

    def noted(self: Session, *given: object, **more: object) -> object:
        seen.append(given[3])
        return send(self, *given, **more)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(Session, "send", noted)
    world.open(VAULT_NAMESPACE="team/shop/").read([KEY])
    assert seen and all(headers["X-Vault-Namespace"] == "team/shop" for headers in seen)


def test_no_failure_shows_a_value_or_a_token(world: World, watch: Watch) -> None:
    world.open().write(KEY, canary(), token="t1")
    token = canary(1).reveal()
    ada = {"VAULT_USERNAME": "ada", "VAULT_PASSWORD": token}
    failing = [
        world.open(VAULT_TOKEN=token),
        world.open("?kv=2", VAULT_TOKEN=token),
        world.open("?kv=2", VAULT_TOKEN=world.vault.token("default")),
        world.open(VAULT_TOKEN="", **ada),
        world.open(VAULT_TOKEN="", VAULT_ROLE_ID="r", VAULT_SECRET_ID=token),
        world.open(VAULT_TOKEN=token, VAULT_ADDR="http://127.0.0.1:9"),
        world.open(VAULT_TOKEN=f"{token}\nX: y"),
    ]
    for backend in failing:
        with watch.refusal(EnvguardError):
            backend.read([KEY])
        with watch.refusal(EnvguardError):
            backend.write(KEY, canary(2), token="t2")
        watch.quiet(repr(backend), repr(backend.engine.client._tokens))
    watch.quiet(repr(world.open().engine.get(world.path)))
