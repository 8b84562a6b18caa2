"""A GNOME keyring in a D-Bus session of its own, without a desktop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PASSWORD = b"the password of the login keyring\n"


def missing() -> str:
    """What this machine lacks for it; empty where nothing."""
    for program, package in (("dbus-daemon", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: {package})"
    for module in ("keyring", "secretstorage"):
        if find_spec(module) is None:
            return f"the Python package {module} is not installed"
    return ""


@contextmanager
def session(folder: Path, *, unlocked: bool) -> Iterator[Mapping[str, str]]:
    """Runs both, with their files in `folder`; the variables by which programs find them. The
    first unlocked session of a folder makes the login keyring. A locked one has nobody to ask."""
    home, runtime = folder / "home", folder / "runtime"
    home.mkdir(exist_ok=True)
    runtime.mkdir(mode=0o700, exist_ok=True)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
    }
    bus = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert bus.stdout is not None
        environ["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().decode().strip()
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
            + (["--unlock"] if unlocked else []),
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert daemon.stdin is not None
            daemon.stdin.write(PASSWORD if unlocked else b"")
            daemon.stdin.close()
            _wait(environ)
            yield environ
        finally:
            daemon.terminate()
            daemon.wait(10)
            assert daemon.stdout is not None
            daemon.stdout.close()
    finally:
        bus.terminate()
        bus.wait(10)
        bus.stdout.close()


def _wait(environ: Mapping[str, str]) -> None:
    """Waits until the service has its name on the bus."""
    ask = (
        "import time; from jeepney import DBusAddress, new_method_call\n"
        "from jeepney.io.blocking import open_dbus_connection\n"
        "bus = open_dbus_connection()\n"
        "own = 'org.freedesktop.DBus'; who = DBusAddress('/org/freedesktop/DBus', own, own)\n"
        "call = lambda: new_method_call(who, 'NameHasOwner', 's', ('org.freedesktop.secrets',))\n"
        "end = time.monotonic() + 10\n"
        "while not bus.send_and_get_reply(call()).body[0]:\n"
        "    assert time.monotonic() < end\n"
        "    time.sleep(0.02)\n"
    )
    subprocess.run([sys.executable, "-c", ask], env=dict(environ), check=True)
