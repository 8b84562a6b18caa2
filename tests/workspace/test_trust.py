from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.core import config
from envguard.core.config import Folders
from envguard.core.errors import ConfigError, TrustError, UsageError
from envguard.workspace import trust
from envguard.workspace.trust import Claim


@pytest.fixture
def folders() -> Folders:
    return Folders.of(os.environ)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "my tree"
    folder.mkdir()
    return folder


def claim_of(tree: Path, *files: Path, **backends: str) -> Claim:
    return trust.wanted(tree, "shop-1", backends or {"secret": "local:"}, files)


def refusal(folders: Folders, claim: Claim) -> TrustError:
    with pytest.raises(TrustError) as caught:
        trust.check(folders, claim)
    return caught.value


def test_a_folder_is_not_trusted_before_its_user_says_so(folders: Folders, tree: Path) -> None:
    error = refusal(folders, claim_of(tree))
    assert error.exit_code == 3
    assert error.what == (
        f"{tree} is not trusted: namespace shop-1; backend secret points to local:"
    )
    assert error.hint == f"if that is right, type: envguard trust '{tree}'"


def test_a_folder_without_any_wish_is_not_trusted_either(folders: Folders, tree: Path) -> None:
    refusal(folders, Claim(str(tree), "", {}, frozenset()))


def test_what_was_recorded_is_trusted(folders: Folders, tree: Path) -> None:
    claim = claim_of(tree, Path("/etc/hostname"), prod="aws://eu-west-1/shop")
    trust.record(folders, claim)
    trust.check(folders, claim)


