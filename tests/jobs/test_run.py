"""What a child of `run` gets, and what stops it before it starts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envguard.core.errors import (
    BackendError,
    ConfigError,
    EnvguardError,
    NotFoundError,
    TrustError,
    UsageError,
)
from envguard.core.secret import Secret
from envguard.jobs import trust as trust_job
from envguard.jobs.run import Launch
from envguard.jobs.secrets import values as secrets_job
from envguard.workspace import project as beginning
from tests.jobs.project import Project


@pytest.fixture
def shop(project: Project) -> Project:
    """A trusted project with one secret and an empty .env."""
    beginning.begin(project.config, project.profile, "shop", project.settings.folders)
    secrets_job.put(project.backend(), "KEY", Secret("from the store"))
    secrets_job.put(project.backend(), "JSON", Secret('{"user": "ada", "port": 5432}'))
    project.env.write_text("")
    return project


def trust(project: Project, *env_files: Path, profile: str | None = None) -> None:
    config = project.config
    trust_job.record(config, config.profile(profile), project.settings.folders, env_files)


def configure(project: Project, text: str) -> None:
    file = project.root / "envguard.toml"
    head = file.read_text().partition("[profiles.dev]")[0]
    file.write_text(head + text)


def test_a_file_wins_over_the_environment_and_a_later_file_over_an_earlier(shop: Project) -> None:
    shop.environ = {**shop.environ, "A": "outside", "B": "outside", "C": "outside"}
    (shop.root / "one").write_text("A=1\nB=1\n")
    (shop.root / "two").write_text("B=2\n")
    found = shop.child_environ(shop.root / "one", shop.root / "two")
    assert found == {**shop.environ, "A": "1", "B": "2"}


def test_without_override_the_environment_wins_in_values_built_from_it_too(shop: Project) -> None:
    shop.environ = {**shop.environ, "A": "outside"}
    shop.env.write_text("A=file\nB=${A}!\n")
    assert shop.child_environ()["B"] == "file!"
    kept = shop.child_environ(override=False)
    assert (kept["A"], kept["B"]) == ("outside", "outside!")
    # A clean child has no environment that could win.
    clean = shop.child_environ(override=False, clean=True)
    assert clean == {"A": "file", "B": "file!"}


def test_a_profile_wins_over_the_files_and_inherits_by_extends(shop: Project) -> None:
    configure(
        shop,
        '[profiles.dev]\n[profiles.dev.env]\nA = "dev"\nB = "dev"\n'
        '[profiles.prod]\nextends = "dev"\nenv_files = [".env.prod"]\n'
        '[profiles.prod.env]\nB = "prod-${A}-${C}"\nKEY = "secret:KEY"\n',
    )
    (shop.root / ".env.prod").write_text("A=file\nC=file\n")
    with pytest.raises(TrustError, match="backend secret of profile prod points to local:"):
        shop.child_environ(profile="prod")
    trust(shop, profile="prod")
    found = shop.child_environ(clean=True, profile="prod")
    assert found == {"A": "dev", "B": "prod-dev-file", "C": "file", "KEY": "from the store"}
    shop.env.write_text("C=1\n")
    assert shop.given() == {"A": "dev", "B": "dev", "C": "1"}


def test_a_missing_optional_file_is_passed_over_and_none_at_all_is_an_error(shop: Project) -> None:
    configure(shop, '[profiles.dev]\nenv_files = [".env", ".env.local"]\n')
    shop.env.write_text("A=1\n")
    assert shop.given() == {"A": "1"}
    with pytest.raises(UsageError, match="none cannot be read"):
        shop.child_environ(shop.root / "none")
    shop.env.unlink()
    with pytest.raises(UsageError, match=r"there is no .*\.env, .*\.env\.local"):
        shop.given()
    configure(shop, '[profiles.dev.env]\nA = "2"\n')
    assert shop.given() == {"A": "2"}


def test_every_kind_of_reference_is_resolved_once(shop: Project) -> None:
    secrets_job.put(shop.backend(), "TRICKY", Secret("secret:KEY"))
    secrets_job.put(shop.backend(), "BUILT", Secret("${HOME}"))
    secrets_job.put(shop.backend(), "KEY", Secret("newer"))
    (shop.root / "certificate").write_text("line 1\nline 2\n")
    shop.environ = {**shop.environ, "OUTSIDE": "env:HOME"}
    shop.env.write_text(
        "A=secret:KEY\n"
        "B=secret:KEY@1\n"
        "C=secret:JSON#user\n"
        "D=secret:JSON#port\n"
        "E=env:OUTSIDE\n"
        "F='file:certificate'\n"
        "G=literal:secret:KEY\n"
        "H=literal:\n"
        "I=secret:TRICKY\n"
        "J=secret:BUILT\n"
        'K="db://${A}@host"\n'
        "L=secretive: no reference\n"
        "M=\n"
    )
    assert shop.given() == {
        "A": "newer",
        "B": "from the store",
        "C": "ada",
        "D": "5432",
        "E": "env:HOME",
        "F": "line 1\nline 2",
        "G": "secret:KEY",
        "H": "",
        "I": "secret:KEY",
        "J": "${HOME}",
        "K": "db://newer@host",
        "L": "secretive: no reference",
        "M": "",
    }


def test_a_reference_in_an_earlier_duplicate_counts_for_what_is_between(shop: Project) -> None:
    shop.env.write_text("A=secret:KEY\nB=${A}\nA=plain\n")
    assert shop.given() == {"A": "plain", "B": "from the store"}


def test_all_that_cannot_be_resolved_is_named_at_once(shop: Project) -> None:
    shop.env.write_text("A=secret:NO\nB=env:NO\nC=file:./no.db\nD=secret:KEY@9\n")
    with pytest.raises(EnvguardError) as refused:
        shop.given()
    for key in "ABCD":
        assert f"{key}: there is no " in refused.value.what


def test_schemes_that_are_turned_off_are_plain_text(shop: Project) -> None:
    configure(shop, '[profiles.dev]\nreferences = ["secret"]\n')
    shop.env.write_text("A=file:./dev.db\nB=env:HOME\nC=secret:KEY\nD=literal:x\n")
    assert shop.given() == {
        "A": "file:./dev.db",
        "B": "env:HOME",
        "C": "from the store",
        "D": "x",
    }


def test_only_and_exclude_choose_what_the_child_gets_and_change_no_value(shop: Project) -> None:
    shop.env.write_text("A=secret:KEY\nC=c\nB=${A}-${C}\nD=secret:NO\n")
    value = "from the store-c"
    assert shop.child_environ(only=("B",), clean=True) == {"B": value}
    assert shop.child_environ(exclude=("A", "D"), clean=True) == {"B": value, "C": "c"}
    assert shop.child_environ(only=("B", "C"), exclude=("B",), clean=True) == {"C": "c"}
    for choice in ({"only": ("NO",)}, {"exclude": ("NO",)}):
        with pytest.raises(UsageError, match="there is no key NO to choose"):
            shop.child_environ(**choice)  # type: ignore[arg-type]  # one of both
    with pytest.raises(NotFoundError, match="D: there is no secret:NO"):
        shop.child_environ(only=("D",))


def test_what_was_excluded_keeps_its_value_from_outside(shop: Project) -> None:
    shop.environ = {**shop.environ, "A": "outside"}
    shop.env.write_text("A=1\nB=2\n")
    assert shop.child_environ(exclude=("A",)) == {**shop.environ, "B": "2"}


def test_a_clean_child_has_the_chosen_values_and_nothing_else(shop: Project) -> None:
    shop.environ = {**shop.environ, "A": "outside", "NOISE": "x"}
    shop.env.write_text("A=1\nB=env:NOISE\n")
    assert shop.child_environ(clean=True) == {"A": "1", "B": "x"}


def test_our_own_key_reaches_no_child_by_any_way(shop: Project) -> None:
    key = (shop.settings.folders.config / "store.key").read_text().strip()
    shop.environ = {**shop.environ, "ENVGUARD_KEY": key, "ENVGUARD_PROFILE": "dev"}
    shop.env.write_text("A=secret:KEY\nB=${ENVGUARD_KEY}\nC=${ENVGUARD_KEY:-none}\n")
    found = shop.child_environ()
    assert key not in found.values()
    assert (found["A"], found["B"], found["C"]) == ("from the store", "", "none")
    assert "ENVGUARD_KEY" not in found
    for text in ("A=env:ENVGUARD_KEY\n", "A=env:ENVGUARD_PROFILE\n"):
        shop.env.write_text(text)
        with pytest.raises(ConfigError, match="own settings"):
            shop.given()
    shop.env.write_text("ENVGUARD_KEY=mine\nENVGUARD_TOKEN=literal:x\nA=1\n")
    assert shop.given() == {"A": "1"}


def test_plain_values_need_no_trust(project: Project) -> None:
    project.env.write_text("A=1\nB=${A}\nC=literal:env:HOME\n")
    assert project.given() == {"A": "1", "B": "1", "C": "env:HOME"}


@pytest.mark.parametrize("text", ["A=secret:KEY\n", "A=env:HOME\n", "A=file:x\n"])
def test_references_of_a_folder_that_was_never_trusted_are_refused(
    project: Project, text: str
) -> None:
    project.env.write_text(text)
    (project.root / "envguard.toml").write_text('[project]\nid = "somebody-elses"\n')
    with pytest.raises(TrustError, match="is not trusted: namespace somebody-elses") as refused:
        project.given()
    assert refused.value.hint.endswith(f"envguard trust {project.root}")
    assert refused.value.exit_code == 3


def test_each_change_of_what_is_asked_for_asks_again(shop: Project) -> None:
    shop.env.write_text("A=secret:KEY\n")
    config = shop.root / "envguard.toml"
    own = config.read_text()
    assert shop.given() == {"A": "from the store"}
    config.write_text(own.replace(shop.config.project_id, "other"))
    with pytest.raises(TrustError, match="namespace is now other"):
        shop.given()
    config.write_text(own + '[backends.new]\nurl = "local:///new.db"\n')
    with pytest.raises(TrustError, match=r"backend new points to local:///new\.db"):
        shop.given()
    config.write_text(own)
    shop.env.write_text("A=secret:KEY\nB=file:../outside\n")
    (shop.root.parent / "outside").write_text("x\n")
    with pytest.raises(TrustError, match=r"file now read: .*outside"):
        shop.given()
    assert shop.child_environ(trusted=True, clean=True) == {"A": "from the store", "B": "x"}
    trust(shop)
    assert shop.given() == {"A": "from the store", "B": "x"}


def test_a_file_through_a_link_to_the_outside_is_outside(shop: Project) -> None:
    (shop.root / "inside").symlink_to(shop.root.parent / "outside")
    (shop.root.parent / "outside").write_text("x")
    shop.env.write_text("A=file:inside\n")
    with pytest.raises(TrustError, match="outside"):
        shop.given()


def test_the_command_of_the_hint_is_enough_for_a_named_file(shop: Project) -> None:
    """Also for a file outside, and for one whose `file:` leads outside."""
    (shop.root.parent / "outside").write_text("x")
    inside, outside = shop.root / "prod.env", shop.root.parent / "shared.env"
    inside.write_text("A=file:../outside\n")
    outside.write_text("B=secret:KEY\n")
    with pytest.raises(TrustError) as refused:
        shop.child_environ(inside, outside)
    assert f"trust --env-file {inside} --env-file {outside} {shop.root}" in refused.value.hint
    trust(shop)
    with pytest.raises(TrustError):
        shop.child_environ(inside, outside)
    trust(shop, inside, outside)
    assert shop.child_environ(inside, outside, clean=True) == {"A": "x", "B": "from the store"}


def test_a_configuration_that_names_somebody_elses_env_file_is_refused(shop: Project) -> None:
    (shop.root.parent / "other.env").write_text("PASSWORD=theirs\n")
    configure(shop, '[profiles.dev]\nenv_files = ["../other.env"]\n')
    with pytest.raises(TrustError, match=r"file now read: .*other\.env"):
        shop.given()
    assert shop.child_environ(shop.root.parent / "other.env", clean=True) == {"PASSWORD": "theirs"}
    trust(shop)
    assert shop.given() == {"PASSWORD": "theirs"}


def test_a_wrong_key_and_a_damaged_store_are_failures_of_the_backend(shop: Project) -> None:
    shop.env.write_text("A=secret:KEY\n")
    key_file = shop.settings.folders.config / "store.key"
    key = key_file.read_text()
    from envguard.store.keys import RootKey

    shop.environ = {**shop.environ, "ENVGUARD_KEY": RootKey.new().text().reveal()}
    with pytest.raises(BackendError, match="does not open the store"):
        shop.given()
    shop.environ = {**shop.environ, "ENVGUARD_KEY": key.strip()}
    assert shop.given() == {"A": "from the store"}
    shop.environ = {k: v for k, v in shop.environ.items() if k != "ENVGUARD_KEY"}
    key_file.unlink()
    with pytest.raises(BackendError, match="is missing"):
        shop.given()
    key_file.touch(0o600)
    key_file.write_text(key)
    store = shop.settings.folders.data / "store.db"
    content = bytearray(store.read_bytes())
    content[20] ^= 1
    content[-200] ^= 1
    store.write_bytes(content)
    with pytest.raises(BackendError, match="damaged"):
        shop.given()


def test_a_file_with_a_line_that_cannot_be_read_stops_it(shop: Project) -> None:
    shop.env.write_text("A=1\nPASSWORD: hunter2\n")
    with pytest.raises(UsageError, match=r"\.env:2 is no KEY=VALUE line") as refused:
        shop.given()
    assert "hunter2" not in refused.value.what + refused.value.hint


def test_a_launch_shows_nothing(shop: Project) -> None:
    assert repr(Launch(("true",), {"A": "value", "B": "2"})) == "Launch(2 variables)"


def test_the_environment_of_this_process_is_never_changed(shop: Project) -> None:
    before = dict(os.environ)
    shop.env.write_text("NEW_NAME=secret:KEY\n")
    shop.given()
    assert dict(os.environ) == before


@pytest.mark.parametrize("name", ["store.key", "trust.json"])
def test_our_own_files_are_not_handed_out_trusted_or_not(shop: Project, name: str) -> None:
    shop.env.write_text(f"KEY=file:{shop.settings.folders.config / name}\n")
    with pytest.raises(ConfigError, match="own files"):
        shop.child_environ(trusted=True)
