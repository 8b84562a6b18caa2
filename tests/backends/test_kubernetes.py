"""What is special about Secrets of Kubernetes; what every backend does is in tests/contract."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from envguard.backends.k8s.record import ANNOTATION
from envguard.backends.kubernetes import KubernetesBackend, open_kubernetes
from envguard.core.backend import About
from envguard.core.config import Folders, Settings
from envguard.core.errors import (
    BackendError,
    ConfigError,
    EnvguardError,
    ExpiredError,
    NameNotAllowed,
    UsageError,
)
from envguard.core.naming import Naming
from envguard.core.reference import Reference
from envguard.core.secret import Secret
from tests.servers.kubernetes import Cluster, Rule, running


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running() as cluster:
        yield cluster


def opened(
    cluster: Cluster, folder: Path, url: str = "k8s://shop/app", naming: Naming | None = None
) -> KubernetesBackend:
    file = cluster.kubeconfig(folder / "kubeconfig")
    folders = Folders(folder / "config", folder / "data", folder / "cache")
    environ = {"HOME": str(folder), "KUBECONFIG": str(file)}
    settings = Settings(folders, None, None, environ)
    return open_kubernetes(url, settings, naming or Naming())


def made(name: str, **values: str) -> dict[str, object]:
    """A manifest of a Secret."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": values,
    }


def data(cluster: Cluster, name: str = "app") -> dict[str, str]:
    """What is in a Secret, decoded."""
    found = cluster.secrets.get("shop", name).get("data", {})
    return {key: base64.b64decode(text).decode() for key, text in found.items()}


def test_one_secret_holds_all_keys_and_is_read_and_written_in_one_call(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path)
    refs = [backend.locate(f"NAME_{number}") for number in range(500)]
    values = {ref: Secret(ref.name) for ref in refs}
    backend.write_all(values, token="t1")
    assert cluster.calls == [
        "GET /api/v1/namespaces/shop/secrets/app",
        "POST /api/v1/namespaces/shop/secrets",
        "PATCH /api/v1/namespaces/shop/secrets/app",
    ]
    cluster.calls.clear()
    assert backend.read(refs) == values
    assert cluster.calls == ["GET /api/v1/namespaces/shop/secrets/app"]


def test_with_each_a_key_is_a_secret_under_the_prefix_and_keeps_its_true_name(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path, "k8s://shop/shop/prod?layout=each")
    backend.write(backend.locate("OPENAI_API_KEY"), Secret("one"), token="t1")
    assert data(cluster, "shop-prod-openai-api-key") == {"value": "one"}
    assert [row.name for row in backend.list()] == ["OPENAI_API_KEY"]
    other = opened(cluster, tmp_path, "k8s://shop/shop?layout=each")
    assert other.list() == []


def test_keys_that_others_keep_in_the_same_secret_stay(cluster: Cluster, tmp_path: Path) -> None:
    cluster.secrets.create("shop", made("app", THEIRS="1", SHARED="1"), "helm")
    backend = opened(cluster, tmp_path)
    theirs, shared, ours = (backend.locate(key) for key in ("THEIRS", "SHARED", "OURS"))
    backend.write(ours, Secret("2"), token="t1")
    backend.write(shared, Secret("1"), token="t1")
    assert data(cluster) == {"THEIRS": "1", "SHARED": "1", "OURS": "2"}
    assert [row.name for row in backend.list()] == ["OURS", "SHARED", "THEIRS"]
    for refused in (
        lambda: backend.write(theirs, Secret("kanarienvogel"), token="t1"),
        lambda: backend.delete(theirs),
    ):
        with pytest.raises(
            BackendError, match=r"THEIRS of the Secret app .*kept by helm"
        ) as caught:
            refused()
        assert "?force=true" in caught.value.hint
    assert backend.delete(ours) is True
    assert data(cluster) == {"THEIRS": "1", "SHARED": "1"}


def test_force_takes_keys_of_others_over(cluster: Cluster, tmp_path: Path) -> None:
    cluster.secrets.create("shop", made("app", ONE="1", TWO="2"), "helm")
    backend = opened(cluster, tmp_path, "k8s://shop/app?force=true")
    one, two = backend.locate("ONE"), backend.locate("TWO")
    backend.write(one, Secret("new"), token="t1")
    assert backend.delete(two) is True
    assert data(cluster) == {"ONE": "new"}
    assert backend.delete(one) is True
    assert data(cluster) == {}


