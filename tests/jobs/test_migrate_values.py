"""What the child of `run` gets after a migration is what python-dotenv read before it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import dotenv
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from envguard.core.errors import EnvguardError
from envguard.core.reference import parse_reference
from envguard.envfile import document
from envguard.jobs.migrate.request import Conflict
from envguard.launch.execute import LaunchError, check
from tests.envfile.pieces import LINE_ENDS, VALID
from tests.jobs.project import Project, random_value

# More that is made of what others say, and that is moved between them.
LINES = (
    *(line for line in VALID if "\0" not in line),
    "SECRET_KEY=" + random_value(1),
    "SECRET_KEY='" + random_value(2) + "'",
    'PASSWORD="p$1 #x"',
    "PASSWORD=${SECRET_KEY}-${A}",
    "DB_URL=db://${PASSWORD}@${NOPE:-localhost}/${SECRET_KEY}",
    "SECRET_KEY=",
    "SECRET_KEY",
    "B=${B}${B}",
    'JSON=\'{{"a": [1, "#"]}}\'',
    "TOKEN='a${{A'",
    "EMPTY_TOKEN=''",
)


@st.composite
def env_files(draw: st.DrawFn) -> bytes:
    text = draw(st.sampled_from(("", "\ufeff")))
    for line in draw(st.lists(st.sampled_from(LINES), max_size=14)):
        end = draw(st.sampled_from(LINE_ENDS))
        text += line.replace("{end}", end).replace("{{", "{").replace("}}", "}") + end
    return (text.rstrip("\r\n") if draw(st.booleans()) else text).encode()


def dotenv_reads(path: Path) -> dict[str, str]:
    """What python-dotenv gives to a child: a key without a value is not in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            patch.delenv(name)
        read = dotenv.dotenv_values(path)
    return {key: value for key, value in read.items() if value is not None}


def assert_untouched_lines_are_the_same(before: bytes, after: bytes, moved: set[int]) -> None:
    """All but the moved entries is byte for byte as it was, and those are references."""
    old, new = document.parse(before, "a"), document.parse(after, "b")
    assert (old.mark, len(old.statements)) == (new.mark, len(new.statements))
    for one, other in zip(old.statements, new.statements, strict=True):
        if one.entry is None or one.entry.line not in moved:
            assert one.text == other.text
        else:
            assert other.entry is not None
            assert other.entry.value is not None
            assert parse_reference(other.entry.value.reveal()) is not None


# Each example is a whole migration: too long to shrink.
@settings(max_examples=60, phases=set(Phase) - {Phase.shrink})
@given(content=env_files(), everything=st.booleans())
def test_any_migrated_file_gives_the_values_that_python_dotenv_read(
    content: bytes, everything: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "shop")
        project.environ = {"HOME": folder, "PATH": os.defpath}
        project.env.write_bytes(content)
        before = dotenv_reads(project.env)
        planned = project.plan(everything=everything)
        if planned.plan.moves:
            project.apply(planned)
        after = project.env.read_bytes()
        moved = {step.line for step in planned.plan.moves}
        assert_untouched_lines_are_the_same(content, after, moved)
        project.environ = {"HOME": folder}  # PATH would be a value for `${PATH}`
        assert project.given() == before


def test_interpolation_of_and_around_moved_values_stays(project: Project) -> None:
    key, other = random_value(1), random_value(2)
    project.env.write_text(
        f"SECRET_KEY={key}\n"
        "FIRST=${SECRET_KEY}!\n"
        f"SECRET_KEY='{other}'\n"
        "SECOND=${SECRET_KEY}!\n"
        f"RAW_TOKEN='{key}${{'\n"
        "THIRD=${RAW_TOKEN}\n"
    )
    before = dotenv_reads(project.env)
    outcome = project.migrate(everything=True)
    assert (outcome.moved, project.given()) == (3, before)
    assert before["FIRST"] == key + "!"
    assert project.stored("SECRET_KEY") == other
    assert project.stored("SECRET_KEY_DUPLICATE_1") == key


def test_equal_duplicates_share_one_secret(project: Project) -> None:
    key = random_value(1)
    project.env.write_text(f"A_KEY={key}\nB=1\nA_KEY='{key}'\n")
    project.migrate()
    assert project.env.read_text() == "A_KEY=secret:A_KEY\nB=1\nA_KEY='secret:A_KEY'\n"
    assert project.given() == {"A_KEY": key, "B": "1"}


def test_the_name_of_a_duplicate_never_takes_the_place_of_a_key(project: Project) -> None:
    one, two, three = (random_value(seed) for seed in (1, 2, 3))
    project.env.write_text(f"A_KEY={one}\nA_KEY={two}\nA_KEY_DUPLICATE_1={three}\n")
    before = dotenv_reads(project.env)
    project.migrate(everything=True)
    assert project.given() == before
    assert project.stored("A_KEY_DUPLICATE_2") == one


def test_a_value_built_from_others_stays_in_the_file_with_a_note(project: Project) -> None:
    project.env.write_text(f"URL_TOKEN='{random_value(1)}${{HOST}}'\n")
    planned = project.plan(everything=True)
    assert not planned.plan.moves
    assert planned.plan.steps[0].note == "is built from ${HOST}: write its value out to move it"


