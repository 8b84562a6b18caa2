"""`envguard migrate` as it is typed, and `envguard run` after it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import dotenv
import pytest

from envguard.envfile import document
from tests.cli.program import Done, call
from tests.conftest import Repository
from tests.jobs.project import random_value

DUMP = "import json, os, sys; json.dump(dict(os.environ), sys.stdout)"
MIGRATE = ("migrate", ".env", "--to", "local:", "--yes")
PEM = "\n".join(
    [
        "-----BEGIN " + "PRIVATE KEY-----",
        *(random_value(n, 64) for n in range(9)),
        "-----END x-----",
    ]
)


def two_hundred() -> bytes:
    """200 entries of every style that python-dotenv reads, with every kind of line end, and what
    stands between entries."""
    lines: list[str] = ["# The settings of the shop\n", "\r\n"]
    shapes = [
        "PLAIN_KEY_{n}={v}",
        "SINGLE_SECRET_{n}='{v}'",
        'DOUBLE_TOKEN_{n}="{v}"',
        "export EXPORTED_{n}={v}",
        "  SPACED_KEY_{n}  =  {v}  # with a comment",
        "HASH_PASSWORD_{n}=a#{v} # a comment",
        "QUOTED_HASH_{n}='{v} # no comment'",
        'MULTI_SECRET_{n}="first{e}second {v}{e}"',
        "SINGLE_MULTI_{n}='{v}{e}{e}last'",
        "EMPTY_{n}=",
        "EMPTY_SECRET_{n}=''   # empty",
        "BARE_TOKEN_{n}",
        'JSON_SECRET_{n}=\'{{"user": "ada", "key": "{v}", "list": [1, 2]}}\'',
        'ESCAPED_{n}="\\"{v}\\"\\ttab\\nnew\\\\"',
        "UNICODE_PASSWORD_{n}=Grüße-✓-🔑-{v}",
        "ÜMLAUT_{n}={v}",
        "DOLLAR_KEY_{n}=$2b$12${v}",
        "DOLLAR_END_{n}={v}$",
        "BUILT_URL_{n}=db://${{PLAIN_KEY_{n}}}:${{NOPE:-5432}}@${{SINGLE_SECRET_{n}}}/x",
        "OPEN_BRACE_{n}='{v}${{'",
        'BUILT_TOKEN_{n}="${{ÜMLAUT_{n}}}-${{SHOP_OUTSIDE}}"',
        "URL_{n}=https://ada:{v}@example.com/?q=1&r=2#frag",
        "EQUALS_{n}=={v}==",
        "BACKSLASH_{n}=C:\\temp\\new\\{v}",
        "'quoted key {n}'={v}",
        "TICKS_{n}=`{v}`",
    ]
    ends = ("\n", "\r\n", "\r\n", "\n", "\r")
    for number in range(200):
        end = ends[number % 5]
        shape = shapes[number % len(shapes)]
        lines.append(shape.format(n=number // 26, v=random_value(number, 24), e=end) + end)
        if number % 9 == 0:
            lines.append(f"# a comment, with 'quotes and = {end}{end}")
    lines.append(f'PEM_PRIVATE_KEY="{PEM}"\n')
    # Duplicates: equal, different, and with a use in between.
    lines.append(f"PLAIN_KEY_0={random_value(0, 24)}\r\n")
    lines.append(f"PLAIN_KEY_1={random_value(901)}\n")
    lines.append("USES_PLAIN=${PLAIN_KEY_1}\n")
    lines.append(f"PLAIN_KEY_1='{random_value(902)}'\n")
    lines.append("USES_PLAIN_AGAIN=${PLAIN_KEY_1}")
    return b"\xef\xbb\xbf" + "".join(lines).encode()


def child_sees(root: Path, *words: str, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program that `run` starts."""
    done = call("run", *words, "--", sys.executable, "-c", DUMP, cwd=root, env=env)
    assert done.code == 0, done.err
    found: dict[str, str] = json.loads(done.out)
    return found


