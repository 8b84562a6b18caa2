"""The trust and the certificate of a connection, from texts: no key is written to a disk."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from envguard.core.errors import ConfigError

_STRICT = 0x20
"""ssl.VERIFY_X509_STRICT. On from Python 3.13, and many clusters' own authorities do not pass it:
https://github.com/kubernetes-client/python/issues/2394"""


def context(authority: str, certificate: str, key: str, *, insecure: bool) -> Any:
    """A context for a client; an empty authority means those of the system. Raises ConfigError
    where one of the texts is of no use."""
    from urllib3.util.ssl_ import create_urllib3_context  # noqa: PLC0415 - only where it connects

    made: Any = create_urllib3_context()
    if insecure:
        made.check_hostname = False
        made.verify_mode = 0  # ssl.CERT_NONE
    made.verify_flags &= ~_STRICT
    try:
        part = "certificate-authority"
        if authority:
            made.load_verify_locations(cadata=authority)
        elif not insecure:
            made.load_default_certs()
        part = "client-certificate or client-key"
        if certificate or key:
            with ExitStack() as stack:
                made.load_cert_chain(*(stack.enter_context(_once(t)) for t in (certificate, key)))
        return made
    except (OSError, ValueError):
        pass
    # Raised here, so that it carries no error that could quote a key.
    raise ConfigError(f"the {part} of the kubeconfig is of no use", "kubectl config view")


@contextmanager
def _once(text: str) -> Iterator[str]:
    """A path by which a text can be read once: a pipe, and on Windows, which has no paths to
    those, a file in a folder of its own, which is removed at once."""
    if sys.platform == "win32":
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "client.pem"
            file.write_text(text, encoding="utf-8")
            yield str(file)
        return
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        whole = os.write(writer, text.encode()) == len(text.encode())
        os.close(writer)
        if not whole:
            raise ValueError("longer than a pipe")
        yield f"/dev/fd/{reader}"
    finally:
        os.close(reader)
