"""init: a repository gets its configuration, .gitignore, hook and trust."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envguard.core.config import FILE_NAME, Config, Folders, Profile
from envguard.core.errors import TrustError, UsageError
from envguard.sources import git as git_door
from envguard.sources.git import Git
from envguard.sources.repository import remotes
from envguard.workspace import ci_files, gitignore, hooks, precommit, project, resources, trust

HOOK = "pre-commit"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was set up, or why it was not."""

    what: str
    outcome: str


def project_name(folder: Path) -> str:
    """What to call the project: the last part of origin's URL, else the folder's name."""
    git = git_door.find(folder)
    url = remotes(git).get("origin", "") if git is not None else ""
    name = url.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
    return name or folder.resolve().name


def configure(config: Config, profile: Profile, name: str, folders: Folders) -> list[Step]:
    """Writes `envguard.toml` with a project id of its own where there is none, and trusts it.

    An id that came with the tree is not trusted here: `envguard trust` shows it first.
    """
    if config.project_id:
        file = config.file or config.root / FILE_NAME
        try:
            trust.require(folders, config, profile)
        except TrustError as error:
            return [Step(file.name, "is there already"), Step("trust", error.hint)]
        return [Step(file.name, "is there already"), Step("trust", "is recorded")]
    made = project.begin(config, profile, name, folders)
    written = (made.file or made.root / FILE_NAME).name
    return [Step(written, f"written, project {name}"), Step("trust", "recorded for you")]


def ignore(folder: Path) -> list[Step]:
    """Keeps .env files out of git."""
    git = git_door.find(folder)
    if git is None:
        return [Step(".gitignore", "not needed: this is no git repository")]
    changed = gitignore.write(git.top / ".gitignore")
    return [Step(".gitignore", "written" if changed else "is as it should be")]


def install_hook(folder: Path, command: str, name: str = HOOK) -> list[Step]:
    """An entry for the pre-commit framework where the repository uses it, else a plain hook.

    `command` is the absolute path of our own program, `name` that of the hook.
    """
    server = name == hooks.SERVER
    git = _repository(folder, allow_bare=server)
    framework = git.top / precommit.FILE_NAME
    if framework.is_file() and not server:
        added = precommit.write(framework)
        if added is None:
            return [Step(precommit.FILE_NAME, f"add this yourself:\n{precommit.SNIPPET}")]
        outcome = "entry added" if added else "has the entry already"
        if name == HOOK:
            return [Step(precommit.FILE_NAME, outcome)]
        return [
            Step(precommit.FILE_NAME, outcome),
            Step(f"{name} hook", f"pre-commit writes it: pre-commit install --hook-type {name}"),
        ]
    script = hooks.script(resources.read("hooks", name), command)
    outcome = hooks.install(git.hooks, name, script, None if git.bare else git.top).value
    return [Step(f"{name} hook", outcome)]


def add_ci(folder: Path, system: str, version: str) -> list[Step]:
    """The file that makes a CI system look for credentials, with this version of envguard."""
    path, written, then = ci_files.write(_repository(folder, allow_bare=False).top, system, version)
    return [Step(path, f"{written.value}; {then}" if then else written.value)]


def uninstall_hook(folder: Path, name: str | None = None) -> list[Step]:
    """Removes the plain hooks, or the one of that name, and puts back those from before."""
    git = _repository(folder, allow_bare=True)
    names = hooks.NAMES if name is None else (name,)
    steps = [Step(f"{one} hook", hooks.uninstall(git.hooks, one).value) for one in names]
    done = [step for step in steps if step.outcome != hooks.Outcome.ABSENT.value]
    return done or steps[:1]


def _repository(folder: Path, *, allow_bare: bool) -> Git:
    git = git_door.find(folder, allow_bare=allow_bare)
    if git is None:
        raise UsageError(f"{folder} is not in a git repository", "git init")
    return git
