from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from envguard.backends.service.notes import Notes, read_notes
from envguard.core.backend import About

texts = st.text(max_size=20)
notes = st.builds(
    Notes,
    key=texts,
    description=texts,
    category=st.sampled_from(["other", "api_key", "token"]),
    tags=st.lists(texts, max_size=4).map(tuple),
    expires_at=st.none() | st.just("2027-01-31T00:00:00Z"),
    rotate_every=st.none() | st.just("90d"),
)


@given(notes)
def test_notes_are_read_as_they_were_written(said: Notes) -> None:
    assert read_notes(said.texts()) == said


@given(st.dictionaries(st.sampled_from(["envguard-tags", "envguard-key", "x"]), texts))
def test_what_somebody_else_wrote_is_read_as_far_as_it_goes(found: dict[str, str]) -> None:
    assert read_notes(found).key == found.get("envguard-key", "")


def test_what_is_said_changes_and_an_empty_text_takes_away() -> None:
    said = Notes("A", "old", "token", ("x",), "2027-01-31T00:00:00Z", "90d")
    assert said.after(About()) == said
    after = said.after(About("", tags=(), expires_at="", rotate_every="30d"))
    assert after == Notes("A", "", "token", (), None, "30d")
    assert set(after.texts()) == {"envguard-key", "envguard-category", "envguard-rotate-every"}
