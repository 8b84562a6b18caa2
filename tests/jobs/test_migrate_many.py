"""Many files are one plan: names that do not collide, shared values, profiles, one journal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from envguard.backends import registry
from envguard.core.errors import BackendError, ConfigError, UsageError
from envguard.core.plan import Action
from envguard.core.reference import Reference
from envguard.jobs.migrate import job, journals, undo
from envguard.jobs.migrate.apply import apply
from envguard.jobs.migrate.request import Answers, Conflict, Equal, FileOutcome, Planned, Request
from tests.conftest import Repository
from tests.jobs.project import Project, detector, never_asked, random_value

ONE, TWO, THREE = (random_value(seed) for seed in (1, 2, 3))


def write(project: Project, files: dict[str, str]) -> list[Path]:
    """Files by their path from the top; several entries in one line, separated by blanks."""
    paths = []
    for name, entries in files.items():
        path = project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(entries.replace(" ", "\n") + "\n")
        paths.append(path)
    return paths


def references(project: Project, files: list[Path]) -> dict[str, list[str]]:
    """What stands in the files now, by path from the top."""
    return {str(file.relative_to(project.root)): file.read_text().splitlines() for file in files}


def names_of(planned: Planned) -> list[str]:
    return [step.reference.name for step in planned.plan.moves if step.reference is not None]


def test_a_key_with_several_values_is_named_after_its_service(project: Project) -> None:
    files = write(
        project,
        {
            "services/web/.env": f"API_KEY={ONE} WEB_TOKEN={THREE}",
            "services/api/.env": f"API_KEY={TWO}",
        },
    )
    planned = project.plan(*files)
    assert [step.note for step in planned.plan.steps] == [
        "another file has its own API_KEY",
        "",
        "another file has its own API_KEY",
    ]
    outcome = project.apply(planned)
    assert references(project, files) == {
        "services/web/.env": ["API_KEY=secret:WEB_API_KEY", "WEB_TOKEN=secret:WEB_TOKEN"],
        "services/api/.env": ["API_KEY=secret:API_API_KEY"],
    }
    assert (outcome.moved, [f.moved for f in outcome.files]) == (3, [2, 1])
    for file, value in zip(files, (ONE, TWO), strict=True):
        assert project.child_environ(file, clean=True)["API_KEY"] == value


def test_the_file_at_the_top_keeps_the_key_as_the_name(project: Project) -> None:
    files = write(project, {"web/.env": f"API_KEY={ONE}", ".env": f"API_KEY={TWO}"})
    project.migrate(*files)
    assert references(project, files) == {
        "web/.env": ["API_KEY=secret:WEB_API_KEY"],
        ".env": ["API_KEY=secret:API_KEY"],
    }


def test_the_value_that_most_services_share_keeps_the_key_as_the_name(project: Project) -> None:
    files = write(
        project,
        {"a/.env": f"DB_KEY={ONE}", "b/.env": f"DB_KEY={TWO}", "c/.env": f"DB_KEY={TWO}"},
    )
    planned = project.plan(*files)
    steps = planned.plan.steps
    assert [str(step.reference) for step in steps] == [
        "secret:A_DB_KEY",
        "secret:DB_KEY",
        "secret:DB_KEY",
    ]
    assert [step.action for step in steps] == [Action.MOVE, Action.MOVE, Action.LINK]
    assert steps[1].note == "one secret with c/.env"


def test_equal_values_are_offered_as_one_secret(project: Project) -> None:
    files = write(
        project,
        {"a/.env": f"X_KEY={ONE} PG_PASSWORD={TWO}", "b/.env": f"X_KEY={ONE} DB_PASSWORD={TWO}"},
    )
    asked: list[Equal] = []

    def answer(equal: Equal) -> bool:
        asked.append(equal)
        return shares

    shares = True
    names = names_of(project.plan(*files, share=answer))
    assert names == ["X_KEY", "PG_PASSWORD", "X_KEY", "PG_PASSWORD"]
    places = ("a/.env", "b/.env")
    assert asked == [Equal(("X_KEY",), places), Equal(("PG_PASSWORD", "DB_PASSWORD"), places)]
    shares = False
    names = names_of(project.plan(*files, share=answer))
    assert names == ["A_X_KEY", "PG_PASSWORD", "B_X_KEY", "DB_PASSWORD"]
    # Where nobody is asked, one key is enough, and nothing else is.
    names = names_of(project.plan(*files))
    assert names == ["X_KEY", "PG_PASSWORD", "X_KEY", "DB_PASSWORD"]


def test_short_values_under_different_keys_are_an_accident(project: Project) -> None:
    files = write(project, {"a/.env": "A_PASSWORD=postgres", "b/.env": "B_PASSWORD=postgres"})

    def never(equal: Equal) -> bool:
        raise AssertionError(equal)

    assert len(project.plan(*files, share=never).plan.moves) == 2


def test_folders_of_one_name_are_told_apart_by_the_folders_above(project: Project) -> None:
    files = write(
        project,
        {"x/web/.env": f"A_KEY={ONE}", "y/web/.env": f"A_KEY={TWO}", "api/.env": f"A_KEY={THREE}"},
    )
    assert names_of(project.plan(*files)) == [
        "X_WEB_A_KEY",
        "Y_WEB_A_KEY",
        "API_A_KEY",
    ]


def test_a_derived_name_never_takes_the_place_of_a_key(project: Project) -> None:
    files = write(
        project,
        {"web/.env": f"KEY={ONE}", "api/.env": f"KEY={TWO}", ".env": f"WEB_KEY={THREE}"},
    )
    project.migrate(*files)
    assert files[0].read_text() == "KEY=secret:WEB_KEY_2\n"
    assert (project.stored("WEB_KEY_2"), project.stored("WEB_KEY")) == (ONE, THREE)


def test_a_service_leaves_a_name_to_what_the_backend_has_there(project: Project) -> None:
    write(project, {".env": f"API_KEY={ONE}"})
    project.migrate()
    files = write(project, {"web/.env": f"API_KEY={TWO}"})
    planned = project.plan(*files, apart=True)
    assert planned.plan.steps[0].note == "the backend has its own API_KEY"
    project.apply(planned)
    assert (project.stored("API_KEY"), project.stored("WEB_API_KEY")) == (ONE, TWO)
    # Where it is not to be left, it is a conflict.
    files = write(project, {"jobs/.env": f"API_KEY={THREE}"})
    with pytest.raises(BackendError, match="another value for API_KEY"):
        project.plan(*files, on_conflict=lambda _: Conflict.FAIL)


def test_the_same_files_again_give_the_same_names(project: Project) -> None:
    files = write(project, {"web/.env": f"KEY={ONE}", "api/.env": f"KEY={TWO}"})
    project.migrate(*files)
    # As after a crash: one file is rewritten, the other is not.
    files[1].write_text(f"KEY={TWO}\n")
    step = project.plan(*files).plan.steps[1]
    assert (step.action, str(step.reference)) == (Action.LINK, "secret:API_KEY")


def test_a_file_of_an_environment_gets_its_profile(project: Project) -> None:
    files = write(
        project,
        {
            ".env": f"A_KEY={ONE} B=1",
            ".env.production": f"A_KEY={TWO}",
            ".env.local": f"C_KEY={THREE}",
            ".env.production.local": f"D_KEY={THREE}",
            "web/.env.production": f"E_KEY={THREE}",
            ".env.bak": f"F_KEY={THREE}",
        },
    )
    outcome = project.migrate(*files)
    profiles = project.config.profiles
    assert sorted(profiles) == ["dev", "production"]
    assert profiles["dev"].env_files == (".env", ".env.local")
    assert profiles["production"].env_files == (".env.production", ".env.production.local")
    assert project.given()["A_KEY"] == ONE
    assert project.child_environ(profile="production", clean=True)["A_KEY"] == TWO
    assert (project.root / "envguard.toml") in outcome.written
    # It is trusted for its user from the start, and a second time changes nothing.
    before = (project.root / "envguard.toml").read_bytes()
    files[1].write_text(f"G_KEY={ONE}\n")
    project.migrate(files[1])
    assert (project.root / "envguard.toml").read_bytes() == before


def test_examples_among_the_files_are_left_out(project: Project) -> None:
    files = write(project, {".env": f"A_KEY={ONE}", ".env.example": "A_KEY=", ".env.sample": "X=1"})
    assert [Path(f.path).name for f in project.plan(*files).plan.files] == [".env"]
    with pytest.raises(UsageError, match="is an example"):
        project.plan(files[1])


def test_each_file_is_told_as_it_is_done_and_git_ignores_it(project: Project) -> None:
    repository = Repository(project.root)
    files = write(project, {"a/.env": f"X_KEY={ONE}", "b/.env.test": f"Y_KEY={TWO}"})
    told: list[FileOutcome] = []
    planned = project.plan(*files)
    apply(planned, project.config, project.profile, project.settings, tell=told.append)
    assert [(t.path, t.moved) for t in told] == [(files[0], 1), (files[1], 1)]
    for file in files:
        assert repository.git("check-ignore", str(file))
        example = f"{file}.example"
        assert repository.git("check-ignore", example, check=False) == ""


def test_one_rollback_gives_every_file_back_and_names_the_one_that_is_kept(
    project: Project,
) -> None:
    texts = {"a/.env": f"X_KEY={ONE} K={TWO}", "b/.env": f"X_KEY={THREE}"}
    files = write(project, texts)
    before = [file.read_bytes() for file in files]
    outcome = project.migrate(*files, everything=True)
    files[0].write_text(files[0].read_text() + "NEW=1\n")
    done = undo.rollback(outcome.id, project.settings)
    assert done.files == (files[1],)
    assert [kept for kept, _ in done.beside] == [files[0]]
    assert done.beside[0][1].read_bytes() == before[0]
    assert files[1].read_bytes() == before[1]
    assert sorted(done.taken_back) == ["B_X_KEY"]
    assert [text.split()[0] for text in done.remains] == ["A_X_KEY", "K"]
    assert project.stored("B_X_KEY") is None
    assert project.child_environ(files[0], clean=True)["X_KEY"] == ONE


def test_a_link_among_many_files_stops_the_whole_plan(project: Project) -> None:
    files = write(project, {"a/.env": f"X_KEY={ONE}", "b/.env": f"X_KEY={TWO}"})
    link = project.root / "c.env"
    link.symlink_to(files[0])
    with pytest.raises(UsageError, match="symbolic link"):
        project.plan(*files, link)


def test_a_backend_that_knows_no_case_refuses_two_names_for_one_place(project: Project) -> None:
    files = write(project, {".env": f"A_KEY={ONE} a_key={TWO}"})

    class CaseLess:
        def __getattr__(self, name: str) -> object:
            return getattr(inner, name)

        def locate(self, key: str) -> Reference:
            return inner.locate(key.lower())

    config = project.config._replace(project_id="x")
    inner = registry.open_backend("local:", config, project.settings)
    with pytest.raises(UsageError, match="are one name in this backend"):
        project.plan(*files, backend=CaseLess())  # type: ignore[arg-type]  # it passes all on


def test_a_second_target_keeps_what_files_elsewhere_refer_to(project: Project) -> None:
    """Files that were migrated before are known from the journal."""
    files = write(project, {"a/.env": f"X_KEY={ONE}", "b/.env": f"Y_KEY={TWO}"})
    project.migrate(files[0])
    other = f"local://{project.root.parent / 'other.db'}"
    planned = job.plan(
        Request((files[1],), other),
        project.config,
        project.profile,
        project.settings,
        detector(),
        Answers(never_asked),
    )
    project.apply(planned)
    assert files[1].read_text() == "Y_KEY=local:Y_KEY\n"
    assert project.child_environ(files[0], clean=True)["X_KEY"] == ONE
    assert project.child_environ(files[1], clean=True)["Y_KEY"] == TWO


def test_a_plan_never_shows_a_value(project: Project) -> None:
    files = write(project, {".env": f"A_KEY={ONE}"})
    assert ONE not in repr(project.plan(*files))


def test_services_of_a_compose_file_are_told_apart(project: Project) -> None:
    compose = project.root / "docker-compose.yml"
    compose.write_text(
        "services:\n"
        f"  web:\n    image: x\n    environment:\n      API_KEY: {ONE}\n      X_KEY: {THREE}\n"
        f"  jobs:\n    image: x\n    environment:\n      API_KEY: {TWO}\n      X_KEY: {THREE}\n"
    )
    planned = project.plan(compose)
    assert names_of(planned) == ["WEB_API_KEY", "X_KEY", "JOBS_API_KEY", "X_KEY"]
    outcome = project.apply(planned)
    assert outcome.moved == 3
    assert "      API_KEY: secret:JOBS_API_KEY\n" in compose.read_text()
    assert any("envguard run" in sentence for sentence in planned.remains)
    assert undo.rollback(outcome.id, project.settings).files == (compose,)
    assert ONE in compose.read_text()


def test_a_file_that_cannot_hold_references_is_read_and_kept(project: Project) -> None:
    manifest = project.root / "secret.yaml"
    manifest.write_text(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\n"
        f"stringData:\n  API_KEY: {ONE}\n  B_KEY: {TWO}\n"
    )
    before = manifest.read_bytes()
    planned = project.plan(manifest, everything=True)
    outcome = project.apply(planned)
    assert (outcome.moved, manifest.read_bytes()) == (2, before)
    assert project.stored("API_KEY") == ONE
    assert "API_KEY=secret:API_KEY B_KEY=secret:B_KEY" in planned.remains[0]
    done = undo.rollback(outcome.id, project.settings)
    assert (done.remains, project.stored("API_KEY")) == ((), None)


def test_files_of_profiles_with_several_backends_need_a_target(project: Project) -> None:
    other = f"local://{project.root.parent / 'prod.db'}"
    files = write(project, {".env": f"A_KEY={ONE}", ".env.prod": f"A_KEY={TWO}"})
    project.migrate(files[0])
    project.apply(project.plan(files[1], to=other))
    assert project.config.profiles["prod"].backend == other
    request = Request(tuple(files), "")
    with pytest.raises(UsageError, match="have several backends"):
        job.target(request, project.config, project.profile)
    assert job.target(Request((files[1],), ""), project.config, project.profile) == other
    assert job.target(replace(request, fixed=True), project.config, project.profile) == "local:"
    assert project.child_environ(profile="prod", clean=True)["A_KEY"] == TWO


def test_a_target_that_is_no_store_is_backed_up_under_the_users_own_key(project: Project) -> None:
    with pytest.raises(ConfigError, match="there is no key that opens the backups") as refused:
        journals.journal("aws://eu/x", project.settings)
    assert refused.value.exit_code == 3
    assert not project.settings.folders.data.exists()
    made = journals.journal("aws://eu/x", project.settings, create=True)
    project.env.write_text(f"A_KEY={ONE}\n")
    project.migrate()
    own = journals.journal("local:", project.settings)
    assert made.seal.key_id == own.seal.key_id
    assert journals.journal("aws://eu/x", project.settings).seal.key_id == own.seal.key_id
