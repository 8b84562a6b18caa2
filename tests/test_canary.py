"""No command shows or writes a value: known ones are planted, and looked for in every form.

Every command of the command line must have a scenario here; each is carried out in each of its
formats, quiet and with --verbose, and again with faults put into it.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple, NoReturn
from urllib.parse import quote

import pytest

from envguard.cli.main import call
from envguard.core.secret import Secret
from envguard.store.keys import RootKey
from tests.cli.commands import COMMANDS, choices
from tests.conftest import Repository
from tests.detection.samples import ALNUM, expand, letters, seeded

TOKEN = expand("{github:ghp_}", 7).decode()
PASSWORD = letters(seeded("password"), ALNUM, 20) + "!1%"
URL_PASSWORD = letters(seeded("url"), ALNUM, 22)
KEY_LINES = [letters(seeded(f"key {n}"), ALNUM + "+/", 64) for n in range(6)]
KIND = "RSA PRIVATE " + "KEY"
KEY = "\n".join([f"-----BEGIN {KIND}-----", *KEY_LINES, f"-----END {KIND}-----"])
OWN_KEY = RootKey(seeded("own").randbytes(32)).text().reveal()

AGE = ("--backend", "age:secrets.age")
# A public key, whose private key nobody has kept.
AGE_RECIPIENT = "age1c3r0rw9ndwrthq3ra3u56z2uluttzf4fagsfrtn6vegc2hfy958q6pqt4y"

VALUES: Mapping[str, Sequence[str]] = {
    "token": [TOKEN],
    "password": [PASSWORD],
    "URL password": [URL_PASSWORD],
    "key": KEY_LINES,
    "envguard's own key": [OWN_KEY],
}
WINDOW = 12  # characters; a preview shows four and two

ENV = f"""\
# The settings of the shop; TOKEN was {TOKEN} before
#OLD_PASSWORD={PASSWORD}
DEBUG=true
TOKEN={TOKEN}
DATABASE_PASSWORD='{PASSWORD}' # is {PASSWORD}
DATABASE_URL=postgres://ada:{URL_PASSWORD}@db.example/shop
SSH_KEY="{KEY}"
"""
REFERENCES = """\
DEBUG=true
TOKEN=secret:TOKEN
DATABASE_PASSWORD=secret:DATABASE_PASSWORD
URL=secret:DATABASE_URL
SSH_KEY=secret:SSH_KEY
"""


def forms(text: str) -> Iterator[tuple[str, bytes]]:
    """A text in every form in which it could leak, each with its name."""
    raw = text.encode()
    for begin in range(len(text) - WINDOW + 1):
        yield "raw", text[begin : begin + WINDOW].encode()
    for offset in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            # What does not depend on the bytes before and after.
            whole = encode(b"\0" * offset + raw)
            first = (offset * 8 + 5) // 6
            last = (offset + len(raw)) * 8 // 6
            yield f"{name} at offset {offset}", whole[first:last]
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "URL-encoded", quote(text, safe="").encode()
    yield "percent", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "percent", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "reversed", raw[::-1]


FORMS = [
    (value, form, needle)
    for value, parts in VALUES.items()
    for part in parts
    for form, needle in forms(part)
]


def leaks(content: bytes) -> set[tuple[str, str]]:
    """The planted values in a content, each with the form that it has there."""
    return {(value, form) for value, form, needle in FORMS if needle in content}


class Call(NamedTuple):
    """One call of a command: what stands behind its name, what is done before it, and the exit
    code that it ends with (None: a program is started)."""

    arguments: Sequence[str] = ()
    code: int | None = 0
    stdin: str = ""
    before: Callable[[World], None] = lambda _world: None
    environ: Mapping[str, str] = {}


class World:
    """A project with values in it, and a home; `reset` makes them as they were."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "world"
        self.template = folder / "template"
        self.home = self.folder / "home"
        self.temporary = self.folder / "tmp"
        self.repository = Repository(self.folder / "shop")
        self.root = self.repository.root
        self.home.mkdir()
        self.temporary.mkdir()

    def plant(self) -> None:
        """Fills the project, and the store with the same values."""
        leak = f'TOKEN = "{TOKEN}"\nKEY = """{KEY}"""\npassword = "{PASSWORD}"\n'
        self.repository.commit({"README.md": "The shop\n"})
        marked = f'T = "{TOKEN}"  # envguard:allow\n'
        self.repository.commit({"deploy.py": leak, "marked.py": marked}, f"deploy with {TOKEN}")
        self.repository.commit({"deploy.py": "import os\n", ".gitignore": ".env\n"})
        self.repository.git(
            "remote", "add", "origin", f"https://ada:{URL_PASSWORD}@git.example/shop.git"
        )
        for arguments in (["init", "--yes"], ["secrets", "import", ".env"]):
            if arguments[0] == "secrets":
                self.repository.write(".env", ENV)
            code, out, err = self.call(Call(arguments))
            assert code == 0, (out, err)
        # The hook is left out of the commit.
        self.repository.git("-c", "core.hooksPath=/dev/null", "add", "--all")
        self.repository.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "setup")
        self.repository.write("config.py", leak)
        self.repository.write("staged.py", marked)
        self.repository.git("add", "config.py", "staged.py")
        for file in (".env", "app.ini"):
            self.repository.write(file, ENV)
        self.repository.write("references.env", REFERENCES)
        self.repository.write("template", '"{{secrets.TOKEN}}"\n')
        assert self.call(Call(["scan"]))[0] == 1  # fills the cache
        shutil.copytree(self.folder, self.template, symlinks=True)

    def reset(self) -> None:
        shutil.rmtree(self.folder)
        shutil.copytree(self.template, self.folder, symlinks=True)

    def call(self, step: Call) -> tuple[int | None, bytes, bytes]:
        """Exit code (None: a program was started), standard output and standard error."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            patch.setenv("HOME", str(self.home))
            patch.setenv("TMPDIR", str(self.temporary))
            patch.setattr(tempfile, "tempdir", None)
            for name, value in step.environ.items():
                patch.setenv(name, value)
            stdin = io.TextIOWrapper(io.BytesIO(step.stdin.encode()), encoding="utf-8")
            patch.setattr(sys, "stdin", stdin)
            patch.setattr(os, "execve", self.execve)
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    code: int | None = call(step.arguments)
                except Started:
                    code = None
                sys.stdout.flush()
                sys.stderr.flush()
        return code, out.buffer.getvalue(), err.buffer.getvalue()

    def execve(self, _path: str, _arguments: Sequence[str], _environ: object) -> NoReturn:
        raise Started

    def written(self) -> Iterator[tuple[str, set[tuple[str, str]]]]:
        """Each file that is not as it was, with the values that it holds and did not hold."""
        for file in self.folder.rglob("*"):
            if file.is_symlink() or not file.is_file():
                continue
            name = file.relative_to(self.folder)
            content = file.read_bytes()
            old = self.template / name
            before = old.read_bytes() if old.is_file() else b""
            if content != before:
                known = {value for value, _ in leaks(before)}
                yield str(name), {leak for leak in leaks(content) if leak[0] not in known}


class Started(BaseException):
    """A program would have taken our place."""


def unconfigured(world: World) -> None:
    (world.root / "envguard.toml").unlink()


def untrusted(world: World) -> None:
    (world.home / ".config" / "envguard" / "trust.json").unlink()


def broken_env(world: World) -> None:
    (world.root / ".env").write_text(f"{ENV}PASSWORD {PASSWORD}\n'{TOKEN}\n")


def no_text(world: World) -> None:
    (world.root / ".env").write_bytes(ENV.encode() + b"\xff\n")


def damaged_store(world: World) -> None:
    store = world.home / ".local" / "share" / "envguard" / "store.db"
    content = bytearray(store.read_bytes())
    for at in range(4096, len(content), 7):
        content[at] ^= 1
    store.write_bytes(content)
    for file in store.parent.glob("store.db-*"):
        file.unlink()


def migrated(world: World) -> None:
    code, _, err = world.call(Call(["migrate", ".env", "--to", "local:", "--yes"]))
    assert code in (0, 1), err


def emptied(world: World) -> None:
    for name in ("TOKEN", "DATABASE_PASSWORD", "DATABASE_URL", "SSH_KEY"):
        assert world.call(Call(["secrets", "delete", name, "--yes"]))[0] == 0


def in_age(world: World) -> None:
    """The values are in a file for age, too; its key is a value as well."""
    for arguments in (["secrets", "key", "new"], ["secrets", "import", ".env"]):
        code, _, err = world.call(Call([*arguments, *AGE]))
        assert code == 0, err


def shared_age(world: World) -> None:
    in_age(world)
    assert world.call(Call(["secrets", "recipients", "add", *AGE, AGE_RECIPIENT, "ada"]))[0] == 0


def changed_age(world: World) -> None:
    """Each value stands under another name."""
    in_age(world)
    file = world.root / "secrets.age"
    lines = file.read_text().splitlines()
    entries = [line.partition("=") for line in lines if "=" in line]
    moved = [
        f"{name}={other[2]}"
        for (name, _, _), other in zip(entries, [*entries[1:], entries[0]], strict=True)
    ]
    file.write_text("\n".join([line for line in lines if "=" not in line] + moved) + "\n")


def env_staged(world: World) -> None:
    world.repository.git("add", "--force", ".env")


def too_long(world: World) -> None:
    (world.root / ".env").write_text(f"TOKEN={TOKEN * 10_000}\n")


def coded_names(world: World) -> None:
    (world.root / "coded.env").write_text("A$(id)=secret:TOKEN\nTOKEN=secret:TOKEN\n")


def exampled(world: World) -> None:
    (world.root / ".env.example").write_text("TOKEN=\nGONE=1\n")


NO_KEY = {"ENVGUARD_KEY": PASSWORD}
OTHER_KEY = {"ENVGUARD_KEY": OWN_KEY}
RANGE = {"PRE_COMMIT_FROM_REF": "HEAD~3", "PRE_COMMIT_TO_REF": "HEAD"}

SCENARIOS: Mapping[str, Sequence[Call]] = {
    "init": [
        Call(["--yes"]),
        Call(["--yes"], before=unconfigured),
        Call(["--yes"], 2, before=broken_env),
        Call(code=2),
    ],
    "scan": [
        Call(code=1),
        Call([".env", "app.ini", "deploy.py"], 1),
        Call(["--ignored", "--min-confidence", "low"], 1),
        Call(["--staged"], 1),
        Call(["--history", "--min-confidence", "low"], 1),
        Call(["--range", "HEAD~3..HEAD"], 1),
        Call(["--since", "HEAD~3"], 1),
        Call(["--stdin"], 1, ENV),
        Call(["--output", "report"], 1),
        Call(["--history", "--no-cache"], 1),
        Call(["--known"], 1),
        Call(["--known", "--trust", "--history"], 1),
        Call(["--known", "--staged"], 1),
        Call(["--known"], 3, before=untrusted),
        Call(["--known"], 4, before=damaged_store),
        Call(["--known"], 4, environ=OTHER_KEY),
        Call(["--known"], 2, before=broken_env),
        Call(["--explain", "FINGERPRINT"]),
        Call(["--known", "--explain", "FINGERPRINT"]),
        Call(["--explain", "0" * 32], 5),
        Call(["--explain", TOKEN], 2),
        Call([f"gone/{'x' * 300}"], 2),
        Call(code=1, before=no_text),
    ],
    "migrate": [
        Call([".env", "--to", "local:", "--plan"]),
        Call([".env", "--to", "local:", "--plan", "--format", "json"]),
        # What moved still stands in the index.
        Call([".env", "--to", "local:", "--yes", "--checklist", "todo"], 1),
        Call(["app.ini", "--to", "local:", "--all", "--yes"], 1),
        Call([".env", "--to", "local:", "--yes"], 1, before=emptied),
        Call(["--from", "local:///none/store.db", "--to", "local:", "--yes"], 2),
        Call([".env", "--to", "local:"], 2),
        Call([".env", "--to", "local:", "--yes"], 2, before=broken_env),
        Call([".env", "--to", "local:", "--yes"], 2, before=no_text),
        Call([".env", "--to", "local:", "--yes"], 3, before=untrusted),
        Call([".env", "--to", "local:", "--yes"], 4, before=damaged_store),
        Call([".env", "--to", "local:", "--yes"], 4, environ=OTHER_KEY),
        Call([".env", "--to", "vault://x/y", "--yes"], 3),
        Call(["list"], before=migrated),
        Call(["resume"], 5),
        Call(["resume", "MIGRATION"], before=migrated),
        Call(["rollback", "MIGRATION"], before=migrated),
        Call(["rollback", "gone"], 5),
        Call(["forget", "MIGRATION", "--yes"], before=migrated),
        Call(["forget", "gone", "--yes"], 5),
    ],
    "example": [
        Call(),
        Call(["app.ini"]),
        Call(["--check"], 1),
        Call(["--check"], 1, before=exampled),
        Call(code=2, before=broken_env),
        Call(code=2, before=no_text),
    ],
    "run": [
        Call(["--", "true"], None),
        Call(["--env-file", "references.env", "--trust", "--", "true"], None),
        Call(["--env-file", "references.env", "--", "gone"], 127),
        Call(["--env-file", "references.env", "--", "true"], 125, before=untrusted),
        Call(["--env-file", "references.env", "--", "true"], 125, before=damaged_store),
        Call(["--env-file", "references.env", "--", "true"], 125, environ=OTHER_KEY),
        Call(["--", "true"], 125, before=broken_env),
        Call(["--", "true"], 125, before=no_text),
        Call(["--", "true"], 125, before=too_long),
        Call(["--env-file", "gone", "--", "true"], 125),
        Call(["--only", "GONE", "--", "true"], 125),
        Call(["--explain"]),
        Call(["--env-file", "references.env", "--explain"]),
    ],
    "export": [
        Call(["--only", "DEBUG"]),
        Call(["--only", "DEBUG", "--output", "out"]),
        Call(["--env-file", "references.env"], 3, before=untrusted),
        Call(["--env-file", "references.env"], 4, before=damaged_store),
        Call(["--env-file", "references.env"], 4, environ=OTHER_KEY),
        Call(["--env-file", "references.env"], 5, before=emptied),
        Call(["--env-file", "coded.env"], 2, before=coded_names),
        Call(code=2, before=broken_env),
        Call(code=2, before=no_text),
        Call(["--only", "GONE"], 2),
    ],
    "inject": [
        Call(["README.md"]),
        Call(["README.md", "--output", "out"]),
        Call(["template"], 3, before=untrusted),
        Call(["template"], 4, before=damaged_store),
        Call(["template"], 4, environ=OTHER_KEY),
        Call(["template"], 5, before=emptied),
        Call(["gone"], 2),
        Call(code=2),
    ],
    "trust": [Call(["--yes"]), Call(code=3), Call(["--yes"], 2, before=no_text), Call(["gone"], 2)],
    "untrust": [Call(), Call(code=3, before=untrusted)],
    "secrets set": [
        Call(["NEW", PASSWORD]),
        Call(["NEW"], 0, KEY),
        Call(["TOKEN", PASSWORD]),
        Call(["two words", PASSWORD], 2),
        Call(["NEW", PASSWORD, TOKEN], 2),
        Call(["NEW", f"--value={PASSWORD}"], 2),
        Call(["NEW", PASSWORD, "--store", "own.db"]),
        Call(["NEW", PASSWORD], 3, before=untrusted),
        Call(["NEW", PASSWORD], 4, environ=OTHER_KEY),
    ],
    "secrets get": [
        Call(["TOKEN"]),
        Call(["SSH_KEY"]),
        Call(["DATABASE_URL"]),
        Call(["TOKEN#field"], 4),
        Call(["TOKEN@9"], 5),
        Call(["GONE"], 5),
        Call(["--reveal", "GONE"], 5),
        Call(["TOKEN"], 4, before=damaged_store),
        Call(["TOKEN"], 4, environ=OTHER_KEY),
        Call(["TOKEN"], 4, environ=NO_KEY),
        Call([*AGE, "TOKEN"], before=in_age),
        Call([*AGE, "TOKEN"], 4, before=changed_age),
        Call([*AGE, "TOKEN"], 5),
    ],
    "secrets list": [Call(), Call(code=4, before=damaged_store), Call(code=4, environ=OTHER_KEY)],
    "secrets exists": [Call(["TOKEN"]), Call(["GONE"], 5)],
    "secrets delete": [Call(["TOKEN", "--yes"]), Call(["TOKEN"], 2), Call(["GONE", "--yes"], 5)],
    "secrets import": [
        Call([".env"]),
        Call(["references.env"]),
        Call([".env", "--store", "own.db"]),
        Call(["--prefix", "SECRET_"], environ={"SECRET_ONE": PASSWORD, "SECRET_TWO": KEY}),
        Call([".env"], 2, before=broken_env),
        Call([".env"], 2, before=no_text),
    ],
    "secrets recipients list": [
        Call(AGE, before=in_age),
        Call(AGE, 5),
        Call(code=2),
    ],
    "secrets recipients add": [
        Call([*AGE, AGE_RECIPIENT, "ada"], before=in_age),
        Call([*AGE, AGE_RECIPIENT], 4, before=changed_age),
        Call([*AGE, PASSWORD], 2),
        Call([AGE_RECIPIENT], 2),
    ],
    "secrets recipients remove": [
        Call([*AGE, "ada", "--yes"], before=shared_age),
        Call([*AGE, "nobody", "--yes"], 5, before=in_age),
        Call([*AGE, "ada"], 2, before=shared_age),
    ],
    "hook install": [Call()],
    "hook uninstall": [Call()],
    "hook run": [
        Call(code=1),
        Call(["--env"], 1, before=env_staged),
        Call(code=1, environ=RANGE),
        Call(["--env"], environ=RANGE),
    ],
    "rules list": [Call()],
    "rules show": [Call(["github-token"]), Call(["gone"], 5)],
    "rules test": [Call(), Call(["config.py"], 3), Call(["gone.toml"], 2)],
    "rules explain": [
        *(Call([f"config.py:{line}"]) for line in (1, 3, 10)),
        Call([".env:4", "--min-confidence", "low"]),
        Call(["config.py:999"], 2),
        Call([TOKEN], 2),
    ],
    "cache clear": [Call()],
}


def ways(name: str) -> Iterator[tuple[str, ...]]:
    """Options that every call of a command is tried with."""
    yield ()
    for chosen in choices(name, "--format"):
        yield ("--format", chosen, "--verbose")


def failing_reveal(after: int) -> Callable[[Secret], str]:
    """Opens this many secrets, then fails with the value in its mouth."""
    count = 0
    reveal = Secret.reveal

    def fail(secret: Secret) -> str:
        nonlocal count
        count += 1
        value = reveal(secret)
        if count > after:
            raise RuntimeError(f"cannot use {value!r}", value, secret) from ValueError(value)
        return value

    return fail


def failing_system(*arguments: object) -> NoReturn:
    raise OSError(28, "No space left on device") from ValueError(TOKEN, arguments)


@contextmanager
def fault(name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        match name:
            case "reveal at once" | "reveal later":
                after = 0 if name == "reveal at once" else 3
                patch.setattr(Secret, "reveal", failing_reveal(after))
            case "disk":
                patch.setattr(os, "replace", failing_system)
            case _:
                assert name == "none"
        yield


FAULTS = ("none", "reveal at once", "reveal later", "disk")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "ENVGUARD_", "XDG_", "PRE_COMMIT")):
                patch.delenv(name)
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ada")
            patch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        world = World(tmp_path_factory.mktemp("canary"))
        world.plant()
        yield world


def migration(world: World) -> str:
    """The id of the migration that a scenario made."""
    code, out, err = world.call(Call(["migrate", "list", "--format", "json"]))
    assert code == 0, err
    return str(json.loads(out)["migrations"][-1]["id"])


def fingerprint(world: World) -> str:
    """The name of the first finding in the files."""
    code, out, err = world.call(Call(["scan", "--format", "json"]))
    assert code == 1, err
    return str(json.loads(out)["findings"][0]["fingerprint"])


def check(world: World, name: str, step: Call, way: Sequence[str], kind: str) -> int | None:
    """Carries a call out in a fresh world and looks for the values; returns the exit code."""
    world.reset()
    step.before(world)
    given = {"MIGRATION": migration, "FINGERPRINT": fingerprint}
    arguments = [given[a](world) if a in given else a for a in step.arguments]
    # Options of ours go before the words: what follows `run --` is the child's.
    full = step._replace(arguments=[*name.split(), *way, *arguments])
    with fault(kind):
        code, out, err = world.call(full)
    about = (name, step.arguments, way, kind)
    assert leaks(out) == set(), (about, "standard output")
    assert leaks(err) == set(), (about, "standard error")
    for file, found in world.written():
        assert found == set(), (about, file)
    assert b"Traceback" not in err, about
    return code


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shows_or_writes_a_value(name: str, planted: World) -> None:
    assert name in SCENARIOS, f"write a scenario for {name}"
    for step in SCENARIOS[name]:
        for way in ways(name):
            assert check(planted, name, step, way, "none") == step.code, step.arguments


@pytest.mark.parametrize("kind", FAULTS[1:])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_shows_or_writes_a_value_when_it_fails(
    name: str, kind: str, planted: World
) -> None:
    for step in SCENARIOS[name]:
        check(planted, name, step, ["--verbose"], kind)


def test_the_faults_are_felt(planted: World) -> None:
    cases = [
        ("secrets set", Call(["NEW", PASSWORD]), "reveal at once", 70),
        ("scan", Call(), "reveal at once", 70),
        ("migrate", Call([".env", "--to", "local:", "--yes"]), "reveal later", 70),
        ("run", Call(["--", "true"]), "reveal at once", 125),
    ]
    for name, step, kind, code in cases:
        assert check(planted, name, step, [], kind) == code, name


def test_every_scenario_is_of_a_command() -> None:
    assert set(SCENARIOS) == set(COMMANDS)


def test_a_value_that_is_meant_to_be_seen_is_found(planted: World) -> None:
    """The search works: on what `--reveal` prints, and on a file that has a new value."""
    planted.reset()
    _, out, _ = planted.call(Call(["secrets", "get", "--reveal", "TOKEN"]))
    assert ("token", "raw") in leaks(out)
    (planted.root / "new.txt").write_bytes(PASSWORD.encode().hex().encode())
    assert dict(planted.written()) == {"shop/new.txt": {("password", "hex")}}


@pytest.mark.parametrize("around", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize(
    "encode",
    [
        lambda raw: raw,
        lambda raw: raw[3:17],
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda raw: raw.hex().encode(),
        lambda raw: raw.hex().upper().encode(),
        lambda raw: quote(raw, safe="").encode(),
        lambda raw: json.dumps(raw.decode()).encode(),
        lambda raw: raw[::-1],
    ],
)
def test_the_search_knows_every_form(around: str, encode: Callable[[bytes], bytes]) -> None:
    for value, parts in VALUES.items():
        for part in parts:
            text = f"{around}{part}{around}" if around else part
            assert any(found == value for found, _ in leaks(encode(text.encode()))), value
    assert leaks(encode(b"nothing of all that stands in here, and it is long enough")) == set()
