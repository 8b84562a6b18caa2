"""What a program gets: references inside texts, expectations, all problems in one error."""

from __future__ import annotations

import pytest

from envguard.core.errors import BackendError, NotFoundError, TrustError, UsageError
from envguard.core.secret import Secret
from envguard.jobs.environment import values
from envguard.jobs.environment.request import Request
from envguard.jobs.secrets import values as secrets_job
from envguard.workspace import project as beginning
from tests.jobs.project import Project


@pytest.fixture
def shop(project: Project) -> Project:
    """A trusted project with some secrets."""
    beginning.begin(project.config, project.profile, "shop", project.settings.folders)
    for name, value in {
        "PW": "p@ss${HOME}{{secrets.PORT}}",
        "PORT": "5432",
        "J": '{"u": "ada"}',
    }.items():
        secrets_job.put(project.backend(), name, Secret(value))
    return project


def expect(project: Project, text: str) -> None:
    file = project.root / "envguard.toml"
    file.write_text(file.read_text() + text)


def test_a_secret_inside_a_text_takes_its_place_and_is_not_looked_into(shop: Project) -> None:
    shop.env.write_text(
        "HOST=db\n"
        "URL=pg://{{secrets.J#u}}:{{ secrets.PW }}@${HOST}:{{secrets.PORT}}/x\n"
        "COPY='${URL}!'\n"
        "CI=${{ secrets.PW }}\n"
    )
    url = "pg://ada:p@ss${HOME}{{secrets.PORT}}@db:5432/x"
    found = shop.given()
    assert (found["URL"], found["COPY"]) == (url, f"{url}!")
    # python-dotenv reads a variable with the name `{ secrets.PW ` there.
    assert found["CI"] == "}"


def test_values_that_look_like_references_reach_the_child_as_they_are(shop: Project) -> None:
    texts = [
        "{{secrets.ROOT}}",
        "file:/etc/passwd",
        "env:HOME",
        "secret:PW",
        "${HOME}",
        "literal:x",
    ]
    for number, text in enumerate(texts):
        secrets_job.put(shop.backend(), f"S{number}", Secret(text))
    shop.environ = {**shop.environ, **{f"V{n}": text for n, text in enumerate(texts)}}
    lines = [f"A{n}=secret:S{n}\nB{n}=env:V{n}\nC{n}=<{{{{secrets.S{n}}}}}>\n" for n in range(6)]
    shop.env.write_text("".join(lines))
    found = shop.given()
    for number, text in enumerate(texts):
        assert found[f"A{number}"] == found[f"B{number}"] == text
        assert found[f"C{number}"] == f"<{text}>"


def test_a_secret_inside_a_variables_default_is_refused_and_not_mangled(shop: Project) -> None:
    shop.env.write_text("A=${B:-{{secrets.PW}}}\n")
    with pytest.raises(UsageError, match=r"A \(.*\.env:1\): a {{secrets.NAME}} stands inside"):
        shop.given()


def test_a_secret_inside_a_text_needs_trust_and_the_scheme(shop: Project) -> None:
    shop.env.write_text("A=x{{secrets.PW}}\n")
    expect(shop, '[profiles.plain]\nreferences = ["env"]\n')
    assert shop.child_environ(profile="plain", clean=True) == {"A": "x{{secrets.PW}}"}
    (shop.settings.folders.config / "trust.json").unlink()
    with pytest.raises(TrustError):
        shop.given()


def test_all_problems_are_in_one_error_that_holds_no_value(shop: Project) -> None:
    expect(
        shop,
        "[secrets.NEEDED]\nrequired = true\n[secrets.BLANK]\nrequired = true\n"
        '[secrets.PORT]\ntype = "port"\n[secrets.BUILT]\ntype = "integer"\n'
        '[secrets.GONE]\nrequired = true\ntype = "url"\n',
    )
    shop.env.write_text(
        "GONE=secret:GONE\nINSIDE=x{{secrets.NOPE}}\nBUILT=${GONE}\nPORT=canary\nBLANK=\n"
    )
    with pytest.raises(NotFoundError) as refused:
        shop.given()
    assert refused.value.what.split("; ") == [
        "GONE: there is no secret:GONE",
        "INSIDE: there is no secret:NOPE",
        "NEEDED: it is required and is not set",
        "BLANK: it is required and is empty",
        "PORT: the value is no port, 1 to 65535",
    ]


