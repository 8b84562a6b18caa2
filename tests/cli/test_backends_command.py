"""`envguard backends`, as its users call it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex

import pytest

from tests.cli.program import call
from tests.servers.moto import Caller

RIGHTS = ["read", "write", "list", "delete"]


@pytest.fixture
def caller(aws: str) -> Caller:
    return Caller(aws)


def project(folder: Path, **backends: str) -> None:
    tables = "".join(f'[backends.{name}]\nurl = "{url}"\n' for name, url in backends.items())
    (folder / "envguard.toml").write_text(f'[project]\nname = "shop"\nid = "shop-1"\n{tables}')


def test_the_list_tells_what_is_installed_and_what_answers(tmp_path: Path, caller: Caller) -> None:
    (tmp_path / "there.env").write_text("A=1\n")
    project(
        tmp_path,
        good=f"aws://eu-west-1/test-{token_hex(6)}",
        gone="dotenv:not-there.env",
        there="dotenv:there.env",
    )
    environ = caller.environ()
    first = call("backends", "list", "--format", "json", cwd=tmp_path, env=environ)
    assert all("is not trusted" in row["problem"] for row in first.report["backends"])
    assert caller.calls() == []
    assert call("trust", "--yes", cwd=tmp_path).code == 0
    done = call("backends", "list", "--format", "json", cwd=tmp_path, env=environ)
    assert done.code == 0
    by_alias = {row["alias"]: row for row in done.report["backends"]}
    assert {alias: row["reachable"] for alias, row in by_alias.items()} == {
        "good": True,
        "gone": False,
        "there": True,
        "profile dev": False,
    }
    assert "there is no file" in by_alias["gone"]["problem"]
    schemes = {row["scheme"]: row for row in done.report["schemes"]}
    assert schemes["aws"]["installed"] is True
    assert {"local", "age", "gcp", "azure", "vault", "k8s", "aws-ssm"} <= set(schemes)
    text = call("backends", "list", cwd=tmp_path, env=environ)
    assert (text.code, "good" in text.out, "answers" in text.out) == (0, True, True)


def test_the_backend_of_another_profile_is_asked_only_where_that_is_trusted(
    tmp_path: Path, caller: Caller
) -> None:
    project(tmp_path, there="dotenv:there.env")
    assert call("trust", "--yes", cwd=tmp_path).code == 0
    with (tmp_path / "envguard.toml").open("a") as file:
        file.write(f'[profiles.new]\nbackend = "aws://eu-west-1/test-{token_hex(6)}"\n')
    environ = caller.environ()
    done = call("backends", "list", "--format", "json", cwd=tmp_path, env=environ)
    rows = {row["alias"]: row["problem"] or "" for row in done.report["backends"]}
    assert "has changed since it was trusted" in rows["profile new"]
    assert "not trusted" not in rows["there"]
    assert caller.calls() == []
    assert call("trust", "--profile", "new", "--yes", cwd=tmp_path).code == 0
    done = call("backends", "list", "--format", "json", cwd=tmp_path, env=environ)
    rows = {row["alias"]: row["problem"] for row in done.report["backends"]}
    assert (rows["profile new"], caller.calls() != []) == (None, True)


def test_a_package_that_is_missing_is_told_with_the_command(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "sitecustomize.py").write_text(
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'botocore':\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
    )
    environ = {"PYTHONPATH": str(blocked)}
    done = call("backends", "list", cwd=tmp_path, env=environ)
    assert "pip install 'envguard-cli[aws]'" in done.out
    call("backends", "check", "aws://eu-west-1/shop", cwd=tmp_path, env=environ).says(
        3, "AWS needs a package", "pip install 'envguard-cli[aws]'"
    )


def check(folder: Path, environ: Mapping[str, str], *words: str) -> tuple[int, dict[str, object]]:
    done = call("backends", "check", *words, "--format", "json", cwd=folder, env=environ)
    rights = {right["name"]: right["allowed"] for right in done.report["rights"]}
    assert list(rights) == RIGHTS
    return done.code, rights


@pytest.mark.parametrize("kind", ["aws://eu-west-1/{}", "aws://eu-west-1/{}?layout=each"])
def test_a_check_changes_nothing_unless_it_is_asked_to(
    tmp_path: Path, caller: Caller, kind: str
) -> None:
    url = kind.format(f"test-{token_hex(6)}")
    code, rights = check(tmp_path, caller.environ(), url)
    assert (code, list(rights.values())) == (0, [True, None, True, None])
    assert not {"CreateSecret", "PutSecretValue", "DeleteSecret"} & set(caller.calls())
    code, rights = check(tmp_path, caller.environ(), url, "--write")
    assert (code, list(rights.values())) == (0, [True, True, True, True])
    calls = caller.calls()
    assert (calls.count("CreateSecret"), calls.count("DeleteSecret")) == (1, 1)
    listed = call("secrets", "list", "--backend", url, cwd=tmp_path, env=caller.environ())
    assert "envguard-check" not in listed.out


def test_what_is_missing_is_a_line_of_the_policy(tmp_path: Path, caller: Caller) -> None:
    caller.faults(
        {"kind": "denied", "action": "Create*"}, {"kind": "denied", "action": "ListSecrets"}
    )
    url = "aws://eu-west-1/shop/prod?layout=each"
    done = call("backends", "check", url, "--write", cwd=tmp_path, env=caller.environ())
    assert done.code == 1
    lines = {line.split()[0]: line for line in done.out.splitlines()[1:]}
    assert "yes" in lines["read"]
    statement = json.loads(lines["write"].split("no", 1)[1].strip())
    assert "secretsmanager:CreateSecret" in statement["Action"]
    assert statement["Resource"] == "arn:aws:secretsmanager:eu-west-1:*:secret:shop/prod/*"
    assert json.loads(lines["list"].split("no", 1)[1].strip())["Resource"] == "*"
    assert "not tried" in lines["delete"]


def test_what_is_not_there_is_exit_4(tmp_path: Path) -> None:
    environ = {"AWS_EC2_METADATA_DISABLED": "true"}
    call("backends", "check", "aws://eu-west-1/shop", cwd=tmp_path, env=environ).says(
        4, "there are no AWS credentials", "aws configure"
    )


def test_a_backend_without_rights_of_its_own_is_asked_whether_it_answers(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    done = call("backends", "check", "dotenv:.env", "--format", "json", cwd=tmp_path)
    allowed = {right["name"]: right["allowed"] for right in done.report["rights"]}
    assert (done.code, allowed) == (0, {"read": True, "list": True})


def test_a_backend_that_a_tree_names_is_checked_where_it_is_trusted(
    tmp_path: Path, caller: Caller
) -> None:
    project(tmp_path, prod="aws://eu-west-1/shop/prod")
    call("backends", "check", "prod", cwd=tmp_path, env=caller.environ()).says(3, "not trusted")
    assert caller.calls() == []