def assert_only_moved_lines_changed(before: bytes, after: bytes) -> int:
    """Checks every statement that is no reference now; returns how many are."""
    old, new = document.parse(before, "a"), document.parse(after, "b")
    assert (old.mark, len(old.statements)) == (new.mark, len(new.statements))
    moved = 0
    for one, other in zip(old.statements, new.statements, strict=True):
        value = other.entry.value if other.entry is not None else None
        if value is not None and value.reveal().startswith("secret:"):
            moved += 1
        else:
            assert one.text == other.text
    return moved


@pytest.mark.parametrize("everything", [True, False])
def test_two_hundred_keys_of_every_style_keep_their_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    monkeypatch.setenv("SHOP_OUTSIDE", "outside")
    env, before = tmp_path / ".env", two_hundred()
    env.write_bytes(before)
    read = dotenv.dotenv_values(env)
    assert len(document.parse(before, "").entries) > 200
    assert (read["USES_PLAIN"], read["USES_PLAIN_AGAIN"]) == (random_value(901), random_value(902))
    done = call(*MIGRATE, *(("--all",) if everything else ()), cwd=tmp_path)
    assert done.code == 0, done.err
    moved = assert_only_moved_lines_changed(before, env.read_bytes())
    assert moved > (150 if everything else 80)
    expected = {**os.environ, **{k: v for k, v in read.items() if v is not None}}
    seen = child_sees(tmp_path)
    # What Python sets for itself in a C locale (PEP 538).
    assert {**seen, "LC_CTYPE": ""} == {**expected, "LC_CTYPE": ""}


@pytest.fixture
def shop(repository: Repository) -> Repository:
    repository.write(
        ".env", f"DEBUG=true\nAPI_KEY={random_value(1)}\nexport B_TOKEN='{random_value(2)}' # b\n"
    )
    return repository


def text(shop: Repository, name: str = ".env") -> str:
    return (shop.root / name).read_text()


def migration_id(done: Done) -> str:
    return done.err.partition("migrate rollback ")[2].split()[0]


def test_a_plan_shows_what_would_happen_and_changes_nothing(shop: Repository) -> None:
    before = text(shop)
    done = call("migrate", "--to", "local:", "--plan", cwd=shop.root)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        ".env\n"
        "KEY      CLASS AND WHY                WHERE TO        ACTION\n"
        "DEBUG    config: a plain setting      -               keep\n"
        "API_KEY  secret: named like a secret  secret:API_KEY  move\n"
        "B_TOKEN  secret: named like a secret  secret:B_TOKEN  move\n"
    )
    report = call("migrate", "--plan", "--format", "json", cwd=shop.root).report
    assert report["schema"] == 1
    (file,) = report["files"]
    assert (file["path"], file["profile"], report["backend"]) == (".env", "dev", "local:")
    assert file["steps"][1] == {
        "key": "API_KEY",
        "line": 2,
        "class": "secret",
        "reason": "named like a secret",
        "action": "move",
        "reference": "secret:API_KEY",
        "backend": "secret",
        "name": "API_KEY",
        "version": None,
        "note": "",
    }
    assert text(shop) == before
    assert sorted(p.name for p in shop.root.iterdir()) == [".env", ".git"]


def test_a_migration_tells_what_it_did_and_how_to_undo_it(shop: Repository) -> None:
    before = text(shop)
    shop.commit()
    done = call(*MIGRATE, cwd=shop.root)
    # The index still has the values: the next commit would, too.
    assert done.code == 1
    assert text(shop) == "DEBUG=true\nAPI_KEY=secret:API_KEY\nexport B_TOKEN='secret:B_TOKEN' # b\n"
    assert text(shop, ".env.example") == text(shop)
    for told in ("2 moved, 0 were there", "envguard.toml written", ".gitignore written"):
        assert told in done.err
    assert "the next commit would hold" in done.err
    assert "git rm --cached" in done.err or "git -C" in done.err
    assert random_value(1) not in done.out + done.err
    listed = call("migrate", "list", cwd=shop.root.parent)
    assert listed.out == f"{migration_id(done)}  done         {shop.root / '.env'}\n"
    rows = call("migrate", "list", "--format", "json", cwd=shop.root).report["migrations"]
    assert rows == [
        {
            "id": migration_id(done),
            "paths": [str(shop.root / ".env")],
            "backend": "local:",
            "from": None,
            "state": "done",
        }
    ]
    back = call("migrate", "rollback", migration_id(done), cwd=shop.root.parent)
    assert (back.code, text(shop)) == (0, before)
    assert "is as it was" in back.err


