"""How a cluster is found and logged in to: kubeconfigs, certificates, tokens, programs, pods."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from envguard.backends.k8s import kubeconfig
from envguard.backends.k8s.connection import Connection
from envguard.backends.k8s.kubeconfig import find_access
from envguard.backends.k8s.login import log_in
from envguard.core.errors import BackendError, ConfigError, EnvguardError
from tests.servers.kubernetes import Cluster, Rule, running


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with TLS."""
    with running(tmp_path_factory.mktemp("certificates")) as cluster:
        yield cluster


def ask(file: Path, **environ: str) -> int:
    """The status of a call by a kubeconfig."""
    where = {"HOME": str(file.parent), "KUBECONFIG": str(file), "PATH": "/usr/bin:/bin", **environ}
    connection = Connection(where, "", most=1)
    return connection.ask("GET", "/api/v1/namespaces/shop/secrets/none").status


def edit(file: Path, kind: str, **changes: object) -> Path:
    """Changes the one cluster or user of a kubeconfig."""
    said = yaml.safe_load(file.read_text())
    entry = said[f"{kind}s"][0][kind]
    for name, value in changes.items():
        key = name.replace("_", "-")
        if value is None:
            entry.pop(key)
        else:
            entry[key] = value
    file.write_text(yaml.safe_dump(said))
    return file


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_token_and_the_clusters_own_authority_are_used(secure: Cluster, tmp_path: Path) -> None:
    assert ask(secure.kubeconfig(tmp_path / "config")) == 404
    assert ask(secure.kubeconfig(tmp_path / "config", token="wrong")) == 401


def test_a_client_certificate_is_used_from_data_and_from_files(
    secure: Cluster, tmp_path: Path
) -> None:
    made = secure.certificates
    assert made is not None
    data = {
        "client-certificate-data": encoded(made.client),
        "client-key-data": encoded(made.client_key),
    }
    assert ask(secure.kubeconfig(tmp_path / "config", **data)) == 404
    (tmp_path / "client.pem").write_text(made.client)
    (tmp_path / "client.key").write_text(made.client_key)
    files = {"client-certificate": "client.pem", "client-key": "client.key"}
    assert ask(secure.kubeconfig(tmp_path / "config", **files)) == 404


def test_a_certificate_without_its_key_is_an_error_that_quotes_nothing(
    secure: Cluster, tmp_path: Path
) -> None:
    made = secure.certificates
    assert made is not None
    for key in ("", encoded("kanarienvogel"), "!"):
        user = {"client-certificate-data": encoded(made.client), "client-key-data": key}
        with pytest.raises(ConfigError, match="client-key") as caught:
            ask(secure.kubeconfig(tmp_path / "config", **user))
        assert "kanarienvogel" not in str(caught.value)
        assert caught.value.__context__ is None


def test_another_authority_is_refused_unless_the_kubeconfig_wants_none(
    secure: Cluster, tmp_path: Path
) -> None:
    file = edit(
        secure.kubeconfig(tmp_path / "config"), "cluster", **{"certificate-authority-data": None}
    )
    with pytest.raises(BackendError, match="certificate that is not trusted") as caught:
        ask(file)
    assert "kubectl cluster-info" in caught.value.hint
    assert ask(edit(file, "cluster", insecure_skip_tls_verify=True)) == 404


def test_the_name_in_the_certificate_can_be_given(secure: Cluster, tmp_path: Path) -> None:
    file = secure.kubeconfig(tmp_path / "config")
    assert ask(edit(file, "cluster", tls_server_name="localhost")) == 404
    with pytest.raises(BackendError, match="certificate"):
        ask(edit(file, "cluster", tls_server_name="other.example"))


def plugin(folder: Path, status: Mapping[str, object], code: int = 0) -> dict[str, object]:
    """A program that gives credentials, and writes down what it was told."""
    said = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": status,
    }
    script = folder / "plugin.sh"
    script.write_text(
        f"#!{sys.executable}\nimport os\n"
        "open(os.environ['SEEN'], 'w').write(os.environ['KUBERNETES_EXEC_INFO'])\n"
        f"print('''{json.dumps(said)}''')\nraise SystemExit({code})\n"
    )
    script.chmod(0o755)
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin.sh",
        "args": ["login"],
        "env": [{"name": "SEEN", "value": str(folder / "seen")}],
        "interactiveMode": "Never",
        "provideClusterInfo": True,
    }


def test_a_program_gives_a_token_and_is_told_about_the_cluster(
    secure: Cluster, tmp_path: Path
) -> None:
    user = {"exec": plugin(tmp_path, {"token": "token-of-ada"})}
    assert ask(secure.kubeconfig(tmp_path / "config", **user)) == 404
    told = json.loads((tmp_path / "seen").read_text())
    assert told["spec"]["interactive"] is False
    assert told["spec"]["cluster"]["server"] == secure.url


def test_a_program_gives_a_certificate(secure: Cluster, tmp_path: Path) -> None:
    made = secure.certificates
    assert made is not None
    status = {"clientCertificateData": made.client, "clientKeyData": made.client_key}
    escaped = {key: text.replace("\n", "\\n") for key, text in status.items()}
    user = {"exec": plugin(tmp_path, escaped)}
    assert ask(secure.kubeconfig(tmp_path / "config", **user)) == 404