def test_the_record_is_private(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    assert stat.S_IMODE((folders.config / "trust.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folders.config.stat().st_mode) == 0o700


def test_a_changed_namespace_asks_again(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    error = refusal(folders, claim_of(tree)._replace(namespace="bank"))
    assert error.what == (
        f"{tree} has changed since it was trusted: namespace is now bank, was shop-1"
    )


def test_a_backend_that_points_elsewhere_asks_again(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree, secret="local:"))
    error = refusal(folders, claim_of(tree, secret="aws://eu/x", other="local:"))
    assert "backend other points to local:" in error.what
    assert "backend secret now points to aws://eu/x, was local:" in error.what


def test_a_file_outside_asks_again_and_one_inside_does_not(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    trust.check(folders, claim_of(tree, tree / "certificate.pem", tree / "a/../b"))
    for outside in (Path("/etc/passwd"), tree / "../id_rsa", Path(f"{tree}-2/file")):
        error = refusal(folders, claim_of(tree, outside))
        assert f"file now read: {os.path.realpath(outside)}" in error.what


def test_a_symlink_inside_that_leads_outside_is_outside(folders: Folders, tree: Path) -> None:
    (tree / "harmless").symlink_to("/etc/passwd")
    (tree / "folder").symlink_to("/etc")
    claim = claim_of(tree, tree / "harmless", tree / "folder/shadow")
    assert claim.files == {"/etc/passwd", "/etc/shadow"}


def test_a_folder_is_the_same_through_a_symlink(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    (tree.parent / "link").symlink_to(tree)
    trust.check(folders, claim_of(tree.parent / "link", tree / "inside"))


def test_a_folder_inside_a_trusted_one_is_not_trusted(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    (tree / "vendored").mkdir()
    refusal(folders, claim_of(tree / "vendored"))


def test_a_path_that_cannot_exist_is_bad_input(tree: Path) -> None:
    with pytest.raises(UsageError):
        claim_of(tree, Path("a\0b"))


def test_two_profiles_of_a_folder_do_not_take_each_others_trust(
    folders: Folders, tree: Path
) -> None:
    first, second = claim_of(tree, Path("/a"), dev="local:"), claim_of(tree, Path("/b"), prod="x:")
    trust.record(folders, first)
    trust.record(folders, second)
    trust.check(folders, first)
    trust.check(folders, second)


def test_another_namespace_starts_anew(folders: Folders, tree: Path) -> None:
    old = claim_of(tree, Path("/a"), dev="local:")
    new = claim_of(tree)._replace(namespace="other")
    trust.record(folders, old)
    trust.record(folders, new)
    refusal(folders, old._replace(namespace="other"))


def test_forgotten_trust_is_gone(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    assert trust.forget(folders, tree) is True
    assert trust.forget(folders, tree) is False
    refusal(folders, claim_of(tree))


def test_a_configuration_claims_its_backends_and_the_one_of_the_profile(tree: Path) -> None:
    text = """
        project.id = "shop-1"
        [backends.aws]
        url = "aws://eu/shop"
        [profiles.dev]
        [profiles.prod]
        backend = "aws"
    """
    loaded = config.parse(text, tree / "envguard.toml")
    claims = [trust.claim(loaded, loaded.profile(name), [Path("/a")]) for name in ("dev", "prod")]
    aws = {"aws": "aws://eu/shop"}
    assert claims == [
        Claim(str(tree), "shop-1", {**aws, "secret": "local:"}, frozenset({"/a"})),
        Claim(
            str(tree),
            "shop-1",
            {**aws, "secret of profile prod": "aws://eu/shop"},
            frozenset({"/a"}),
        ),
    ]


def test_switching_between_trusted_profiles_asks_nothing_and_swapping_them_does(
    folders: Folders, tree: Path
) -> None:
    text = '[profiles.dev]\nbackend = "a:"\n[profiles.prod]\nbackend = "b:"\n'

    def load(text: str) -> list[Claim]:
        loaded = config.parse(text, tree / "envguard.toml")
        return [trust.claim(loaded, loaded.profile(name), ()) for name in (None, "prod")]

    for claim in load(text):
        trust.record(folders, claim)
    for claim in load(text):
        trust.check(folders, claim)
    for swapped in load(text.replace("a:", "c:").replace("b:", "a:").replace("c:", "b:")):
        refusal(folders, swapped)


def test_a_namespace_of_another_folder_is_named(folders: Folders, tree: Path) -> None:
    claim = claim_of(tree)
    assert trust.other_owner(folders, claim) is None
    trust.record(folders, claim)
    assert trust.other_owner(folders, claim) is None
    assert trust.other_owner(folders, claim._replace(folder="/elsewhere")) == str(tree)
    nameless = claim._replace(namespace="")
    trust.record(folders, nameless)
    assert trust.other_owner(folders, nameless._replace(folder="/elsewhere")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "\xff",
        '{"schema": 1}',
        '{"schema": 1, "folders": []}',
        '{"schema": 1, "folders": {"/a": {}}}',
        '{"schema": 1, "folders": {"/a": {"namespace": 1, "backends": {}, "files": []}}}',
        '{"schema": 1, "folders": {"/a": {"namespace": "", "backends": [], "files": []}}}',
        '{"schema": 1, "folders": {"/a": {"namespace": "", "backends": {}, "files": "/"}}}',
        '{"schema": 1, "folders": {"/a": {"namespace": "", "backends": {"a": 1}, "files": []}}}',
        '{"schema": 2, "folders": {}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_record_trusts_nothing_and_is_kept(
    folders: Folders, tree: Path, text: str
) -> None:
    folders.config.mkdir(parents=True)
    file = folders.config / "trust.json"
    file.write_text(text, encoding="latin-1")
    for action in (trust.check, trust.record, trust.other_owner):
        with pytest.raises(ConfigError) as caught:
            action(folders, claim_of(tree))
        assert str(file) in caught.value.what
    assert file.read_text(encoding="latin-1") == text


def test_fields_of_a_later_version_are_no_damage(folders: Folders, tree: Path) -> None:
    trust.record(folders, claim_of(tree))
    file = folders.config / "trust.json"
    data = json.loads(file.read_text())
    data["folders"][str(tree)]["when"] = "today"
    file.write_text(json.dumps(data))
    trust.check(folders, claim_of(tree))


def test_text_of_the_tree_cannot_steer_the_terminal(folders: Folders, tree: Path) -> None:
    evil = Claim(f"{tree}\x1b[2J", "a\nb", {"x\r": "\x1b]0;y"}, frozenset({"/\udc80"}))
    error = refusal(folders, evil)
    assert (error.what + error.hint).isprintable()


def test_a_folder_that_is_no_utf_8_can_be_trusted(folders: Folders, tmp_path: Path) -> None:
    tree = tmp_path / os.fsdecode(b"caf\xe9")
    tree.mkdir()
    trust.record(folders, claim_of(tree))
    trust.check(folders, claim_of(tree))


def test_writers_at_the_same_time_lose_nothing(folders: Folders) -> None:
    code = (
        "import os, sys; from envguard.core.config import Folders;"
        "from envguard.workspace.trust import Claim, record\n"
        "for n in range(15): record(Folders.of(os.environ),"
        " Claim(f'/{sys.argv[1]}/{n}', 'x', {}, frozenset()))"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert len(json.loads((folders.config / "trust.json").read_text())["folders"]) == 60


texts = st.text(max_size=3)
claims = st.builds(
    Claim,
    st.just("/tree"),
    st.sampled_from(["a", "b"]),
    st.dictionaries(texts, texts, max_size=3),
    st.frozensets(texts, max_size=3),
)


@given(claims, claims)
def test_nothing_is_new_exactly_when_everything_was_known(known: Claim, claim: Claim) -> None:
    covered = (
        known.namespace == claim.namespace
        and known.backends.items() >= claim.backends.items()
        and known.files >= claim.files
    )
    assert (trust.changes(known, claim) == ()) is covered


def test_what_we_write_ourselves_leaves_the_backend_before_it_trusted(
    folders: Folders, tree: Path
) -> None:
    def configured(url: str) -> config.Config:
        profile = config.Profile(backend=url)
        return config.Config(root=tree, project_id="shop-1", profiles={"dev": profile})

    before, after, other = (configured(url) for url in ("local:", "aws://eu-west-1/a", "env:"))
    trust.record(folders, trust.claim(before, before.profile(None), ()))
    trust.record_backend(folders, after, after.profile(None), "aws://eu-west-1/a")
    for known in (before, after):  # killed before the file is written, done, rolled back
        trust.require(folders, known, known.profile(None))
    with pytest.raises(TrustError, match="now points to env:"):
        trust.require(folders, other, other.profile(None))
