from __future__ import annotations

import base64
import json

import pytest

from envguard.core.errors import UsageError
from envguard.envfile.k8s_secret import parse


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


MANIFEST = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: app
  namespace: prod
data:
  PASSWORD: {encoded("hunter two")}
  BOTH: {encoded("old")}
  PEM: |
    {encoded("line one")}
    {encoded("!")}
stringData:
  BOTH: new
  PORT: "80"
---
kind: Deployment
metadata: {{name: app}}
data:
  NOT: {encoded("mine")}
---
kind: Secret
metadata: {{name: other}}
stringData:
  PASSWORD: x
"""


def test_data_and_string_data_of_every_secret_are_read() -> None:
    document = parse(MANIFEST.replace(f"\n    {encoded('!')}", "").encode(), "s.yaml")
    document.require_clean()
    assert [(e.section, e.key, e.line, e.value and e.value.reveal()) for e in document.entries] == [
        ("prod/app", "PASSWORD", 7, "hunter two"),
        ("prod/app", "PEM", 9, "line one"),
        ("prod/app", "BOTH", 12, "new"),
        ("prod/app", "PORT", 13, "80"),
        ("other", "PASSWORD", 23, "x"),
    ]


def test_the_secrets_in_a_list_are_read() -> None:
    item = {"kind": "Secret", "metadata": {"name": "a"}, "data": {"K": encoded("v")}}
    text = json.dumps({"kind": "List", "items": [item, {"kind": "ConfigMap"}]}, indent="\t")
    (entry,) = parse(text.encode(), "list.json").entries
    assert (entry.section, entry.key, entry.value and entry.value.reveal()) == ("a", "K", "v")


def test_the_manifest_stays_as_it_is() -> None:
    document = parse(MANIFEST.encode(), "s.yaml")
    assert document.replace_all({7: "secret:PASSWORD"}).render() == MANIFEST.encode()
    with pytest.raises(LookupError):
        document.replace_all({1: "secret:PASSWORD"})


@pytest.mark.parametrize("value", ["a", encoded(b"\xff\x00"), "a*b=", "{a: b}", "[]"])
def test_a_value_that_is_no_text_is_named(value: str) -> None:
    document = parse(f"kind: Secret\ndata:\n  K: {value}\n".encode(), "s.yaml")
    with pytest.raises(UsageError, match=r"s\.yaml:3 K is no text in base64"):
        document.require_clean()


def test_string_data_that_is_no_text_is_named() -> None:
    document = parse(b"kind: Secret\nstringData:\n  K: 80\n", "s.yaml")
    with pytest.raises(UsageError, match=r"s.yaml:3 K is no text$"):
        document.require_clean()
