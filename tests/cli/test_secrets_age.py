"""A team with a file for age, as its members type it; and the other small backends."""

from __future__ import annotations

import getpass
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.program import Done, call
from tests.jobs.project import random_value

pytest.importorskip("pyrage", reason="the extra `age` is not installed")

AGE = ("--backend", "age:secrets.age")
VALUE = random_value(7)


class Member:
    """Somebody with a home of his own, in the team's folder or in a copy of it."""

    def __init__(self, name: str, tmp_path: Path, folder: Path | None = None) -> None:
        self.folder = folder or tmp_path / "project"
        self.folder.mkdir(exist_ok=True)
        home = tmp_path / name
        home.mkdir()
        self.environ: Mapping[str, str] = {"HOME": str(home), "USER": name, "LOGNAME": name}

    def __call__(self, *words: str, stdin: str = "", key: str = "") -> Done:
        environ = {**self.environ, **({"ENVGUARD_KEY": key} if key else {})}
        return call(*words, cwd=self.folder, stdin=stdin.encode(), env=environ)

    def done(self, *words: str, stdin: str = "") -> Done:
        made = self(*words, stdin=stdin)
        assert made.code == 0, made
        return made

    def new_key(self) -> str:
        said = self.done("secrets", "key", "new", *AGE).err
        return next(line.split()[-1] for line in said.splitlines() if "public key" in line)


@pytest.fixture
def ada(tmp_path: Path) -> Member:
    return Member("ada", tmp_path)


@pytest.fixture
def bob(tmp_path: Path) -> Member:
    return Member("bob", tmp_path)


def test_a_team_shares_a_file(ada: Member, bob: Member) -> None:
    ada("secrets", "set", "A", VALUE, *AGE).says(4, "neither ENVGUARD_KEY", "key new")
    public = ada.new_key()
    ada("secrets", "key", "new", *AGE).says(2, "secrets.age is there")
    ada.done("secrets", "set", "A", VALUE, *AGE)
    ada.done("secrets", "set", "B", "2", *AGE)
    assert VALUE not in (ada.folder / "secrets.age").read_text()

    bob("secrets", "get", "A", *AGE).says(4, "neither ENVGUARD_KEY")
    key = bob.new_key()
    assert key != public
    bob("secrets", "get", "A", *AGE).says(4, "is no recipient", f"recipients add {key}")
    ada.done("secrets", "recipients", "add", key, "bob", *AGE)
    assert bob.done("secrets", "get", "A", "--reveal", *AGE).out == VALUE

    bob("secrets", "set", "C", "3", *AGE).says(3, "not those that you accepted", "envguard trust")
    shown = bob.done("secrets", "recipients", "list", "--format", "json", *AGE).report["recipients"]
    rows = {row["key"]: (row["label"], row["own"], row["accepted"]) for row in shown}
    me = getpass.getuser()  # who runs both of them
    assert rows == {public: (me, False, False), key: ("bob", True, False)}
    said = bob.done("trust", "--yes", *AGE).err
    assert f"  {public} {me}  NEW\n" in said
    assert f"  {key} bob  NEW\n" in said
    bob.done("secrets", "set", "C", "3", *AGE)
    assert ada.done("secrets", "get", "C", "--reveal", *AGE).out == "3"

    gone = ada.done("secrets", "recipients", "remove", "bob", "--yes", *AGE)
    assert gone.out == "A\nB\nC\n"
    assert "rotate these values" in gone.err
    bob("secrets", "get", "A", *AGE).says(4, "is no recipient")
    assert ada.done("secrets", "recipients", "list", *AGE).out == f"{public}  {me}  (you)\n"


def test_a_recipient_that_came_with_a_change_is_shown_before_anything_is_written(
    ada: Member, bob: Member
) -> None:
    ada.new_key()
    ada.done("secrets", "set", "A", VALUE, *AGE)
    theirs = bob.new_key()
    file = ada.folder / "secrets.age"
    file.write_text(file.read_text().replace("\n\n", f"\n# recipient: {theirs}\n\n", 1))
    assert ada.done("secrets", "get", "A", "--reveal", *AGE).out == VALUE
    ada("secrets", "set", "B", "2", *AGE).says(3, theirs)
    assert "NOT ACCEPTED" in ada.done("secrets", "recipients", "list", *AGE).out
    assert ada("trust", *AGE).code == 3  # nobody is there to say yes
    ada("secrets", "set", "B", "2", *AGE).says(3, theirs)
    assert f"  {theirs}  NEW\n" in ada.done("trust", "--yes", *AGE).err
    ada.done("secrets", "set", "B", "2", *AGE)
    assert bob.done("secrets", "get", "B", "--reveal", *AGE).out == "2"
    ada.done("untrust")
    ada("secrets", "set", "C", "3", *AGE).says(3)


def test_a_key_is_handed_on_and_given_by_the_variable(
    ada: Member, bob: Member, tmp_path: Path
) -> None:
    ada.new_key()
    ada.done("secrets", "set", "A", VALUE, *AGE)
    key = ada.done("secrets", "key", "export", *AGE).out
    assert key.startswith("AGE-SECRET-KEY-1")
    got = bob("secrets", "get", "A", "--reveal", *AGE, key=key)
    assert got.out == VALUE, got
    bob.done("secrets", "key", "import", *AGE, stdin=key)
    assert bob.done("secrets", "get", "A", "--reveal", *AGE).out == VALUE
    file = tmp_path / "bob/.config/envguard/age.key"
    assert file.stat().st_mode & 0o777 == 0o600
    bob("secrets", "key", "import", *AGE, stdin="hello").says(4, "no private key of age")
    if shutil.which("age-keygen"):
        public = subprocess.check_output(["age-keygen", "-y", str(file)], text=True)
        assert public.strip() in (bob.folder / "secrets.age").read_text()