def test_nothing_happens_without_a_yes(shop: Repository) -> None:
    before = text(shop)
    call("migrate", "--to", "local:", cwd=shop.root).says(2, "nothing was moved", "use --yes")
    assert text(shop) == before
    assert sorted(p.name for p in shop.root.iterdir()) == [".env", ".git"]


def test_a_file_that_changed_since_is_kept_and_the_exit_code_says_so(shop: Repository) -> None:
    before = text(shop)
    done = call(*MIGRATE, cwd=shop.root)
    shop.write(".env", text(shop) + "NEW=1\n")
    kept = text(shop)
    back = call("migrate", "rollback", migration_id(done), cwd=shop.root)
    assert (back.code, text(shop)) == (1, kept)
    beside = f".env.envguard-{migration_id(done)}-env"
    assert (text(shop, beside), (shop.root / beside).stat().st_mode & 0o777) == (before, 0o600)
    assert shop.git("status", "--porcelain", "--ignored", beside) == f"!! {beside}"


def test_a_migration_is_forgotten_when_asked(shop: Repository) -> None:
    migration = migration_id(call(*MIGRATE, cwd=shop.root))
    call("migrate", "forget", migration, cwd=shop.root).says(2, "the backup was kept")
    call("migrate", "forget", "20200101-000000-abcdef", cwd=shop.root).says(5, "no migration")
    assert call("migrate", "forget", migration, "--yes", cwd=shop.root).code == 0
    assert call("migrate", "list", cwd=shop.root).out == ""
    call("migrate", "rollback", migration, cwd=shop.root).says(5, "there is no migration")
    call("migrate", "rollback", cwd=shop.root).says(2, "which migration?", "envguard migrate list")
    call("migrate", "rollback", "../x", cwd=shop.root).says(2, "is not the id of a migration")


def test_a_second_time_there_is_nothing_to_move_and_the_example_is_brought_in_step(
    shop: Repository,
) -> None:
    call(*MIGRATE, cwd=shop.root)
    (shop.root / ".env.example").unlink()
    done = call(*MIGRATE, cwd=shop.root)
    assert done.code == 0
    assert "there is nothing to move" in done.err
    assert text(shop, ".env.example") == text(shop)


def test_an_example_that_does_not_parse_stops_it_before_anything_is_done(shop: Repository) -> None:
    shop.write(".env.example", "A: 1\n")
    before = text(shop)
    call(*MIGRATE, cwd=shop.root).says(2, ".env.example:1 is no KEY=VALUE line")
    assert text(shop) == before
    assert not (shop.root / "envguard.toml").exists()


def test_a_file_of_another_project_is_not_migrated_into_this_one(shop: Repository) -> None:
    other = Repository(shop.root.parent / "other")
    other.write(".env", f"API_KEY={random_value(3)}\n")
    shop.write("service/envguard.toml", '[project]\nid = "service"\n')
    shop.write("service/.env", f"API_KEY={random_value(3)}\n")
    for file in (other.root / ".env", shop.root / "service/.env"):
        done = call("migrate", str(file), "--to", "local:", "--yes", cwd=shop.root)
        done.says(2, "belongs to another project", f"cd {file.parent} && envguard migrate .env")
        assert "secret:" not in file.read_text()
    shop.write("plain/.env", f"API_KEY={random_value(3)}\n")
    assert call("migrate", "plain/.env", "--to", "local:", "--yes", cwd=shop.root).code == 0
    call("migrate", "none/.env", "--to", "local:", cwd=shop.root).says(2, "cannot be read")


