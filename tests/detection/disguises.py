"""Ways in which a credential stands in a file without standing there as it is."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

Codec = Callable[[bytes], bytes]


def percent(text: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in text)


def unicode_escapes(text: bytes) -> bytes:
    return b"".join(b"\\u%04x" % byte for byte in text)


def hex_escapes(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in text)


def in_hex(text: bytes) -> bytes:
    return text.hex().encode()


def in_capital_hex(text: bytes) -> bytes:
    return text.hex().upper().encode()


CODECS: dict[str, Codec] = {
    "base64": base64.b64encode,
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text).rstrip(b"="),
    "hex": in_hex,
    "capital hex": in_capital_hex,
    "percent": percent,
    "unicode escapes": unicode_escapes,
    "hex escapes": hex_escapes,
}


def in_utf16(text: bytes) -> bytes:
    return f"# settings\r\nvalue = {text.decode()}\r\n".encode("utf-16")


def in_utf16_without_mark(text: bytes) -> bytes:
    return in_utf16(text)[2:]


def in_zip(text: bytes, name: str = "config/app.ini") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"[app]\nvalue = " + text + b"\n")
    return target.getvalue()


def in_tar(text: bytes, name: str = "config/app.ini", form: int = tarfile.PAX_FORMAT) -> bytes:
    target = io.BytesIO()
    content = b"[app]\nvalue = " + text + b"\n"
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def in_gzip(text: bytes) -> bytes:
    return gzip.compress(b"[app]\nvalue = " + text + b"\n")


def in_notebook(text: bytes, source: str = 'client = Client("{}")\n') -> bytes:
    lines = source.replace("{}", text.decode()).splitlines(keepends=True)
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": lines}
    return json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}, indent=1).encode()


def in_sqlite(text: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "app.db"
        database = sqlite3.connect(file)
        database.execute("create table settings (name text, value text)")
        database.execute("insert into settings values ('value', ?)", (text.decode(),))
        database.commit()
        database.close()
        return file.read_bytes()


def in_kubernetes_secret(text: bytes) -> bytes:
    return b"apiVersion: v1\nkind: Secret\ndata:\n  value: %s\n" % base64.b64encode(text)


def _parts(text: bytes) -> tuple[bytes, bytes]:
    return text[:18], text[18:]


def plus(text: bytes) -> bytes:
    return b'value = "%s" + "%s"\n' % _parts(text)


def over_lines(text: bytes) -> bytes:
    return b'value = (\n    "%s"\n    "%s"\n)\n' % _parts(text)


def _line(encode: Codec) -> Codec:
    return lambda text: b"first line\nvalue: " + encode(text) + b"\n"


FOURTEEN: dict[str, tuple[str, Codec]] = {
    "plain": ("app.ini", _line(bytes)),
    "base64": ("app.ini", _line(base64.b64encode)),
    "double base64": ("app.ini", _line(lambda t: base64.b64encode(base64.b64encode(t)))),
    "hex": ("app.ini", _line(in_hex)),
    "percent": ("app.ini", _line(percent)),
    "\\uXXXX": ("app.js", _line(unicode_escapes)),
    "UTF-16": ("app.ps1", in_utf16),
    "zip": ("app.zip", in_zip),
    "gzip": ("app.ini.gz", in_gzip),
    "notebook": ("app.ipynb", in_notebook),
    '"a" + "b"': ("app.py", plus),
    "split over lines": ("app.py", over_lines),
    "SQLite": ("app.db", in_sqlite),
    "Kubernetes Secret": ("secret.yaml", in_kubernetes_secret),
}
"""The disguises of one token, each with the name of a file that it is usual in."""

MORE: dict[str, tuple[str, Codec]] = {
    "UTF-16 without a mark": ("app.ps1", in_utf16_without_mark),
    "tar": ("app.tar", in_tar),
    "tar.gz": ("app.tar.gz", lambda text: gzip.compress(in_tar(text))),
    "bzip2": ("app.bz2", bz2.compress),
    "xz": ("app.xz", lzma.compress),
}
