"""inject: a template with its references resolved, whole or not at all."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from envguard.core.errors import ConfigError, NotFoundError, TrustError, UsageError
from envguard.core.secret import Secret
from envguard.jobs.inject import inject
from envguard.jobs.secrets import values as secrets_job
from envguard.workspace import project as beginning
from tests.jobs.project import Project


@pytest.fixture
def shop(project: Project) -> Project:
    """A trusted project with some secrets."""
    beginning.begin(project.config, project.profile, "shop", project.settings.folders)
    values = {"PW": 'p"ss\n{{secrets.ROOT}}', "ROOT": "file:/etc/passwd", "J": '{"u": "ada"}'}
    for name, value in values.items():
        secrets_job.put(project.backend(), name, Secret(value))
    return project


def injected(
    project: Project, name: str, text: str, format: str | None = None, *, trusted: bool = False
) -> str:
    file = project.root / name
    file.write_text(text)
    return inject(
        file,
        io.BytesIO(),
        format,
        project.config,
        project.profile,
        project.settings,
        folder=project.root,
        trusted=trusted,
    ).decode()


def test_references_of_every_kind_are_resolved_once_and_escaped(shop: Project) -> None:
    (shop.root / "inner").write_text("from a file\n")
    text = injected(
        shop,
        "app.json.tmpl",
        '{"a": "x{{secrets.PW}}", "b": "secret:ROOT", "c": "secret:J#u", "d": "env:HOME",'
        ' "e": "file:inner", "f": "literal:secret:PW", "g": "{{secrets.J#u}}"}',
    )
    assert json.loads(text) == {
        "a": 'xp"ss\n{{secrets.ROOT}}',
        "b": "file:/etc/passwd",
        "c": "ada",
        "d": shop.environ["HOME"],
        "e": "from a file",
        "f": "secret:PW",
        "g": "ada",
    }


def test_everything_that_is_missing_is_named_with_its_line(shop: Project) -> None:
    with pytest.raises(NotFoundError) as refused:
        injected(shop, "a.yml", "a: secret:NO\nb: x\nc: <{{secrets.NOPE}}>\nd: secret:PW\n")
    file = shop.root / "a.yml"
    assert (
        refused.value.what == f"{file}:1: there is no secret:NO; {file}:3: there is no secret:NOPE"
    )


def test_schemes_that_are_turned_off_are_text(shop: Project) -> None:
    config = shop.root / "envguard.toml"
    plain = config.read_text().replace("[profiles.dev]", '[profiles.dev]\nreferences = ["env"]')
    config.write_text(plain)
    text = "secret:PW\n{{secrets.PW}}\nk=file:x\nliteral:y\n"
    assert injected(shop, "t", text) == "secret:PW\n{{secrets.PW}}\nk=file:x\ny\n"


def test_a_template_of_an_untrusted_folder_is_refused(shop: Project) -> None:
    (shop.settings.folders.config / "trust.json").unlink()
    for text in ("secret:PW", "{{secrets.PW}}", "env:HOME"):
        with pytest.raises(TrustError, match="is not trusted"):
            injected(shop, "t", text)
    assert injected(shop, "t", "literal:x {{secrets.}}") == "literal:x {{secrets.}}"
    assert injected(shop, "t", "secret:ROOT", trusted=True) == "file:/etc/passwd"


def test_a_file_outside_the_folder_needs_a_word_and_our_own_are_never_handed_out(
    shop: Project,
) -> None:
    (shop.root.parent / "outside").write_text("x")
    with pytest.raises(TrustError, match=r"reads outside .*: .*outside"):
        injected(shop, "t", "file:../outside")
    assert injected(shop, "t", "file:../outside", trusted=True) == "x"
    own = shop.settings.folders.config / "store.key"
    with pytest.raises(ConfigError, match="own files"):
        injected(shop, "t", f"file:{own}", trusted=True)


def test_a_template_that_is_no_text_or_not_there_says_so(shop: Project) -> None:
    (shop.root / "bytes").write_bytes(b"\xff")
    for name in ("bytes", "gone"):
        with pytest.raises(UsageError, match=name):
            inject(
                shop.root / name,
                io.BytesIO(),
                None,
                shop.config,
                shop.profile,
                shop.settings,
                folder=Path(),
            )
