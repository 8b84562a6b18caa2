from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from envguard.core.errors import UsageError
from envguard.envfile.origins import Kind, Origin, open_origin, read_variables

VALUE = "hunter2 of the shop"
SOPS_ENV = "A=ENC[AES256_GCM,data:x]\nB=ENC[AES256_GCM,data:y]\nsops_mac=ENC[z]\n"
SOPS_YAML = "# c\ndb:\n  x: ENC[q]\nsops:\n  mac: ENC[m]\n"
DOTENVX = '# c\nDOTENV_PUBLIC_KEY="03ab"\nA="encrypted:abc"\nexport B=plain # b\n'

# Notes how it was called, and prints what the test has put beside it.
TOOL = """#!/bin/sh
here="$(dirname "$0")"
printf '%s\\n' "$0" "$@" > "$here/called"
env > "$here/env"
echo "noise with {value}" >&2
cat "$here/answer"
exit "$(cat "$here/code")"
"""


class Tool:
    """A fake program alone on a PATH of its own."""

    def __init__(self, folder: Path, name: str, answer: str, code: int = 0) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "answer").write_text(answer)
        (folder / "code").write_text(str(code))
        (folder / name).write_text(TOOL.replace("{value}", VALUE))
        (folder / name).chmod(0o755)

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": f"{self.folder}:/usr/bin:/bin", "ENVGUARD_KEY": "egk1_x", "OTHER": "1"}

    @property
    def called(self) -> list[str]:
        return (self.folder / "called").read_text().splitlines()[1:]


def values(origin: Origin) -> dict[str, tuple[int, str | None]]:
    entries = origin.document.entries
    return {e.key: (e.line, None if e.value is None else e.value.reveal()) for e in entries}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "text", "kind", "rewritten"),
    [
        (".env", "A=1\n", Kind.DOTENV, True),
        ("config.yml", "environment:\n  A: '1'\n", Kind.YAML_MAP, True),
        ("compose.yaml", "services:\n  w:\n    environment:\n      A: 1\n", Kind.COMPOSE, True),
        ("s.yaml", "kind: Secret\nstringData:\n  A: '1'\n", Kind.K8S_SECRET, False),
        ("s.json", '{"kind": "Secret", "stringData": {"A": "1"}}', Kind.K8S_SECRET, False),
    ],
)
def test_a_file_is_read_by_what_is_in_it(
    tmp_path: Path, name: str, text: str, kind: Kind, rewritten: bool
) -> None:
    origin = open_origin(write(tmp_path / name, text), {})
    assert origin.kind is kind
    assert [entry.key for entry in origin.document.entries] == ["A"]
    assert origin.document.render() == text.encode()
    assert origin.is_rewritten is rewritten
    line = origin.document.entries[0].line
    changed = origin.document.replace_all({line: "secret:A"}).render()
    assert (b"secret:A" in changed) is rewritten
    assert bool(origin.remains) is (kind not in (Kind.DOTENV, Kind.YAML_MAP))


def test_sops_reads_its_env_file_through_a_pipe(tmp_path: Path) -> None:
    file = write(tmp_path / "-a b.env", SOPS_ENV)
    tool = Tool(tmp_path / "bin", "sops", f"A={VALUE}\nB='y'\n")
    origin = open_origin(file, tool.environ)
    assert (origin.kind, origin.is_rewritten) == (Kind.SOPS, False)
    assert values(origin) == {"A": (1, VALUE), "B": (2, "y")}
    assert tool.called == ["-d", str(file)]
    assert "ENVGUARD" not in (tool.folder / "env").read_text()
    assert "OTHER=1" in (tool.folder / "env").read_text()
    assert origin.document.replace_all({1: "secret:A"}).render() == SOPS_ENV.encode()
    assert file.read_text() == SOPS_ENV
    assert sorted(p.name for p in tmp_path.iterdir()) == ["-a b.env", "bin"]


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        (f"# c\nA: {VALUE}\nB: 2\n", {"A": (2, VALUE), "B": (3, "2")}),
        (f"environment:\n  A: {VALUE}\nother: x\n", {"A": (2, VALUE)}),
        (f"kind: Secret\nstringData:\n  A: {VALUE}\n", {"A": (3, VALUE)}),
    ],
)
def test_sops_reads_yaml_of_every_shape(
    tmp_path: Path, plain: str, found: dict[str, tuple[int, str]]
) -> None:
    file = write(tmp_path / "s.enc.yaml", SOPS_YAML)
    origin = open_origin(file, Tool(tmp_path / "bin", "sops", plain).environ)
    assert (origin.kind, values(origin)) == (Kind.SOPS, found)
    assert origin.document.render() == SOPS_YAML.encode()


def test_what_is_nested_in_a_sops_file_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "s.yaml", SOPS_YAML)
    tool = Tool(tmp_path / "bin", "sops", f"db:\n  x: {VALUE}\n")
    with pytest.raises(UsageError, match=r"s\.yaml:1 db is no text"):
        open_origin(file, tool.environ)


def test_dotenvx_gives_the_values_as_json(tmp_path: Path) -> None:
    file = write(tmp_path / ".env.production", DOTENVX)
    answer = '{"DOTENV_PUBLIC_KEY": "03ab", "A": "hunter2 of the shop", "B": "plain"}'
    tool = Tool(tmp_path / "bin", "dotenvx", answer)
    origin = open_origin(file, tool.environ)
    assert (origin.kind, values(origin)) == (Kind.DOTENVX, {"A": (3, VALUE), "B": (4, "plain")})
    assert tool.called == ["get", "--overload", "--file", str(file)]
    assert origin.document.render() == DOTENVX.encode()


