"""The example of a .env: written once, kept in step, never with a secret in it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from envguard.core.errors import UsageError
from envguard.envfile.quote import shortest
from envguard.jobs.example import Outcome, example
from tests.detection.test_harmless import SHAPES
from tests.jobs.project import Project, detector, random_value

KEY = random_value(1)


def made(project: Project, file: Path | None = None, *, check: bool = False) -> Outcome:
    return example(file or project.env, detector(), project.config.backends, check=check)


def text(project: Project) -> str:
    return (project.root / ".env.example").read_text()


def test_an_example_is_the_file_without_its_secrets(project: Project) -> None:
    project.env.write_text(
        f"# The shop\n\nDEBUG=true\nAPI_KEY={KEY} # ask Ada\n"
        f"# OLD_KEY={KEY}\nexport REF='secret:REF'\nE=\n"
    )
    done = made(project)
    assert done == Outcome(project.root / ".env.example", True, (), ())
    assert text(project) == (
        "# The shop\n\nDEBUG=true\nAPI_KEY= # ask Ada\n# OLD_KEY=\nexport REF='secret:REF'\nE=\n"
    )
    assert done.path.stat().st_mode & 0o777 == 0o644


def test_a_second_time_changes_nothing(project: Project) -> None:
    project.env.write_text(f"A=1\nAPI_KEY={KEY}\n")
    made(project)
    before = (project.root / ".env.example").stat()
    assert not made(project).changed
    assert (project.root / ".env.example").stat().st_ino == before.st_ino
    assert not made(project, check=True).changed


def test_a_check_writes_nothing(project: Project) -> None:
    project.env.write_text("A=1\n")
    assert made(project, check=True).changed
    assert not (project.root / ".env.example").exists()


def test_an_existing_example_keeps_its_bytes(project: Project) -> None:
    own = f"# mine, {KEY[:8]}\r\n\r\nA = 'somewhere'   # a note\r\nGONE=x"
    (project.root / ".env.example").write_bytes(own.encode())
    project.env.write_text(f"A=1\nB=2 # two\nAPI_KEY={KEY}\n")
    done = made(project)
    assert (done.undocumented, done.missing) == (("B", "API_KEY"), ("GONE",))
    assert (project.root / ".env.example").read_bytes() == (
        own.encode() + b"\r\nB=2 # two\r\nAPI_KEY=\r\n"
    )


def test_a_secret_in_an_existing_example_goes(project: Project) -> None:
    (project.root / ".env.example").write_text(f"API_KEY='{KEY}' # note\nA=1\n")
    project.env.write_text("A=1\nAPI_KEY=\n")
    assert made(project, check=True).changed
    made(project)
    assert text(project) == "API_KEY='' # note\nA=1\n"


def test_an_empty_value_becomes_the_reference_after_a_migration(project: Project) -> None:
    project.env.write_text(f"DEBUG=true\nAPI_KEY='{KEY}'   # note\n")
    made(project)
    assert text(project) == "DEBUG=true\nAPI_KEY=   # note\n"
    project.migrate()
    made(project)
    assert text(project) == "DEBUG=true\nAPI_KEY=secret:API_KEY   # note\n"
    assert not made(project).changed


def test_a_reference_under_an_alias_is_kept_as_one(project: Project) -> None:
    project.env.write_text(f"API_KEY={KEY}\n")
    project.apply(project.plan(alias="team"))
    made(project)
    assert text(project) == "API_KEY=team:API_KEY\n"


def test_an_example_that_cannot_be_read_or_replaced_stays(project: Project) -> None:
    project.env.write_text("A=1\n")
    target = project.root / ".env.example"
    for content, what in ((b"A: 1\n", "no KEY=VALUE"), (b"\xff", "not UTF-8")):
        target.write_bytes(content)
        with pytest.raises(UsageError, match=what):
            made(project)
        assert target.read_bytes() == content
    target.unlink()
    target.symlink_to("elsewhere")
    for check in (True, False):
        with pytest.raises(UsageError, match="is a symbolic link"):
            made(project, check=check)
    target.unlink()
    target.mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        made(project)


def test_a_file_that_cannot_be_read_gives_no_example(project: Project) -> None:
    project.env.write_text("A=1\nPASSWORD: x\n")
    for file in (project.env, project.root / "none"):
        with pytest.raises(UsageError):
            made(project, file)
    assert sorted(path.name for path in project.root.iterdir()) == [".env"]


def test_every_environment_has_an_example_of_its_own(project: Project) -> None:
    file = project.root / ".env.production"
    file.write_text("A=1\n")
    assert made(project, file).path == project.root / ".env.production.example"


NAMES = ("UPSTREAM", "APP_TITLE", "REGION", "CLIENT_ID", "NEXT_PUBLIC_X", "TOKEN_URL", "HOST", "X")


@pytest.mark.parametrize("shape", SHAPES)
def test_no_generated_value_stands_in_an_example_whatever_its_name(
    shape: str, project: Project
) -> None:
    chance = random.Random(shape)  # noqa: S311 - made up
    least = 12 if shape == "words and digits" else 18
    values = [SHAPES[shape](chance, chance.randint(least, 48)) for _ in range(80)]
    lines = []
    for number, value in enumerate(values):
        key = f"{chance.choice(NAMES)}_{number}"
        spelled = shortest(value)
        lines += chance.choice(
            [
                [f"{key}={spelled}"],
                [f"{key}=x # was {value.replace(chr(39), '')}"],
                [f"# {key}={spelled}", f"{key}="],
                [f"{key}={shortest('https://example.com/' + value)}"],
                [f"# see {value}"],
            ]
        )
    project.env.write_text("\n".join(lines) + "\n")
    made(project)
    shown = text(project)
    for value in values:
        assert value not in shown
        assert value.replace("'", "") not in shown
    assert not made(project).changed


def test_what_is_useful_stays(project: Project) -> None:
    settings = (
        "LOG_LEVEL=info\nURL=http://localhost:3000\nPORT=8080\nFROM='Shop <shop@example.com>'\n"
        "REGION=us-east-1\nDATABASE=postgres://${USER}:${PASS}@localhost/app\nNAME=my-shop-front\n"
    )
    project.env.write_text(settings + "HOOK=https://example.com/in/kqzjwvhxbfpdmtgrlsnc?page=2\n")
    made(project)
    assert text(project) == settings + "HOOK='https://example.com/in/?page=2'\n"


def test_what_people_wrote_into_an_example_stays_unless_it_is_the_value_itself(
    project: Project,
) -> None:
    own, mine = "kqzjwvhxbfpdmtgrlsnc", "zzkqjwvhxbfpdmtgrlsn"
    (project.root / ".env.example").write_text(f"A={own}\nB={own}\n")
    project.env.write_text(f"A={mine}\nB={own}\n")
    made(project)
    assert text(project) == f"A={own}\nB=\n"
