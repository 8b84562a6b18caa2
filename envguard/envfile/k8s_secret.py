"""The values of Kubernetes Secret manifests.

`data` is base64, `stringData` is text and wins where both have a key
(https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/).
A manifest is only read: `kubectl apply` would give a reference to the pods as the value.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from envguard.core.envfile import Entry
from envguard.core.secret import Secret
from envguard.core.text import printable
from envguard.envfile import yaml_text
from envguard.envfile.untouched import UntouchedDocument
from envguard.envfile.yaml_text import Node, Scalar, Sequence, Tree


def is_secret(tree: Tree) -> bool:
    """Whether one of the documents, or an item of a List, is a Secret."""
    return any(True for _ in _secrets(tree))


def parse(content: bytes, path: str) -> UntouchedDocument:
    """The Secrets of a file, with several documents or a List; what else is in it is passed by.
    The section of an entry is `NAMESPACE/NAME`, or `NAME` where no namespace is written.

    Raises UsageError where the bytes are not UTF-8 or no YAML.
    """
    tree = yaml_text.read(yaml_text.decode(content, path), path)
    entries: list[Entry] = []
    problems: list[str] = []
    for secret in _secrets(tree):
        section = _section(secret)
        data = {key.value: (key, value, True) for key, value in _pairs(secret, "data")}
        texts = {key.value: (key, value, False) for key, value in _pairs(secret, "stringData")}
        for key, value, encoded in (data | texts).values():
            line = key.start_mark.line + 1
            text = _text(value, encoded=encoded)
            if text is None:
                what = "is no text in base64" if encoded else "is no text"
                problems.append(f"{printable(path)}:{line} {printable(key.value)} {what}")
            else:
                entries.append(Entry(key.value, Secret(text), line, "", section))
    entries.sort(key=lambda entry: entry.line)
    return UntouchedDocument(path, content, tuple(entries), tuple(problems))


def _secrets(tree: Tree) -> Iterator[Node]:
    for root in tree.documents:
        items = yaml_text.get(root, "items")
        for node in (root, *(items.value if isinstance(items, Sequence) else ())):
            if yaml_text.text_of(yaml_text.get(node, "kind")) == "Secret":
                yield node


def _section(secret: Node) -> str:
    metadata = yaml_text.get(secret, "metadata")
    names = (yaml_text.text_of(yaml_text.get(metadata, key)) for key in ("namespace", "name"))
    return "/".join(filter(None, names))


def _pairs(secret: Node, name: str) -> Iterator[tuple[Scalar, Node]]:
    return yaml_text.pairs(yaml_text.get(secret, name))


def _text(node: Node, *, encoded: bool) -> str | None:
    """The value of one key; None where it is none that a variable can hold."""
    if not isinstance(node, Scalar):
        return None
    if not encoded:
        return node.value if yaml_text.kind(node) == "str" else None
    try:
        # Line breaks are allowed inside, as `base64` writes them.
        return base64.b64decode("".join(node.value.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