def test_an_age_key_in_the_variable_is_no_key_of_the_store(ada: Member) -> None:
    ada.new_key()
    key = ada.done("secrets", "key", "export", *AGE).out
    ada.done("init", "--yes")
    ada.done("secrets", "set", "A", VALUE)
    got = ada("secrets", "get", "A", "--reveal", key=key)
    assert got.out == VALUE, got


def test_what_two_backends_hold_is_compared_without_being_shown(ada: Member) -> None:
    ada.done("init", "--yes")
    ada.new_key()
    for place, pairs in (
        (
            ("--backend", "local:"),
            {"SAME": VALUE, "OTHER": "1", "HERE": "x", "TWO": "shared-value"},
        ),
        (AGE, {"SAME": VALUE, "OTHER": "2", "THERE": "y", "ONE": "shared-value"}),
    ):
        for name, value in pairs.items():
            ada.done("secrets", "set", name, value, *place)
    found = ada("secrets", "diff", "local:", "age:secrets.age")
    assert found.code == 1
    assert sorted(found.out.splitlines()) == [
        "different: OTHER",
        "one value: TWO in local:, ONE in age:secrets.age",
        "only in age:secrets.age: ONE",
        "only in age:secrets.age: THERE",
        "only in local:: HERE",
        "only in local:: TWO",
    ]
    assert VALUE not in found.out + found.err
    assert ada("secrets", "diff", "age:secrets.age", "age:secrets.age").code == 0


def test_a_project_is_migrated_and_run_by_two(ada: Member, bob: Member) -> None:
    env = ada.folder / ".env"
    env.write_text(f"# settings\nDEBUG=1\nAPI_KEY={VALUE}\n")
    ada.done("init", "--yes")
    ada.done("secrets", "key", "new")  # the store's key, which seals the backup of .env
    ada.new_key()
    ada.done("migrate", ".env", "--to", "age:secrets.age", "--yes")
    assert env.read_text() == "# settings\nDEBUG=1\nAPI_KEY=secret:API_KEY\n"
    assert 'backend = "age:secrets.age"' in (ada.folder / "envguard.toml").read_text()
    show = ("run", "--", "sh", "-c", 'printf %s "$DEBUG $API_KEY"')
    assert ada.done(*show).out == f"1 {VALUE}"

    bob(*show).says(125, "is not trusted")
    bob.done("trust", "--yes")
    key = bob.new_key()
    ada.done("secrets", "recipients", "add", key, "bob")
    assert bob.done(*show).out == f"1 {VALUE}"
    bob("secrets", "set", "API_KEY", "new").says(3, f"new: {key} bob")
    assert f"{key} bob  NEW" in bob.done("trust", "--yes").err
    bob.done("secrets", "set", "API_KEY", "new")
    assert ada.done(*show).out == "1 new"


def test_the_file_is_no_finding_of_a_scan(ada: Member) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=ada.folder, check=True)
    ada.new_key()
    for name in ("API_KEY", "DATABASE_PASSWORD", "STRIPE_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"):
        for number in range(4):
            ada.done("secrets", "set", f"{name}_{number}", random_value(number), *AGE)
    subprocess.run(["git", "add", "secrets.age"], cwd=ada.folder, check=True)
    ada.done("scan", "--no-cache")
    ada.done("scan", "--staged", "--no-cache")


def test_a_migration_is_taken_back(ada: Member) -> None:
    env = ada.folder / ".env"
    text = f"API_KEY={VALUE}\n"
    env.write_text(text)
    ada.done("init", "--yes")
    ada.done("secrets", "key", "new")
    ada.new_key()
    ada.done("migrate", ".env", "--to", "age:secrets.age", "--yes")
    migration = ada.done("migrate", "list", "--format", "json").report["migrations"][0]["id"]
    ada.done("migrate", "rollback", migration)
    assert env.read_text() == text
    assert "API_KEY" not in (ada.folder / "secrets.age").read_text()


def test_variables_and_a_plain_file_can_be_the_backend(ada: Member) -> None:
    (ada.folder / "ci.env").write_text("API_KEY='from the file'\nOPENAI_API_KEY=1\n")
    (ada.folder / "envguard.toml").write_text(
        '[project]\nid = "shop"\n[profiles.dev]\nbackend = "dotenv:ci.env"\n'
        '[profiles.ci]\nbackend = "env:"\n'
    )
    (ada.folder / ".env").write_text("KEY=secret:API_KEY\n")
    ada.done("trust", "--yes")
    ada.done("trust", "--yes", "--profile", "ci")
    show = ("run", "--", "sh", "-c", 'printf %s "$KEY"')
    assert ada.done(*show).out == "from the file"
    ada.environ = {**ada.environ, "API_KEY": "from outside"}
    assert ada.done("--profile", "ci", *show).out == "from outside"
    ada("secrets", "set", "API_KEY", "2").says(2, "only read")
    ada("secrets", "list", "--backend", "env:").says(2, "cannot list")
    assert ada.done("secrets", "list").out == "API_KEY\nOPENAI_API_KEY\n"
    assert "OPENAI_API_KEY" in ada.done("rotation", "status").out
