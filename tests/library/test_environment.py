"""load_env does what python-dotenv's load_dotenv does, with references resolved."""

from __future__ import annotations

import inspect
import io
import logging
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import dotenv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import env_values, load_env
from envguard.core.errors import NotFoundError, TrustError, UsageError
from envguard.core.secret import Secret
from envguard.jobs.secrets import values as secrets_job
from envguard.workspace import project as beginning
from tests.envfile.pieces import VALID, files
from tests.jobs.project import Project

BASE = {"HOST": "outside", "A": "outside"}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A trusted project with one secret; the environment is put back afterwards."""
    project = Project(tmp_path / "shop")
    beginning.begin(project.config, project.profile, "shop", project.settings.folders)
    secrets_job.put(project.backend(), "PW", Secret("from ${HOST} the store"))
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return project


def after(load: object, *arguments: object, **options: object) -> tuple[object, dict[str, str]]:
    """What a call returns, and what it leaves in the environment."""
    with patch.dict(os.environ, {**BASE, "HOME": os.environ["HOME"]}, clear=True):
        returned = load(*arguments, **options)  # type: ignore[operator]  # one of two functions
        return returned, dict(os.environ)


def test_the_parameters_are_those_of_python_dotenv() -> None:
    for ours, theirs in ((load_env, dotenv.load_dotenv), (env_values, dotenv.dotenv_values)):
        own, other = (inspect.signature(f).parameters.values() for f in (ours, theirs))
        assert [(p.name, p.default) for p in own] == [(p.name, p.default) for p in other]


@settings(max_examples=60)
@given(content=files(VALID), override=st.booleans(), interpolate=st.booleans())
def test_a_file_without_references_is_loaded_as_python_dotenv_loads_it(
    content: bytes, override: bool, interpolate: bool
) -> None:
    text = content.decode().replace("\0", "").replace("{{", "")
    options = {"override": override, "interpolate": interpolate}
    found = after(load_env, stream=io.StringIO(text, newline=None), **options)
    assert found == after(dotenv.load_dotenv, stream=io.StringIO(text, newline=None), **options)
    values = env_values(stream=io.StringIO(text, newline=None), interpolate=interpolate)
    assert values == dotenv.dotenv_values(
        stream=io.StringIO(text, newline=None), interpolate=interpolate
    )


def test_a_line_that_is_none_is_skipped_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "x.env"
    file.write_text("A=1\nwhat is this canary\nB=2\n")
    with caplog.at_level(logging.WARNING):
        assert env_values(file) == {"A": "1", "B": "2"}
    assert f"{file}:2 is no KEY=VALUE line" in caplog.text
    assert "canary" not in caplog.text


def test_references_are_resolved_and_values_not_looked_into(shop: Project) -> None:
    shop.env.write_text(
        "PW=secret:PW\nURL=x://{{secrets.PW}}@${HOST}\nCOPY=${PW}\nNONE\nL=literal:${HOST}\n"
    )
    returned, environ = after(load_env, shop.env)
    assert returned is True
    assert {key: environ.get(key) for key in ("PW", "URL", "COPY", "NONE", "L")} == {
        "PW": "from ${HOST} the store",
        "URL": "x://from ${HOST} the store@outside",
        "COPY": "from ${HOST} the store",
        "NONE": None,
        "L": "${HOST}",
    }
    raw = env_values(shop.env, interpolate=False)
    assert raw["URL"] == "x://from ${HOST} the store@${HOST}"
    assert raw["NONE"] is None


def test_a_file_is_read_in_the_dialect_of_its_profile(shop: Project) -> None:
    shop.env.write_text("KEEP='a\\nb'\nHASH=a#b\nPW=secret:PW\nDOUBLE=\"${PW} and $PW\"\n")
    python = env_values(shop.env)
    file = shop.root / "envguard.toml"
    file.write_text(file.read_text().replace("[profiles.dev]", '[profiles.dev]\ndialect = "node"'))
    node = env_values(shop.env)
    assert (python["HASH"], node["HASH"]) == ("a#b", "a")
    assert node["PW"] == "from ${HOST} the store"
    # node's dotenv does not look into values.
    assert (python["DOUBLE"], node["DOUBLE"]) == (
        "from ${HOST} the store and $PW",
        "${PW} and $PW",
    )
    assert after(load_env, shop.env)[1]["HASH"] == "a"


def test_what_is_there_stays_unless_override(shop: Project) -> None:
    shop.env.write_text("A=secret:PW\n")
    assert after(load_env, shop.env)[1]["A"] == "outside"
    assert after(load_env, shop.env, override=True)[1]["A"] == "from ${HOST} the store"


def test_either_all_is_set_or_nothing(shop: Project) -> None:
    shop.env.write_text("NEW=1\nGONE=secret:GONE\n")
    before = dict(os.environ)
    with pytest.raises(NotFoundError, match="GONE: there is no secret:GONE"):
        load_env(shop.env)
    assert dict(os.environ) == before


def test_a_tree_that_is_not_trusted_is_refused_with_the_command(shop: Project) -> None:
    shop.env.write_text("A=secret:PW\n")
    other = shop.root / "other.env"
    other.write_text("A=secret:PW\n")
    (shop.settings.folders.config / "trust.json").unlink()
    with pytest.raises(TrustError) as refused:
        load_env(shop.env)
    assert refused.value.hint.endswith(f"envguard trust {shop.root}")
    # A traceback shows no attribute.
    assert refused.value.hint in str(refused.value)
    with pytest.raises(TrustError) as refused:
        load_env(other)
    assert f"--env-file {other}" in refused.value.hint


def test_our_own_keys_are_not_set(shop: Project) -> None:
    shop.env.write_text("ENVGUARD_KEY=x\nA2=1\n")
    environ = after(load_env, shop.env)[1]
    assert environ["A2"] == "1"
    assert "ENVGUARD_KEY" not in environ


def test_a_missing_file_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert load_env(tmp_path / "none") is False
    assert caplog.text == ""
    assert load_env(tmp_path / "none", verbose=True) is False
    assert "there is no file" in caplog.text
    assert env_values(tmp_path / "none") == {}


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_bytes("A=zwölf\n".encode("latin-1"))
    assert env_values(file, encoding="latin-1") == {"A": "zwölf"}
    with pytest.raises(UsageError, match="is not utf-8"):
        env_values(file)


@pytest.mark.parametrize("module", ["envguard", "dotenv"])
def test_the_file_is_looked_for_from_the_caller_on_upwards(module: str, tmp_path: Path) -> None:
    name = "load_env" if module == "envguard" else "load_dotenv"
    (tmp_path / "app" / "package").mkdir(parents=True)
    (tmp_path / "app" / ".env").write_text("FOUND=yes\n")
    script = tmp_path / "app" / "package" / "main.py"
    script.write_text(
        f"import os\nfrom {module} import {name}\nprint({name}(), os.environ['FOUND'])\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd="/", capture_output=True, text=True, check=True
    )
    assert done.stdout == "True yes\n"


def test_it_can_be_turned_off_as_python_dotenv(shop: Project) -> None:
    shop.env.write_text("NEW=1\n")
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    assert load_env(shop.env) is False
    assert "NEW" not in os.environ


def test_the_command_line_does_not_load_it() -> None:
    code = "import sys, envguard.cli.main; print('envguard.library.environment' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_there_is_nothing_else() -> None:
    import envguard

    with pytest.raises(AttributeError, match="has no attribute 'gone'"):
        envguard.gone  # noqa: B018 - that it raises is the point
