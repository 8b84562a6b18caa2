"""What envguard writes, others read, and the other way round: the services' own clients and
secretspec (https://secretspec.dev), which know nothing of envguard."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from envguard.backends.aws import open_aws
from envguard.backends.aws_ssm import open_aws_ssm
from envguard.core.backend import About, Backend, Capability
from envguard.core.config import Folders, Settings
from envguard.core.secret import Secret
from tests.contract.aws_home import REGION, AwsEachHome, AwsHome, SsmHome
from tests.contract.azure_home import AzureHome, AzureJsonHome
from tests.contract.google_home import GoogleHome, GoogleJsonHome
from tests.contract.kubernetes_home import KubernetesEachHome, KubernetesHome
from tests.contract.vault_home import VaultEachHome, VaultHome
from tests.servers.azure import CLIENT, TOKENS, azure
from tests.servers.google import PROJECT, TOKEN
from tests.servers.kubernetes import running

OURS, THEIRS = "geschrieben von uns: ü 🔑\n", "geschrieben von ihnen: ü 🔑\n"


def wrote(backend: Backend, key: str = "OURS") -> None:
    """Writes OURS, and describes it: what is noted beside a value must not disturb others."""
    ref = backend.locate(key)
    backend.write(ref, Secret(OURS), token="t1")
    if Capability.METADATA in backend.capabilities:
        backend.describe(ref, About(description="of the shop", expires_at="2099-01-31T00:00:00Z"))


def reads(backend: Backend, key: str = "THEIRS") -> str:
    """What envguard reads of what others wrote."""
    ref = backend.locate(key)
    return backend.read([ref])[ref].reveal()


# Kubernetes: kubectl, and the Python client.


def kubectl(home: KubernetesHome, *words: str, stdin: str = "") -> str:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    config = home.cluster.kubeconfig(home.folder / "kubectl-config")
    done = subprocess.run(
        ["kubectl", "--namespace", home.namespace, *words],
        env={**os.environ, "KUBECONFIG": str(config), "HOME": str(home.folder)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def manifest(name: str, **values: str) -> str:
    """A manifest as people write it."""
    meta = {"name": name, "labels": {"app": "shop"}}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": values}
    )


def test_kubectl_reads_what_we_wrote_and_the_other_way_round(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    homes = KubernetesHome(request, tmp_path), KubernetesEachHome(request, tmp_path)
    apply = ("apply", "--server-side", "--validate=false", "-f", "-")
    # It sends no token without TLS.
    with running(tmp_path) as cluster:
        for home in homes:
            home.cluster, home.namespace = cluster, "shop"
        whole, each = homes
        wrote(whole.open())
        wrote(each.open())
        for name, key in (("app", "OURS"), ("app-ours", "value")):
            shown = kubectl(whole, "get", "secret", name, "-o", f"jsonpath={{.data.{key}}}")
            assert base64.b64decode(shown).decode() == OURS
        kubectl(whole, *apply, stdin=manifest("app", THEIRS=THEIRS))
        kubectl(whole, *apply, stdin=manifest("app-theirs", value=THEIRS))
        assert reads(whole.open()) == reads(each.open()) == THEIRS
        assert reads(whole.open(), "OURS") == OURS
        kubectl(whole, "delete", "secret", "app")
        assert whole.open().read([whole.open().locate("OURS")]) == {}


def test_the_python_client_of_kubernetes_reads_and_writes_the_same(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    pytest.importorskip("kubernetes", reason="the package kubernetes is not installed")
    import kubernetes.client
    import kubernetes.config

    home = KubernetesHome(request, tmp_path)
    wrote(home.open())
    config = home.cluster.kubeconfig(tmp_path / "client-config")
    api = kubernetes.client.CoreV1Api(kubernetes.config.new_client_from_config(str(config)))
    found = api.read_namespaced_secret("app", home.namespace)
    assert base64.b64decode(found.data["OURS"]).decode() == OURS
    found.data["THEIRS"] = base64.b64encode(THEIRS.encode()).decode()
    api.replace_namespaced_secret("app", home.namespace, found)
    assert reads(home.open()) == THEIRS
    assert home.open().delete(home.open().locate("OURS")) is True
    assert list(api.read_namespaced_secret("app", home.namespace).data) == ["THEIRS"]


def test_what_we_write_is_a_valid_manifest(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    validate = pytest.importorskip(
        "kubernetes_validate", reason="the package kubernetes-validate is not installed"
    )
    home = KubernetesHome(request, tmp_path)
    wrote(home.open())
    found = home.cluster.secrets.get(home.namespace, "app")
    version = validate.latest_version()
    validate.validate(found, version, strict=True)
    with pytest.raises(validate.ValidationError):
        validate.validate({**found, "colour": "red"}, version, strict=True)


# AWS: boto3, and secretspec.


def boto(endpoint: str, service: str) -> object:
    boto3 = pytest.importorskip("boto3", reason="the package boto3 is not installed")
    return boto3.session.Session("AKIAOFBOTO3", "of-the-tests").client(
        service, region_name=REGION, endpoint_url=endpoint
    )


def test_boto3_reads_our_json_secret_and_we_read_its(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home = AwsHome(request, tmp_path)
    client = boto(home.endpoint, "secretsmanager")
    wrote(home.open())
    fields = json.loads(client.get_secret_value(SecretId=home.prefix)["SecretString"])
    assert fields["OURS"] == OURS
    text = json.dumps({**fields, "THEIRS": THEIRS})
    client.put_secret_value(SecretId=home.prefix, SecretString=text)
    assert reads(home.open()) == THEIRS
    assert reads(home.open(), "OURS") == OURS


def test_boto3_reads_our_single_secrets_and_we_read_its_texts_and_bytes(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home = AwsEachHome(request, tmp_path)
    client = boto(home.endpoint, "secretsmanager")
    wrote(home.open())
    assert client.get_secret_value(SecretId=f"{home.prefix}/OURS")["SecretString"] == OURS
    client.create_secret(Name=f"{home.prefix}/THEIRS", SecretString=THEIRS)
    assert reads(home.open()) == THEIRS
    # As External Secrets' PushSecret writes them.
    client.create_secret(Name=f"{home.prefix}/BYTES", SecretBinary=THEIRS.encode())
    assert reads(home.open(), "BYTES") == THEIRS


def test_boto3_reads_our_parameters_and_we_read_its(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home = SsmHome(request, tmp_path)
    client = boto(home.endpoint, "ssm")
    wrote(home.open())
    found = client.get_parameter(Name=f"/{home.prefix}/OURS", WithDecryption=True)["Parameter"]
    assert (found["Value"], found["Type"]) == (OURS, "SecureString")
    client.put_parameter(Name=f"/{home.prefix}/THEIRS", Value=THEIRS, Type="SecureString")
    assert reads(home.open()) == THEIRS


def secretspec(folder: Path, environ: Mapping[str, str], provider: str, project: str) -> str:
    """What secretspec reads as OURS, in a process of its own."""
    pytest.importorskip("secretspec", reason="the package secretspec is not installed")
    (folder / "secretspec.toml").write_text(
        f'[project]\nname = "{project}"\nrevision = "1.0"\n'
        '[profiles.default]\nOURS = { description = "ours", required = true }\n'
    )
    ask = (
        "import sys; from secretspec import SecretSpec\n"
        "asked = SecretSpec.builder().with_path('secretspec.toml').with_provider(sys.argv[1])\n"
        "found = asked.with_profile('default').with_reason('test').load()\n"
        "sys.stdout.buffer.write(found.secrets['OURS'].get.encode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask, provider],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def settings(folder: Path) -> Settings:
    return Settings(Folders(folder / "c", folder / "d", folder / "e"), None, None, {})


@pytest.mark.parametrize(
    ("scheme", "provider", "opens"),
    [("aws", "awssm", open_aws), ("aws-ssm", "awsps", open_aws_ssm)],
)
def test_secretspec_reads_what_we_wrote_to_aws(
    request: pytest.FixtureRequest, tmp_path: Path, scheme: str, provider: str, opens: object
) -> None:
    home = AwsEachHome(request, tmp_path)
    home.open_url = opens
    home.url = f"{scheme}://{{}}/secretspec/{{}}/default?layout=each"
    wrote(home.open())
    environ = {**home.caller.environ(), "AWS_REGION": REGION}
    assert secretspec(tmp_path, environ, f"{provider}://{REGION}", home.prefix) == OURS


# Google: its own client, by REST.


@pytest.mark.parametrize("kind", [GoogleHome, GoogleJsonHome])
def test_googles_client_reads_what_we_wrote_and_the_other_way_round(
    request: pytest.FixtureRequest, tmp_path: Path, kind: type[GoogleHome]
) -> None:
    library = pytest.importorskip(
        "google.cloud.secretmanager", reason="google-cloud-secret-manager is not installed"
    )
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
        SecretManagerServiceRestTransport,
    )
    from google.oauth2.credentials import Credentials

    home = kind(request, tmp_path)
    client = library.SecretManagerServiceClient(
        transport=SecretManagerServiceRestTransport(
            host=home.endpoint.partition("://")[2],
            url_scheme="http",
            credentials=Credentials(token=TOKEN),
        )
    )
    wrote(home.open())
    parent = f"projects/{PROJECT}"
    if kind is GoogleJsonHome:
        name = f"{parent}/secrets/{home.prefix}"
        answer = client.access_secret_version(name=f"{name}/versions/latest")
        fields = json.loads(answer.payload.data)
        assert fields["OURS"] == OURS
        payload = json.dumps({**fields, "THEIRS": THEIRS}).encode()
    else:
        ours = f"{parent}/secrets/{home.prefix}-OURS/versions/latest"
        assert client.access_secret_version(name=ours).payload.data.decode() == OURS
        secret = {"replication": {"automatic": {}}}
        made = client.create_secret(parent=parent, secret_id=f"{home.prefix}-THEIRS", secret=secret)
        name, payload = made.name, THEIRS.encode()
    client.add_secret_version(parent=name, payload={"data": payload})
    assert reads(home.open()) == THEIRS


# Azure: its own client.


@pytest.mark.parametrize("kind", [AzureHome, AzureJsonHome])
def test_azures_client_reads_what_we_wrote_and_the_other_way_round(
    request: pytest.FixtureRequest, tmp_path: Path, kind: type[AzureHome]
) -> None:
    library = pytest.importorskip(
        "azure.keyvault.secrets", reason="azure-keyvault-secrets is not installed"
    )
    from azure.core.credentials import AccessToken

    class OwnToken:
        """The token of ada."""

        def get_token(self, *scopes: str, **_options: object) -> AccessToken:
            return AccessToken(TOKENS[CLIENT], 1 << 40)

    # Its client sends no token without TLS.
    with azure(tmp_path, tls=True) as vault:
        home = kind(request, tmp_path)
        home.azure, home.endpoint = vault, vault.server.url
        client = library.SecretClient(
            home.endpoint,
            OwnToken(),
            verify_challenge_resource=False,
            connection_verify=str(vault.server.authority),
        )
        wrote(home.open())
        if kind is AzureJsonHome:
            fields = json.loads(client.get_secret(home.prefix).value)
            assert fields["OURS"] == OURS
            client.set_secret(home.prefix, json.dumps({**fields, "THEIRS": THEIRS}))
        else:
            assert client.get_secret(f"{home.prefix}-OURS").value == OURS
            client.set_secret(f"{home.prefix}-THEIRS", THEIRS)
        assert reads(home.open()) == THEIRS


# Vault: hvac, and secretspec.


@pytest.mark.parametrize("kind", [VaultHome, VaultEachHome])
def test_hvac_reads_what_we_wrote_and_the_other_way_round(
    request: pytest.FixtureRequest, tmp_path: Path, kind: type[VaultHome]
) -> None:
    hvac = pytest.importorskip("hvac", reason="the package hvac is not installed")
    home = kind(request, tmp_path)
    kv = hvac.Client(url=home.endpoint, token=home.vault.root).secrets.kv.v2
    wrote(home.open())

    def read(path: str) -> dict[str, str]:
        found = kv.read_secret_version(
            path=path, mount_point="secret", raise_on_deleted_version=True
        )
        return found["data"]["data"]

    whole = f"test/{home.path}"
    if kind is VaultHome:
        assert read(whole) == {"OURS": OURS}
        both = {"OURS": OURS, "THEIRS": THEIRS}
        kv.create_or_update_secret(path=whole, secret=both, mount_point="secret")
        assert reads(home.open(), "OURS") == OURS
    else:
        assert read(f"{whole}/OURS") == {"value": OURS}
        kv.create_or_update_secret(
            path=f"{whole}/THEIRS", secret={"value": THEIRS}, mount_point="secret"
        )
    assert reads(home.open()) == THEIRS


def test_secretspec_reads_what_we_wrote_to_vault(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home = VaultEachHome(request, tmp_path)
    home.url = "vault://{}/secretspec/{}/default?layout=each&kv=2"
    wrote(home.open())
    host = home.endpoint.partition("://")[2]
    environ = {"VAULT_ADDR": home.endpoint, "VAULT_TOKEN": home.vault.root}
    assert secretspec(tmp_path, environ, f"vault://{host}/secret?tls=false", home.path) == OURS
