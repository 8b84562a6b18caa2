"""Calls of every command: as they are meant, and as they go wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tests.canary.planted import (
    AGE,
    AGE_RECIPIENT,
    ENV,
    KEY,
    OWN_KEY,
    PASSWORD,
    TOKEN,
    URL_PASSWORD,
)
from tests.canary.world import Call, World


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


def backed_up(world: World) -> None:
    made = Call(["secrets", "backup", "made.backup", *PASSPHRASE])
    assert world.call(made)[0] == 0


def replaced(world: World) -> None:
    """TOKEN has a version before the one in force."""
    assert world.call(Call(["secrets", "set", "TOKEN", PASSWORD]))[0] == 0


def exampled(world: World) -> None:
    (world.root / ".env.example").write_text("TOKEN=\nGONE=1\n")


def known(world: World) -> None:
    """Both kinds of baselines are there."""
    for form in ("text", "detect-secrets"):
        made = world.call(Call(["baseline", "create", "--format", form]))
        assert made[0] == 0, made


def reported(world: World) -> None:
    """A report of gitleaks is there, which holds the value."""
    row = {"RuleID": "github-pat", "File": "config.py", "StartLine": 1, "Secret": TOKEN}
    (world.root / "report.json").write_text(json.dumps([row]))
    (world.root / ".gitleaksignore").write_text("config.py:generic-api-key:9\n")


PASSPHRASE = ("--passphrase-file", "../home/passphrase")
TEAM_KEY = "../home/team.key"
NO_KEY = {"ENVGUARD_KEY": PASSWORD}
OTHER_KEY = {"ENVGUARD_KEY": OWN_KEY}
URL = f"https://ada:{URL_PASSWORD}@git.example/shop.git"
CIRCLECI = {"CIRCLECI": "true", "CIRCLE_SHA1": "HEAD"}
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
        Call(["--ci"], 1, environ=CIRCLECI),
        Call(["--ci", "--output", "report"], 1, environ=CIRCLECI),
        Call(["--ci"], 2),
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
    "secrets describe": [
        Call(["TOKEN"]),
        Call(["TOKEN", "--expires-at", "90d", "--tag", "a", "--description", "what pays"]),
        Call(["GONE"], 5),
        Call(["TOKEN", "--expires-at", "soon"], 2),
        Call(["TOKEN"], 4, before=damaged_store),
        Call(["TOKEN"], 4, environ=OTHER_KEY),
    ],
    "secrets history": [
        Call(["TOKEN"], before=replaced),
        Call(["GONE"], 5),
        Call(["TOKEN"], 4, before=damaged_store),
        Call(["TOKEN"], 4, environ=OTHER_KEY),
    ],
    "secrets rollback": [
        Call(["TOKEN"], before=replaced),
        Call(["TOKEN", "1"], before=replaced),
        Call(["TOKEN", "9"], 5),
        Call(["TOKEN", "first"], 5),
        Call(["TOKEN"], 5),
        Call(["TOKEN"], 4, before=damaged_store),
        Call(["TOKEN"], 4, environ=OTHER_KEY),
    ],
    "secrets diff": [
        Call(["local:", "age:secrets.age"], before=in_age),
        Call(["local:", "age:secrets.age"], 4, before=changed_age),
        Call(["local:", "dotenv:references.env"], 1),
        Call(["local:", "dotenv:.env"], 4),
        Call(["local:", "dotenv:.env"], 4, before=broken_env),
        Call(["local:", "gone.db"], 3),
        Call(["local:", "dotenv:.env"], 4, environ=OTHER_KEY),
    ],
    "secrets backup": [
        Call(["made.backup", *PASSPHRASE]),
        Call(["made.backup", "--recipient", AGE_RECIPIENT]),
        Call(["made.backup", "--recipient", PASSWORD], 2),
        Call(["made.backup"], 2),
        Call(["made.backup", *PASSPHRASE], before=backed_up),
        Call([".env", *PASSPHRASE], 2),
        Call(["other.backup", *PASSPHRASE], 4, before=damaged_store),
    ],
    "secrets restore": [
        Call(["made.backup", *PASSPHRASE, "--yes"], before=backed_up),
        Call(["made.backup", "--passphrase-file", "README.md", "--yes"], 4, before=backed_up),
        Call([".env", *PASSPHRASE, "--yes"], 4),
        Call(["gone", *PASSPHRASE, "--yes"], 4),
    ],
    "secrets rotate-key": [
        Call(["--yes"]),
        Call(["--home", "passphrase", *PASSPHRASE, "--yes"]),
        Call(["--yes"], 4, before=damaged_store),
        Call(["--yes"], 4, environ=OTHER_KEY),
    ],
    "secrets key new": [
        Call(["--store", "own.db"]),
        Call(["--store", "own.db", "--home", "passphrase", *PASSPHRASE]),
        Call(AGE),
        Call(AGE, 2, before=in_age),
        Call(code=2),
    ],
    "secrets key export": [
        # Without --output the key is what is asked for.
        Call(["--store", "gone.db"], 4),
        Call(["--output", ".env"], 2),
        Call(environ=NO_KEY, code=4),
    ],
    "secrets key import": [
        Call([TEAM_KEY, "--store", "own.db"], kept=("shop/own.db.key",)),
        Call(["--store", "own.db"], 4, PASSWORD),
        Call([TEAM_KEY], 4),
        Call(["gone", "--store", "own.db"], 2),
    ],
    "rotate": [
        Call(["DATABASE_PASSWORD", "--generate"]),
        Call(["TOKEN"], 0, KEY),
        Call(["TOKEN", "--done"], before=replaced),
        Call(["GONE", "--generate"], 5),
        Call(["TOKEN", PASSWORD], 2),
        Call(["TOKEN", "--generate"], 4, before=damaged_store),
        Call(["TOKEN", "--generate"], 4, environ=OTHER_KEY),
    ],
    "rotation status": [
        Call(),
        Call(before=replaced),
        Call(code=4, before=damaged_store),
        Call(code=4, environ=OTHER_KEY),
    ],
    "audit log": [
        Call(),
        Call(["--name", "TOKEN"]),
        Call(["--since", "soon"], 2),
        Call(code=4, before=damaged_store),
        Call(code=4, environ=OTHER_KEY),
    ],
    "audit verify": [
        Call(),
        Call(["--head", PASSWORD], 2),
        Call(code=4, before=damaged_store),
        Call(code=4, environ=OTHER_KEY),
    ],
    "audit head": [Call(), Call(code=4, before=damaged_store), Call(code=4, environ=OTHER_KEY)],
    "audit review": [Call(), Call(code=4, before=damaged_store), Call(code=4, environ=OTHER_KEY)],
    "backends list": [
        Call(),
        Call(before=untrusted),
        Call(before=damaged_store),
        Call(environ=OTHER_KEY),
    ],
    "backends check": [
        Call(),
        Call(["local:", "--write"]),
        Call(AGE[1:], before=in_age),
        Call(AGE[1:], 4, before=changed_age),
        Call(["dotenv:.env"], 4, before=broken_env),
        Call(["aws-ssm://here"], 3),
        Call(code=3, before=untrusted),
        Call(code=4, before=damaged_store),
        Call(code=4, environ=OTHER_KEY),
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
    "hook install": [Call(), Call(["--type", "pre-push"]), Call(["--type", "pre-receive"])],
    "hook status": [Call()],
    "hook uninstall": [Call()],
    "hook run": [
        Call(code=1),
        Call(["--env"], 1, before=env_staged),
        Call(code=1, environ=RANGE),
        Call(["--env"], environ=RANGE),
        Call(["--example"], 1),
        Call(["--type", "pre-push", "origin", URL], 1),
        Call(["--type", "pre-push"], 2, f"{TOKEN}\n"),
        Call(["--type", "pre-receive"], 2, f"{TOKEN} {TOKEN} refs/heads/{TOKEN}\n"),
    ],
    "baseline create": [Call(), Call(["-b", "own.json"])],
    "baseline update": [Call(before=known), Call(code=2)],
    "baseline prune": [Call(before=known), Call(code=2)],
    "baseline audit": [
        Call(code=1),
        Call(["FINGERPRINT", "--state", "accepted", "--reason", "a test"]),
        Call(["--reason", PASSWORD], 2),
    ],
    "baseline import": [
        Call(["report.json"], before=reported, kept=("shop/report.json",)),
        Call(before=reported, kept=("shop/report.json",)),
        Call(["deploy.py"], 2),
        Call([".env"], 2),
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