@pytest.mark.parametrize("answer", ['{"B": "x"}', '{"A": "encrypted:abc", "B": "x"}'])
def test_a_value_that_dotenvx_does_not_decrypt_is_an_error(tmp_path: Path, answer: str) -> None:
    file = write(tmp_path / ".env", DOTENVX)
    with pytest.raises(UsageError, match=r"\.env:3 A is not decrypted"):
        open_origin(file, Tool(tmp_path / "bin", "dotenvx", answer).environ)


@pytest.mark.parametrize("answer", ["", "[]", VALUE])
def test_what_is_no_json_is_not_quoted(tmp_path: Path, answer: str) -> None:
    file = write(tmp_path / ".env", DOTENVX)
    with pytest.raises(UsageError, match="something else than JSON") as error:
        open_origin(file, Tool(tmp_path / "bin", "dotenvx", answer).environ)
    assert VALUE not in f"{error.value.what} {error.value.hint} {error.value.__context__}"


@pytest.mark.parametrize(
    ("name", "text", "tool"), [(".env", SOPS_ENV, "sops"), (".env", DOTENVX, "dotenvx")]
)
def test_a_tool_that_is_missing_or_refuses_is_an_error_with_what_to_do(
    tmp_path: Path, name: str, text: str, tool: str
) -> None:
    file = write(tmp_path / name, text)
    with pytest.raises(UsageError, match=f"is encrypted, and {tool} is not installed") as error:
        open_origin(file, {"PATH": "/nowhere"})
    assert error.value.hint.startswith("install it: ")
    refusing = Tool(tmp_path / "bin", tool, f"A={VALUE}", code=3)
    with pytest.raises(UsageError, match=f"{tool} does not decrypt .*: it ended with 3") as error:
        open_origin(file, refusing.environ)
    assert VALUE not in error.value.what + error.value.hint
    assert error.value.hint.startswith(f"see why: {tool} ")


def test_a_tool_of_the_tree_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / ".env", SOPS_ENV)
    Tool(tmp_path / "bin", "sops", "A=1\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="sops is not installed"):
        open_origin(file, {"PATH": "bin"})
    with pytest.raises(UsageError, match="sops is not installed"):
        open_origin(file, {})


def test_reading_for_a_program_runs_no_tool(tmp_path: Path) -> None:
    tool = Tool(tmp_path / "bin", "sops", "A=1\n")
    assert len(read_variables(write(tmp_path / ".env", SOPS_ENV)).entries) == 3
    assert not (tool.folder / "called").exists()
    read = read_variables(write(tmp_path / "config.yml", "environment: {A: 1, B: x}\n"))
    assert [entry.key for entry in read.entries] == ["A", "B"]


def test_several_variables_on_a_line_cannot_be_moved(tmp_path: Path) -> None:
    file = write(tmp_path / "config.yml", "environment: {A: 1, B: x}\n")
    with pytest.raises(UsageError, match=r"config\.yml:1 holds several variables"):
        open_origin(file, {})


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for name in ("a.yml", ".env"):
        with pytest.raises(UsageError, match="cannot be read: No such file"):
            open_origin(tmp_path / name, {})


@pytest.mark.prove
@pytest.mark.skipif(not (shutil.which("sops") and shutil.which("age-keygen")), reason="no sops")
def test_the_true_sops_is_understood(tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    recipient = key.read_text().split("public key: ")[1].split()[0]
    for name, text, found in [
        ("a.env", f"# c\nA={VALUE}\nB=\n", {"A": (2, VALUE), "B": (3, "")}),
        ("b.yaml", f"A: {VALUE}\nB: 80\n", {"A": (1, VALUE), "B": (2, "80")}),
        ("c.json", f'{{"A": "{VALUE}", "B": "a\\nb"}}', {"A": (2, VALUE), "B": (3, "a\nb")}),
    ]:
        file = write(tmp_path / name, text)
        subprocess.run(["sops", "-e", "-i", "--age", recipient, file], check=True)
        before = file.read_bytes()
        assert VALUE.encode() not in before
        origin = open_origin(file, {**os.environ, "SOPS_AGE_KEY_FILE": str(key)})
        assert (origin.kind, values(origin)) == (Kind.SOPS, found)
        assert file.read_bytes() == before


@pytest.mark.prove
@pytest.mark.skipif(not shutil.which("dotenvx"), reason="no dotenvx")
def test_the_true_dotenvx_is_understood(tmp_path: Path) -> None:
    file = write(tmp_path / ".env", f'# c\nA="{VALUE}"\nB="a\nb"\nexport C=1 # c\nD="${{A}}!"\n')
    subprocess.run(["dotenvx", "encrypt"], cwd=tmp_path, check=True, capture_output=True)
    before = file.read_bytes()
    assert VALUE.encode() not in before
    origin = open_origin(file, {**os.environ, "A": "of the caller"})
    assert origin.kind is Kind.DOTENVX
    read = {key: value for key, (_, value) in values(origin).items()}
    assert read == {"A": VALUE, "B": "a\nb", "C": "1", "D": f"{VALUE}!"}
    assert file.read_bytes() == before