def test_the_field_of_a_reference_is_a_key_of_another_secret(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.secrets.create("shop", made("app-database", password="1", url="2"), "helm")
    names = {"DATABASE_URL": "database#url"}
    backend = opened(cluster, tmp_path, naming=Naming(names=names))
    ref = Reference("secret", "database", "password")
    named = backend.locate("DATABASE_URL")
    assert backend.read([ref, named]) == {ref: Secret("1"), named: Secret("2")}
    assert backend.read([Reference("secret", "database", "none")]) == {}


def test_groups_are_secrets_of_their_own(cluster: Cluster, tmp_path: Path) -> None:
    groups = {"llm": ("*_API_KEY",), "database": ("*",)}
    backend = opened(cluster, tmp_path, naming=Naming(case="lower", groups=groups))
    for key in ("OPENAI_API_KEY", "URL"):
        backend.write(backend.locate(key), Secret(key), token="t1")
    assert data(cluster, "app-llm") == {"openai_api_key": "OPENAI_API_KEY"}
    assert data(cluster, "app-database") == {"url": "URL"}


def test_an_immutable_secret_is_not_written(cluster: Cluster, tmp_path: Path) -> None:
    cluster.secrets.create("shop", {**made("app", ONE="1"), "immutable": True}, "helm")
    backend = opened(cluster, tmp_path)
    with pytest.raises(UsageError, match="the Secret app is immutable"):
        backend.write(backend.locate("TWO"), Secret("2"), token="t1")
    with pytest.raises(UsageError, match="the Secret app is immutable"):
        backend.delete(backend.locate("ONE"))
    assert backend.read([backend.locate("ONE")])


def test_bytes_that_are_no_text_are_an_error_and_not_absent(
    cluster: Cluster, tmp_path: Path
) -> None:
    raw = base64.b64encode(b"\xff\xfe").decode()
    cluster.secrets.create("shop", {**made("app"), "data": {"ONE": raw}}, "helm")
    backend = opened(cluster, tmp_path)
    with pytest.raises(BackendError, match="secret:ONE holds bytes that are no text"):
        backend.read([backend.locate("ONE")])


def test_the_values_of_a_secret_together_have_a_limit_that_is_checked_first(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path)
    half = Secret("x" * (600 << 10))
    backend.write(backend.locate("ONE"), half, token="t1")
    cluster.calls.clear()
    with pytest.raises(UsageError, match="the Secret app would hold 1,228,800 bytes") as caught:
        backend.write(backend.locate("TWO"), half, token="t1")
    assert "?layout=each" in caught.value.hint
    assert not any(call.startswith("PATCH") for call in cluster.calls)


def test_two_keys_of_one_name_are_refused_before_anything_is_written(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path, "k8s://shop/app?layout=each")
    one, two = backend.locate("API_KEY"), backend.locate("api-key")
    with pytest.raises(NameNotAllowed, match="API_KEY and api-key are the same name"):
        backend.write_all({one: Secret("1"), two: Secret("2")}, token="t1")
    assert cluster.calls == []


def test_what_is_said_about_a_key_is_in_an_annotation_for_all_to_read(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path)
    ref = backend.locate("ONE")
    backend.describe(ref, About(description="of the shop"), Secret("kanarienvogel"), token="t1")
    noted = cluster.secrets.get("shop", "app")["metadata"]["annotations"][ANNOTATION]
    assert "of the shop" in noted and "kanarienvogel" not in noted


def test_a_damaged_annotation_is_an_error_that_says_how_to_remove_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    for text in ("{", "[]", '{"ONE": 1}', '{"ONE": {"writes": [1]}}', '{"ONE": {"tags": 1}}'):
        body = made("app", ONE="1")
        cluster.secrets.held.clear()
        cluster.secrets.create(
            "shop", {**body, "metadata": {"name": "app", "annotations": {ANNOTATION: text}}}, "x"
        )
        with pytest.raises(BackendError, match="is damaged") as caught:
            opened(cluster, tmp_path).read([Reference("secret", "ONE")])
        assert f"kubectl annotate --namespace shop secret app {ANNOTATION}-" in caught.value.hint


def test_a_write_that_a_webhook_changes_is_an_error(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cluster.secrets.apply

    def apply(namespace: str, name: str, body: dict, manager: str, *, force: bool) -> dict:
        changed = {**body, "data": dict.fromkeys(body["data"], "eHh4")}
        return real(namespace, name, changed, manager, force=force)

    monkeypatch.setattr(cluster.secrets, "apply", apply)
    backend = opened(cluster, tmp_path)
    with pytest.raises(BackendError, match="kept something else than was written"):
        backend.write(backend.locate("ONE"), Secret("1"), token="t1")


def test_a_denied_call_names_the_user_the_right_and_the_rule_that_gives_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.rules["ada"] = [Rule(("get", "list"), ("app",), "shop")]
    backend = opened(cluster, tmp_path)
    ref = backend.locate("ONE")
    assert backend.read([ref]) == {}
    with pytest.raises(BackendError) as caught:
        backend.write(ref, Secret("1"), token="t1")
    assert caught.value.what == "ada may not create the Secret app in shop"
    assert caught.value.hint == (
        'add to a Role in shop: {apiGroups: [""], resources: [secrets], verbs: [create]}'
    )
    cluster.secrets.create("shop", made("app"), "helm")
    with pytest.raises(BackendError) as caught:
        backend.write(ref, Secret("1"), token="t1")
    assert caught.value.hint == (
        'add to a Role in shop: {apiGroups: [""], resources: [secrets], '
        "resourceNames: [app], verbs: [patch]}"
    )
    rights = {right.name: right.allowed for right in backend.rights()}
    assert rights == {"read": True, "write": False, "list": True, "delete": False}


def test_one_denied_secret_names_the_references_that_need_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.rules["ada"] = []
    backend = opened(cluster, tmp_path)
    refs = [backend.locate(key) for key in ("ONE", "TWO", "THREE")]
    with pytest.raises(BackendError, match=r"^secret:ONE and 2 more: ada may not get the Secret"):
        backend.read(refs)
    with pytest.raises(BackendError, match="may not be read"):
        backend.check()


def test_a_namespace_that_is_not_there_is_told_with_the_command_that_makes_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path, "k8s://none/app")
    with pytest.raises(BackendError, match="there is no namespace none") as caught:
        backend.write(backend.locate("ONE"), Secret("1"), token="t1")
    assert caught.value.hint == "kubectl create namespace none"


def test_the_check_by_a_trial_leaves_nothing(cluster: Cluster, tmp_path: Path) -> None:
    assert all(right.allowed for right in opened(cluster, tmp_path).rights(write=True))
    assert cluster.secrets.list("shop") == []


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("k8s://", "no address"),
        ("k8s://shop", "names no secret"),
        ("k8s://Shop/app", "names no namespace"),
        ("k8s://shop/App", "small letters"),
        ("k8s://shop/app?force=maybe", "force is true or false"),
        ("k8s://shop/app?colour=red", "unknown option colour"),
        ("k8s://shop/app/../other", "no address"),
    ],
)
def test_a_url_that_means_nothing_is_refused(tmp_path: Path, url: str, what: str) -> None:
    folders = Folders(tmp_path, tmp_path, tmp_path)
    with pytest.raises(ConfigError, match=what):
        open_kubernetes(url, Settings(folders, None, None, {}), Naming())


