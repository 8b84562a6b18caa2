"""The examples of the README, run as a person would type them, one after the other."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

from tests.conftest import Repository
from tests.detection.samples import expand

README = Path(__file__).parents[1] / "README.md"
ENV = """\
# The shop's settings
DEBUG=true
PORT=8080
export GITHUB_TOKEN="{token}"   # for deploys
DATABASE_PASSWORD='{password}'
"""


def github_token() -> str:
    return expand("{github:ghp_}", secrets.randbits(32)).decode()


def sample(root: Path) -> Repository:
    """The project that the README speaks of."""
    shop = Repository(root / "shop")
    shop.commit({"deploy.py": f'import os\n\nTOKEN = "{github_token()}"\n'})
    shop.commit({"deploy.py": 'import os\n\nTOKEN = os.environ["GITHUB_TOKEN"]\n'})
    shop.write(".env", ENV.format(token=github_token(), password=secrets.token_hex(12)))
    shop.write("config.py", f'API = "{github_token()}"\n')
    return shop


def steps() -> list[tuple[str, str]]:
    """Each command of the README's console blocks with the output that stands below it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README.read_text(), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            found.append((command, output))
    return found


def as_pattern(output: str) -> str:
    """The expected output as an expression, in which `...` stands for anything."""
    return ".*".join(re.escape(part) for part in output.strip().split("..."))


def test_the_examples_of_the_readme_are_true(tmp_path: Path) -> None:
    shop = sample(tmp_path)
    config = shop.root / "config.py"
    new_token = config.read_text()
    config.unlink()
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    assert len(steps()) > 8
    for command, expected in steps():
        if command.startswith("git add config.py"):
            config.write_text(new_token)
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=shop.root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert re.fullmatch(as_pattern(expected), done.stdout.strip(), re.DOTALL), (
            f"$ {command}\n{done.stdout}\n--- expected ---\n{expected}"
        )