def test_a_program_that_fails_is_named_and_what_it_says_is_not(
    secure: Cluster, tmp_path: Path
) -> None:
    failing = plugin(tmp_path, {"token": "kanarienvogel"}, code=3)
    missing = {**failing, "command": "nobody-has-this"}
    for program, what in ((failing, "failed with 3"), (missing, "cannot be started")):
        with pytest.raises(BackendError, match=what) as caught:
            ask(secure.kubeconfig(tmp_path / "config", exec=program))
        assert "kanarienvogel" not in str(caught.value) + caught.value.hint
    for status in ({}, {"token": ""}):
        with pytest.raises(BackendError, match="gave no credentials"):
            ask(secure.kubeconfig(tmp_path / "config", exec=plugin(tmp_path, status)))
    for broken in ("text", {"env": [1]}, {"env": [{"name": "A"}]}, {"args": 1}):
        with pytest.raises(ConfigError, match="in another form"):
            ask(secure.kubeconfig(tmp_path / "config", exec=broken))
    program = {**plugin(tmp_path, {}), "command": "nobody", "installHint": "apt install nobody\n"}
    with pytest.raises(BackendError) as caught:
        ask(secure.kubeconfig(tmp_path / "config", exec=program))
    assert caught.value.hint == "apt install nobody"


def test_another_user_can_be_impersonated(secure: Cluster, tmp_path: Path) -> None:
    user = {"token": "token-of-ada", "as": "bob"}
    assert ask(secure.kubeconfig(tmp_path / "config", **user)) == 403
    secure.rules["bob"] = [Rule()]
    assert ask(secure.kubeconfig(tmp_path / "config", **user)) == 404


def test_groups_are_impersonated_and_what_is_not_supported_is_refused(tmp_path: Path) -> None:
    user = {"as": "bob", "as-groups": ["one", "two"], "token": "t"}
    access = kubeconfig.Access("context x", "https://x", user=user)
    assert ("Impersonate-Group", "two") in log_in(access, {}).headers
    with pytest.raises(ConfigError, match="as-user-extra"):
        log_in(access._replace(user={**user, "as-user-extra": {"a": ["b"]}}), {})
    with pytest.raises(ConfigError, match="auth-provider"):
        log_in(access._replace(user={"auth-provider": {"name": "gcp"}}), {})


def test_a_token_file_is_relative_to_its_kubeconfig(secure: Cluster, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("token-of-ada\n")
    assert ask(secure.kubeconfig(tmp_path / "config", tokenFile="token")) == 404
    with pytest.raises(ConfigError, match="cannot be read"):
        ask(secure.kubeconfig(tmp_path / "config", tokenFile="none"))


def test_several_files_are_one_and_the_first_counts(secure: Cluster, tmp_path: Path) -> None:
    one = secure.kubeconfig(tmp_path / "one", token="wrong")
    two = secure.kubeconfig(tmp_path / "two")
    both = {"KUBECONFIG": f"{one}:{two}:{tmp_path / 'none'}"}
    assert find_access(both).user == {"token": "wrong"}
    said = yaml.safe_load(two.read_text())
    said["contexts"][0]["name"] = "other"
    two.write_text(yaml.safe_dump(said))
    assert find_access(both, "other").name == "context other"


def test_a_context_that_is_not_there_is_told_with_those_that_are(
    secure: Cluster, tmp_path: Path
) -> None:
    file = secure.kubeconfig(tmp_path / "config")
    with pytest.raises(ConfigError, match="has no context nope") as caught:
        find_access({"KUBECONFIG": str(file)}, "nope")
    assert caught.value.hint == "add ?context=NAME to the URL (there: test)"


@pytest.mark.parametrize(
    "text",
    ["[", "- a", "clusters: [1]", "clusters: [{name: a, cluster: 1}]", "current-context: x", "\0"],
)
def test_a_file_that_is_no_kubeconfig_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(ConfigError):
        find_access({"KUBECONFIG": str(tmp_path / "config")})


def test_without_a_kubeconfig_and_outside_a_pod_the_error_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no kubeconfig") as caught:
        find_access({"HOME": str(tmp_path)})
    assert "KUBECONFIG" in caught.value.hint


def test_in_a_pod_its_service_account_is_used(
    secure: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = secure.certificates
    assert made is not None
    (tmp_path / "ca.crt").write_text(made.authority)
    (tmp_path / "token").write_text("token-of-ada")
    monkeypatch.setattr(kubeconfig, "_POD", tmp_path)
    environ = {
        "HOME": str(tmp_path),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(secure.port),
    }
    connection = Connection(environ, "", most=1)
    assert connection.ask("GET", "/api/v1/namespaces/shop/secrets/none").status == 404


@pytest.mark.parametrize("host", ["cluster.example", "127.0.0.1.example", "localhost.example"])
def test_credentials_do_not_leave_the_machine_without_tls(tmp_path: Path, host: str) -> None:
    with running() as plain:
        file = plain.kubeconfig(tmp_path / "config", server=f"http://{host}")
        with pytest.raises(ConfigError, match="without TLS"):
            ask(file)


def test_nothing_shows_a_credential_by_accident(secure: Cluster, tmp_path: Path) -> None:
    file = secure.kubeconfig(tmp_path / "config", token="kanarienvogel")
    access = find_access({"KUBECONFIG": str(file)})
    assert "kanarienvogel" not in repr(access) + repr(log_in(access, {}))
    (tmp_path / "broken").write_text("users: [{name: ada, user: kanarienvogel}]")
    with pytest.raises(EnvguardError) as caught:
        find_access({"KUBECONFIG": str(tmp_path / "broken")})
    assert "kanarienvogel" not in str(caught.value)


@pytest.mark.parametrize("token", ["kanarienvogel\nX: y", "kanarienvogel ü", "kanarienvogel\0"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_quoted(
    secure: Cluster, tmp_path: Path, token: str
) -> None:
    with pytest.raises(ConfigError, match="Authorization of context test") as caught:
        ask(secure.kubeconfig(tmp_path / "config", token=token))
    assert "kanarienvogel" not in str(caught.value)