def test_a_failing_backend_does_not_hide_the_other_problems(shop: Project) -> None:
    shop.env.write_text("A=secret:PW\nB=env:NOPE\n")
    (shop.settings.folders.config / "store.key").unlink()
    with pytest.raises(BackendError, match=r"is missing; B: there is no variable NOPE"):
        shop.given()


def test_the_calling_environment_can_give_what_is_required(shop: Project) -> None:
    expect(shop, '[secrets.NEEDED]\nrequired = true\ntype = "integer"\n')
    shop.env.write_text("A=1\n")
    shop.environ = {**shop.environ, "NEEDED": "7"}
    assert shop.child_environ()["NEEDED"] == "7"
    with pytest.raises(NotFoundError, match="NEEDED: it is required and is not set"):
        shop.child_environ(clean=True)
    shop.environ = {**shop.environ, "NEEDED": "x"}
    with pytest.raises(UsageError, match="NEEDED: the value is no integer"):
        shop.child_environ()


def test_what_was_not_chosen_is_not_expected(shop: Project) -> None:
    expect(shop, '[secrets.B]\nrequired = true\ntype = "port"\n')
    shop.env.write_text("A=1\nB=x\n")
    assert shop.child_environ(only=("A",), clean=True) == {"A": "1"}
    assert shop.child_environ(exclude=("B",), clean=True) == {"A": "1"}
    with pytest.raises(UsageError):
        shop.child_environ(only=("B",))


def test_what_comes_from_references_is_known(shop: Project) -> None:
    shop.env.write_text(
        "A=secret:PW\nB=x${A}\nC=${B}\nD=plain\nE=<{{secrets.PORT}}>\nF=literal:x\nG=env:HOME\n"
    )
    found = values.resolve(Request(), shop.config, shop.profile, shop.settings)
    assert found.referenced == {"A", "B", "C", "E", "G"}
    assert set(found.given) == set("ABCDEFG")
    assert "p@ss" not in repr(found)


def test_a_yaml_file_with_an_environment_map_is_read(shop: Project) -> None:
    (shop.root / "config.yml").write_text(
        "name: shop\nenvironment:\n  PW: secret:PW\n  PORT: 8080\n  DEBUG: 'true'\n"
        "  TEXT: |\n    one\n    two\n  HOME_OF: env:HOME\n"
    )
    found = shop.child_environ(shop.root / "config.yml", clean=True, trusted=True)
    assert found == {
        "PW": "p@ss${HOME}{{secrets.PORT}}",
        "PORT": "8080",
        "DEBUG": "true",
        "TEXT": "one\ntwo\n",
        "HOME_OF": shop.environ["HOME"],
    }


def test_a_dialect_decides_what_a_file_says(shop: Project) -> None:
    shop.env.write_text(
        "PORT=secret:PORT\nURL=\"x\\t$PORT\" # c\nRAW='${PORT}'\nIN=pg://{{secrets.PW}}@$PORT\n"
    )
    pw = "p@ss${HOME}{{secrets.PORT}}"

    def given(dialect: str) -> object:
        request = Request(dialect=dialect, clean=True)
        found = values.resolve(request, shop.config, shop.profile, shop.settings).environ
        return {key: found[key] for key in ("URL", "RAW", "IN")}

    assert given("python") == {"URL": "x\t$PORT", "RAW": "5432", "IN": f"pg://{pw}@$PORT"}
    assert given("dotenvx") == {"URL": "x\t5432", "RAW": "${PORT}", "IN": f"pg://{pw}@5432"}
    assert given("node") == {"URL": "x\\t$PORT", "RAW": "${PORT}", "IN": f"pg://{pw}@$PORT"}
    assert given("bash") == {"URL": "x\\t5432", "RAW": "${PORT}", "IN": f"pg://{pw}@5432"}


def test_the_command_of_the_hint_names_the_dialect(shop: Project) -> None:
    other = shop.root / "other.env"
    other.write_text("A: file:../outside\n")
    with pytest.raises(TrustError) as refused:
        values.resolve(Request((other,), dialect="node"), shop.config, shop.profile, shop.settings)
    assert f"trust --env-file {other} --dialect node {shop.root}" in refused.value.hint