def test_another_store_is_the_profiles_after_it_and_run_needs_no_new_trust(
    shop: Repository, tmp_path: Path
) -> None:
    store = f"local://{tmp_path}/own.db"
    done = call("migrate", "--to", store, "--yes", cwd=shop.root)
    assert done.code == 0, done.err
    assert child_sees(shop.root)["API_KEY"] == random_value(1)
    assert f'backend = "{store}"' in text(shop, "envguard.toml")


def test_a_conflict_is_answered_on_the_command_line(shop: Repository) -> None:
    call(*MIGRATE, cwd=shop.root)
    shop.write(".env", f"API_KEY={random_value(7)}\n")
    before = text(shop)
    for answer in ("ask", "fail"):
        done = call(*MIGRATE, "--on-conflict", answer, cwd=shop.root)
        done.says(4, "the backend holds another value for API_KEY", "--on-conflict overwrite")
        assert text(shop) == before
    assert call(*MIGRATE, "--on-conflict", "keep", cwd=shop.root).code == 0
    assert text(shop) == before
    assert call(*MIGRATE, "--on-conflict", "overwrite", cwd=shop.root).code == 0
    assert child_sees(shop.root)["API_KEY"] == random_value(7)
    shown = call("secrets", "get", "--reveal", "API_KEY@1", cwd=shop.root)
    assert shown.out == random_value(1)


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("--to", "aws://"), 3, "is no address of a backend"),
        (("--to", "lokal:"), 3, "there is no backend 'lokal:'"),
        (("--to", "local://relative"), 3, "names no store"),
        (("--only", "NO"), 2, "has no key NO"),
        (("--alias", "env"), 2, "cannot be the name of a backend"),
    ],
)
def test_a_wrong_request_does_nothing(
    shop: Repository, words: tuple[str, ...], code: int, what: str
) -> None:
    before = text(shop)
    call("migrate", ".env", "--yes", *words, cwd=shop.root).says(code, what)
    assert text(shop) == before
    assert sorted(p.name for p in shop.root.iterdir()) == [".env", ".git"]


def test_a_project_that_came_with_a_clone_is_trusted_first(shop: Repository) -> None:
    before = text(shop)
    shop.write("envguard.toml", '[project]\nid = "theirs"\n')
    call(*MIGRATE, cwd=shop.root).says(3, "is not trusted", f"envguard trust {shop.root}")
    assert text(shop) == before
    assert call("trust", "--yes", cwd=shop.root).code == 0
    assert call(*MIGRATE, cwd=shop.root).code == 0


def test_a_target_that_the_tree_names_is_trusted_first(shop: Repository, tmp_path: Path) -> None:
    before = text(shop)
    shop.write("envguard.toml", f'[profiles.dev]\nbackend = "local://{tmp_path}/theirs.db"\n')
    done = call("migrate", ".env", "--yes", cwd=shop.root)
    done.says(3, "is not trusted", "theirs.db", f"envguard trust {shop.root}")
    assert text(shop) == before
    assert not (tmp_path / "theirs.db").exists()


def test_a_link_is_refused_with_the_file_that_it_points_to(shop: Repository) -> None:
    (shop.root / ".env.link").symlink_to("../elsewhere.env")
    (shop.root.parent / "elsewhere.env").write_text("A=1\n")
    done = call("migrate", ".env.link", "--to", "local:", "--yes", cwd=shop.root)
    done.says(2, "is a symbolic link", f"envguard migrate {shop.root.parent}/elsewhere.env")


def test_another_environments_file_has_an_example_that_git_keeps(shop: Repository) -> None:
    shop.write(".env.production", f"API_KEY={random_value(4)}\n")
    done = call("migrate", ".env.production", "--to", "local:", "--yes", cwd=shop.root)
    assert done.code == 0
    assert text(shop, ".env.production.example") == "API_KEY=secret:API_KEY\n"
    assert shop.git("check-ignore", ".env.production") == ".env.production"
    assert shop.git("check-ignore", ".env.production.example", check=False) == ""
