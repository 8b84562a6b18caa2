"""The table of a plan fits the terminal and loses nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envguard.core.plan import Action, FilePlan, Plan, Step
from envguard.core.reference import Reference
from envguard.reports.plan import render
from envguard.reports.style import Style


def step(key: str = "A_KEY", action: Action = Action.MOVE, note: str = "") -> Step:
    reference = None if action is Action.KEEP else Reference("secret", key)
    return Step(key, 1, action, reference, "named like a secret", note, "secret")


def plan(
    *files: tuple[Step, ...], origin: str | None = None, secrets: tuple[Step, ...] = ()
) -> Plan:
    plans = tuple(FilePlan(f"/shop/{n}/.env", "dev", None, steps) for n, steps in enumerate(files))
    return Plan("m1", "local:", plans, origin, secrets)


def test_the_table_names_key_class_reason_target_action_and_note() -> None:
    made = plan((step(note="one secret with web/.env"), step("DEBUG", Action.KEEP)))
    assert list(render(made, {"/shop/0/.env": ".env"}, Style())) == [
        ".env",
        "KEY    CLASS AND WHY                WHERE TO      ACTION",
        "A_KEY  secret: named like a secret  secret:A_KEY  move",
        "    one secret with web/.env",
        "DEBUG  secret: named like a secret  -             keep",
    ]


def test_several_files_are_counted_at_the_end_and_an_origin_comes_first() -> None:
    made = plan((step(),), (step(action=Action.LINK),), origin="local:///old.db", secrets=(step(),))
    lines = list(render(made, {}, Style()))
    assert [line for line in lines if not line.startswith(("KEY", "A_KEY"))] == [
        "local:///old.db",
        "",
        "/shop/0/.env",
        "",
        "/shop/1/.env",
        "",
        "2 move, 1 link, 0 keep",
    ]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x1b"), min_size=1, max_size=90)


@given(
    st.lists(st.builds(step, texts, st.sampled_from(Action), texts), min_size=1),
    st.integers(60, 120),
)
def test_no_line_is_wider_than_the_terminal_or_steers_it(steps: list[Step], width: int) -> None:
    lines = list(render(plan(tuple(steps)), {}, Style(), width))
    assert max(map(len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    assert sum(line.rstrip().endswith(("move", "link", "keep")) for line in lines) >= len(steps)


def test_a_profile_that_is_made_for_a_file_is_named() -> None:
    file = FilePlan("/shop/.env.test", "test", None, (step(),), (".env.test",))
    lines = list(render(Plan("m1", "local:", (file,)), {"/shop/.env.test": ".env.test"}, Style()))
    assert lines[0] == ".env.test (profile test)"


def test_a_long_key_goes_on_in_the_next_line() -> None:
    key = "A" * 100 + "_KEY"
    lines = list(render(plan((step(key),)), {}, Style()))
    shown = "".join(line[:24].split("  ")[0] for line in lines[2:])
    assert shown.count("A") == 100
    assert shown.endswith("_KEY")


def test_colour_is_not_counted() -> None:
    made = plan((step(),))
    plain, painted = (list(render(made, {}, Style(colour))) for colour in (False, True))
    assert plain != painted
    assert painted[2].startswith(plain[2].removesuffix("move"))