def test_a_key_that_no_secret_can_have_stays_and_the_others_move(project: Project) -> None:
    key = random_value(1)
    project.env.write_text(f"'MY SECRET'={key}\nA@B_KEY={key}\nÄ_KEY={key}\nMY_KEY={key}\n")
    before = dotenv_reads(project.env)
    planned = project.plan(everything=True)
    notes = [step.note for step in planned.plan.steps]
    assert "cannot be the name of a secret" in notes[0]
    assert "cannot be the name of a secret" in notes[1]
    assert notes[2:] == ["", ""]
    project.apply(planned)
    assert project.given() == before


def test_a_key_that_is_not_moved_is_not_looked_up(project: Project) -> None:
    project.env.write_text(f"'a key'=plain text\nMY_KEY={random_value(1)}\n")
    assert [step.note for step in project.plan().plan.steps] == ["", ""]


@pytest.mark.parametrize("value", ['it\'s\\ "both"', "a\nb\r\nc", "ünï ✓ 🔑", " lead", "#x", "="])
def test_values_of_every_shape_survive(project: Project, value: str) -> None:
    dotenv.set_key(project.env, "MY_SECRET", value)
    before = dotenv_reads(project.env)
    project.migrate(everything=True)
    assert project.given() == before
    assert project.stored("MY_SECRET") == before["MY_SECRET"]


@pytest.mark.parametrize(("value", "what"), [("a\0b", "NUL"), ("x" * 200_000, "bytes, more than")])
def test_a_value_that_no_variable_holds_is_kept_and_refused_by_its_key(
    project: Project, value: str, what: str
) -> None:
    project.env.write_text(f"BIG_SECRET='{value}'\n")
    project.migrate(everything=True)
    assert project.stored("BIG_SECRET") == value
    with pytest.raises(LaunchError) as refused:
        check(["true"], project.given())
    assert "BIG_SECRET" in refused.value.what
    assert what in refused.value.what
    assert value not in refused.value.what


def test_a_key_that_the_system_refuses_is_named(project: Project) -> None:
    project.env.write_text("'a=b'=c\n")
    with pytest.raises(EnvguardError) as refused:
        check(["true"], project.given())
    assert "'a=b' cannot be the name of a variable" in refused.value.what


def test_only_what_looks_like_a_secret_moves_unless_all_is_asked_for(project: Project) -> None:
    text = f"DEBUG=true\nAPI_KEY={random_value(1)}\nHOST=db.example.com\nEMPTY_KEY=\nBARE_KEY\n"
    project.env.write_text(text)
    moves = [step.key for step in project.plan().plan.moves]
    every = [step.key for step in project.plan(everything=True).plan.moves]
    assert (moves, every) == (["API_KEY"], ["DEBUG", "API_KEY", "HOST"])


def test_keys_are_chosen_by_name(project: Project) -> None:
    project.env.write_text(f"DEBUG=true\nAPI_KEY={random_value(1)}\nB_KEY={random_value(2)}\n")
    assert [s.key for s in project.plan(only=("DEBUG",)).plan.moves] == ["DEBUG"]
    assert [s.key for s in project.plan(exclude=("B_KEY",)).plan.moves] == ["API_KEY"]
    for choice in ({"only": ("NO",)}, {"exclude": ("NO",)}):
        with pytest.raises(EnvguardError, match="has no key NO"):
            project.plan(**choice)  # type: ignore[arg-type]  # one of both


def test_a_held_value_is_linked_and_another_one_is_a_conflict(project: Project) -> None:
    key, other = random_value(1), random_value(2)
    project.env.write_text(f"A_KEY={key}\n")
    project.migrate()
    project.env.write_text(f"A_KEY={key}\n")
    assert project.plan().plan.steps[0].action.value == "link"
    project.env.write_text(f"A_KEY={other}\nA_KEY={other}\n")
    asked: list[str] = []

    def resolve(name: str) -> Conflict:
        asked.append(name)
        return answer

    answer = Conflict.FAIL
    with pytest.raises(EnvguardError, match="holds another value for A_KEY"):
        project.plan(on_conflict=resolve)
    answer = Conflict.KEEP
    assert not project.plan(on_conflict=resolve).plan.moves
    answer, asked[:] = Conflict.OVERWRITE, []
    project.apply(project.plan(on_conflict=resolve))
    assert asked == ["A_KEY"]
    assert project.given() == {"A_KEY": other}
    assert project.stored("A_KEY@1") is None


def test_a_literal_is_moved_as_the_text_that_run_gives(project: Project) -> None:
    value = random_value(3)
    project.env.write_text(f"A_PASSWORD=literal:{value}\nB=literal:plain words\n")
    project.migrate()
    assert project.env.read_text() == "A_PASSWORD=secret:A_PASSWORD\nB=literal:plain words\n"
    assert project.stored("A_PASSWORD") == value
    assert project.given() == {"A_PASSWORD": value, "B": "plain words"}
