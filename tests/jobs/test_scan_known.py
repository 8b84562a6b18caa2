"""scan --known: whose values are looked for, where, and what is left out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.core.errors import BackendError, TrustError, UsageError
from envguard.core.secret import Secret
from envguard.jobs.scan.held import Known, hold
from envguard.jobs.scan.request import Mode, Result
from envguard.workspace import trust
from tests.jobs.project import Project, random_value
from tests.jobs.scans import Scanner, leak, places, token

if TYPE_CHECKING:
    from tests.conftest import Repository

VALUE, OTHER = random_value(1), random_value(2)


@pytest.fixture
def shop(make_repository: Callable[..., Repository]) -> Repository:
    """A repository with an ignored .env."""
    shop = make_repository("shop")
    shop.commit({".gitignore": ".env\n", "README.md": "text\n"})
    shop.write(".env", f"API={VALUE}\nDEBUG=true\nTOKEN={token()}\n")
    return shop


def commit(shop: Repository, files: dict[str, str | bytes | None], message: str = "more") -> None:
    """As the repository's own, but git goes on ignoring what it ignores."""
    for path, text in files.items():
        if text is None:
            (shop.root / path).unlink()
        else:
            shop.write(path, text)
    shop.git("add", "--all")
    shop.git("commit", "-q", "-m", message)


def held(root: Path, **more: bool) -> Known:
    project = Project(root)
    return hold(project.config, project.profile, project.settings, **more)


def found(result: Result) -> list[tuple[str, str, str]]:
    return [(f.rule, f.title, f"{f.path}:{f.line}") for f in result.findings]


KNOWN = ("known-value", "value of API")


def test_the_values_of_the_env_file_are_found_in_the_tree(scan: Scanner, shop: Repository) -> None:
    shop.write("a.txt", f"x\nhere {VALUE} it is\n")
    shop.write("b.txt", base64.b64encode(f"x{VALUE}".encode()))
    shop.write("c.py", leak())
    result = scan(shop.root, known=held(shop.root))
    assert found(result) == [
        (*KNOWN, "a.txt:2"),
        (*KNOWN, "b.txt:1"),
        ("github-token", "GitHub token, value of TOKEN", "c.py:1"),
    ]
    assert "2 known values looked for" in result.coverage.notes
    (left_out,) = (note for note in result.coverage.notes if "left out" in note)
    assert left_out == "1 known value left out, too short or a plain word: DEBUG"


def test_the_ignored_env_file_itself_is_not_reported(scan: Scanner, shop: Repository) -> None:
    known = held(shop.root)
    assert scan(shop.root, known=known).findings == ()
    for more in ({"ignored": True}, {"paths": (shop.root / ".env",)}):
        result = scan(shop.root, known=known, **more)
        assert "known-value" not in {finding.rule for finding in result.findings}


def test_an_env_file_that_git_has_is_reported(scan: Scanner, shop: Repository) -> None:
    shop.git("add", "--force", ".env")
    for mode in (Mode.TREE, Mode.STAGED):
        result = scan(shop.root, mode, known=held(shop.root))
        assert (*KNOWN, ".env:1") in found(result)


@pytest.mark.parametrize("mode", [Mode.STAGED, Mode.HISTORY, Mode.RANGE, Mode.STDIN])
def test_every_kind_of_scan_finds_them(mode: Mode, scan: Scanner, shop: Repository) -> None:
    text = f"here {VALUE} it is\n"
    shop.write("a.txt", text)
    shop.git("add", "a.txt")
    more: dict[str, object] = {}
    if mode is Mode.STDIN:
        more = {"stdin": BytesIO(text.encode()), "name": "a.txt"}
    elif mode is not Mode.STAGED:
        shop.git("commit", "-q", "-m", "second")
        more = {"range": "HEAD~1..HEAD"} if mode is Mode.RANGE else {}
    result = scan(shop.root, mode, known=held(shop.root), **more)
    assert found(result) == [(*KNOWN, "a.txt:1")]
    assert scan(shop.root, mode, **_again(more, text)).findings == ()


def _again(more: dict[str, object], text: str) -> dict[str, object]:
    return {**more, "stdin": BytesIO(text.encode())} if "stdin" in more else more