@pytest.mark.parametrize("key", ["ÄPFEL", "a/b", "..", "a" * 254])
def test_keys_that_a_secret_cannot_have_are_refused(
    cluster: Cluster, tmp_path: Path, key: str
) -> None:
    with pytest.raises(EnvguardError):
        opened(cluster, tmp_path).locate(key)


def test_a_key_that_has_expired_is_refused_beside_one_of_its_secret_that_has_not(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path)
    for name in ("A", "B"):
        backend.write(backend.locate(name), Secret("1"), token="t")
    backend.describe(backend.locate("A"), About(expires_at="2001-01-31T00:00:00Z"))
    both = [Reference("secret", "app", name) for name in ("A", "B")]
    for asked in (both, both[::-1]):
        with pytest.raises(ExpiredError):
            opened(cluster, tmp_path, "k8s://shop?layout=each").read(asked)


def test_a_field_of_an_expired_secret_has_expired_too(cluster: Cluster, tmp_path: Path) -> None:
    backend = opened(cluster, tmp_path, "k8s://shop/app?layout=each")
    ref = backend.locate("DATABASE")
    about = About(expires_at="2001-01-31T00:00:00Z")
    backend.describe(ref, about, Secret('{"user": "ada"}'), token="t1")
    with pytest.raises(ExpiredError, match="DATABASE has expired"):
        backend.read([ref._replace(field="user")])
    assert backend.read([ref._replace(field="none")]) == {}


def test_secrets_of_their_own_are_written_and_deleted_at_the_same_time(
    cluster: Cluster, tmp_path: Path
) -> None:
    backend = opened(cluster, tmp_path, "k8s://shop/app?layout=each")
    refs = [backend.locate(f"NAME_{number}") for number in range(40)]
    backend.write_all({ref: Secret(ref.name) for ref in refs}, token="t1")
    assert backend.read(refs) == {ref: Secret(ref.name) for ref in refs}
    backend.delete_all(refs)
    assert cluster.secrets.list("shop") == []


def test_a_right_to_create_is_asked_for_without_a_name(cluster: Cluster, tmp_path: Path) -> None:
    named = Rule(("get", "patch"), ("app",), "shop")
    cluster.rules["ada"] = [named, Rule(("create",), (), "shop")]
    assert all(right.allowed for right in opened(cluster, tmp_path).rights())
    cluster.rules["ada"] = [named, Rule(("create",), ("app",), "shop")]
    rights = {right.name: right for right in opened(cluster, tmp_path).rights()}
    assert rights["write"].allowed is False
    assert "verbs: [create]" in rights["write"].line