def remembered(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_a_history_that_is_remembered_hides_no_known_value(scan: Scanner, shop: Repository) -> None:
    commit(shop, {"a.txt": f"here {VALUE} it is\n"})
    commit(shop, {"a.txt": None})
    shop.git("gc", "-q")
    assert scan(shop.root, Mode.HISTORY).findings == ()  # remembers that nothing is there
    kept = remembered(scan.folders.cache)
    (one,) = scan(shop.root, Mode.HISTORY, known=held(shop.root)).findings
    assert (one.rule, one.path, one.in_head) == ("known-value", "a.txt", False)
    assert remembered(scan.folders.cache) == kept
    assert scan(shop.root, Mode.HISTORY).findings == ()


def test_a_value_found_in_two_spellings_is_one_finding_of_a_history(
    scan: Scanner, shop: Repository
) -> None:
    commit(shop, {"a.txt": f"here {VALUE} it is\n"})
    commit(shop, {"b.txt": base64.b64encode(f"x{VALUE}".encode())}, f"with {VALUE}")
    (one,) = scan(shop.root, Mode.HISTORY, known=held(shop.root)).findings
    assert [o.path for o in one.occurrences if o.change == "introduced"] == [
        "a.txt",
        "b.txt",
        "(commit message)",
    ]


def test_several_processes_find_what_one_does(scan: Scanner, shop: Repository) -> None:
    files = {f"f{n}.txt": f"{n}\nhere {VALUE if n % 7 == 0 else ''}\n" for n in range(30)}
    commit(shop, {**files})
    known = held(shop.root)
    for mode in (Mode.TREE, Mode.HISTORY):
        alone = scan(shop.root, mode, known=known, workers=1)
        assert alone.findings
        assert scan(shop.root, mode, known=known, workers=3).findings == alone.findings


def test_the_values_of_the_backend_are_known_where_the_folder_is_trusted(
    scan: Scanner, project: Project
) -> None:
    (project.root / "envguard.toml").write_text('[project]\nname = "shop"\nid = "shop-1"\n')
    project.env.write_text("A=secret:A\nB=${A}-suffix-42\n")
    backend = project.backend()
    backend.write(backend.locate("A"), Secret(VALUE), token="1")
    backend.write(backend.locate("UNUSED"), Secret(f'{{"password": "{OTHER}"}}'), token="2")
    with pytest.raises(TrustError):
        held(project.root)
    claim = trust.claim(project.config, project.profile, [])
    trust.record(project.settings.folders, claim)
    known = held(project.root)
    values = {key: value.reveal() for key, value in known.values}
    assert values == {
        "A": VALUE,
        "B": f"{VALUE}-suffix-42",
        "UNUSED": f'{{"password": "{OTHER}"}}',
        "UNUSED#password": OTHER,
    }
    assert VALUE not in repr(known)
    (project.root / "a.txt").write_text(f"one {VALUE} two {OTHER}\n")
    assert [f.title for f in scan(project.root, known=known).findings] == [
        "value of A",
        "value of UNUSED#password",
    ]


def test_in_ci_nothing_is_asked(project: Project) -> None:
    (project.root / "envguard.toml").write_text('[project]\nname = "shop"\nid = "shop-2"\n')
    project.env.write_text(f"A={VALUE}\n")
    with pytest.raises(TrustError):
        held(project.root)
    assert [key for key, _ in held(project.root, trusted=True).values] == ["A"]


def test_an_env_file_outside_the_folder_needs_trust(project: Project) -> None:
    other = project.root.parent / "other.env"
    other.write_text(f"A={VALUE}\n")
    (project.root / "envguard.toml").write_text('[profiles.dev]\nenv_files = ["../other.env"]\n')
    with pytest.raises(TrustError):
        held(project.root)


def test_a_key_without_a_value_is_noted_and_the_others_are_known(project: Project) -> None:
    (project.root / "envguard.toml").write_text('[project]\nname = "shop"\nid = "shop-3"\n')
    project.env.write_text(f"A=secret:GONE\nB={VALUE}\n")
    known = held(project.root, trusted=True)
    assert [key for key, _ in known.values] == ["B"]
    assert known.notes == ("1 without a value: A",)


def test_a_backend_that_cannot_be_read_is_an_error(project: Project) -> None:
    (project.root / "envguard.toml").write_text('[project]\nname = "shop"\nid = "shop-4"\n')
    project.env.write_text("A=secret:A\n")
    backend = project.backend()
    backend.write(backend.locate("A"), Secret(VALUE), token="1")
    (project.settings.folders.data / "store.db").write_bytes(b"x" * 8192)
    with pytest.raises(BackendError):
        held(project.root, trusted=True)


def test_nothing_to_look_for_is_an_error(project: Project) -> None:
    with pytest.raises(UsageError, match="no known values"):
        held(project.root)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("A=short12", "too short or a plain word: A"),
        ("A=production", "too short or a plain word: A"),
        ("URL=http://localhost:3000/api", "a plain setting: URL"),
        ("HOST=db.internal.example.com", "a plain setting: HOST"),
        ("TOKEN_TTL=86400-seconds", "a plain setting: TOKEN_TTL"),
        ("API_KEY=change-me-please", "a plain setting: API_KEY"),
    ],
)
def test_what_stands_everywhere_is_left_out_and_counted(
    line: str, reason: str, scan: Scanner, project: Project
) -> None:
    project.env.write_text(f"{line}\n")
    value = line.partition("=")[2]
    (project.root / "a.txt").write_text(f"here {value} it is\n")
    result = scan(project.root, known=held(project.root))
    assert "known-value" not in {finding.rule for finding in result.findings}
    assert f"1 known value left out, {reason}" in result.coverage.notes


@pytest.mark.parametrize(
    "line", ["UPSTREAM=kjhgfwertyuiozxcvbnmasdfghqw", "PASSWORD=12345678", f"X={VALUE}"]
)
def test_what_could_be_a_secret_is_looked_for(line: str, scan: Scanner, project: Project) -> None:
    project.env.write_text(f"{line}\n")
    key, _, value = line.partition("=")
    (project.root / "a.txt").write_text(f"here {value} it is\n")
    result = scan(project.root, known=held(project.root))
    assert found(result) == [("known-value", f"value of {key}", "a.txt:1")]


def test_outside_git_the_env_file_is_where_its_values_belong(
    scan: Scanner, project: Project
) -> None:
    project.env.write_text(f"X={VALUE}\n")
    assert places(scan(project.root, known=held(project.root))) == []
