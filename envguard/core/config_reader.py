"""From the tables of `envguard.toml` to the nouns of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envguard.core.config import DEFAULT_PROFILE, DIALECTS, Config, Profile, Scan
from envguard.core.errors import ConfigError
from envguard.core.expected import KEYS, Expected, expected
from envguard.core.naming import CASES, Naming, is_path
from envguard.core.reference import LOCAL_SCHEMES, PROFILE_BACKEND


class Reader:
    """Turns TOML tables into nouns, naming the place of whatever is wrong."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def config(self, data: dict[str, Any]) -> Config:
        """The whole configuration. Raises ConfigError."""
        tables = ("project", "scan", "backends", "profiles", "secrets", "default_profile")
        self.known(data, "", tables)
        project = self.table(data, "", "project")
        self.known(project, "project", ("name", "id"))
        declared = self.table(data, "", "backends")
        backends = self.backends(declared)
        naming = {alias: self.naming(declared, alias) for alias in backends}
        first: dict[str, str] = {}
        for alias, url in backends.items():
            # A URL alone must say what keys are called: migrations are written down with it.
            if naming[first.setdefault(url, alias)] != naming[alias]:
                same = f"is that of {first[url]}, which has another case or other groups"
                raise self.wrong(f"backends.{alias}", "url", same)
        return Config(
            root=self.file.parent,
            file=self.file,
            project_name=self.text(project, "project", "name", ""),
            project_id=self.text(project, "project", "id", ""),
            default_profile=self.text(data, "", "default_profile", DEFAULT_PROFILE),
            scan=self.scan(self.table(data, "", "scan")),
            backends=backends,
            profiles=self.profiles(self.table(data, "", "profiles"), backends),
            secrets=self.secrets(self.table(data, "", "secrets")),
            naming=naming,
        )

    def scan(self, data: dict[str, Any]) -> Scan:
        self.known(data, "scan", ("exclude", "rules", "min_confidence", "baseline"))
        confidence = self.text(data, "scan", "min_confidence", "medium")
        if confidence not in ("low", "medium", "high"):
            raise self.wrong("scan", "min_confidence", "is one of low, medium, high")
        return Scan(
            exclude=self.texts(data, "scan", "exclude") or (),
            rules=self.texts(data, "scan", "rules") or (),
            min_confidence=confidence,
            baseline=self.text(data, "scan", "baseline", "") or None,
        )

    def backends(self, data: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for alias in data:
            table = self.table(data, "backends", alias)
            place = f"backends.{alias}"
            self.known(table, place, ("url", "case", "groups"))
            if alias in (*LOCAL_SCHEMES, PROFILE_BACKEND):
                raise self.wrong("backends", alias, "is a name that references already use")
            url = self.text(table, place, "url", "")
            if not url:
                raise self.wrong(place, "url", 'is needed, such as "local:"')
            found[alias] = url
        return found

    def naming(self, data: dict[str, Any], alias: str) -> Naming:
        table, place = self.table(data, "backends", alias), f"backends.{alias}"
        case = self.text(table, place, "case", "keep")
        if case not in CASES:
            raise self.wrong(place, "case", f"is one of {', '.join(CASES)}")
        groups = self.table(table, place, "groups")
        for group in groups:
            if not is_path(group):
                raise self.wrong(f"{place}.groups", group, "is no name of a secret")
        return Naming(
            case, {group: self.texts(groups, f"{place}.groups", group) or () for group in groups}
        )

    def profiles(self, data: dict[str, Any], backends: Mapping[str, str]) -> dict[str, Profile]:
        return {name: self.profile(data, name, backends, ()) for name in data}

    def profile(
        self, data: dict[str, Any], name: str, backends: Mapping[str, str], below: tuple[str, ...]
    ) -> Profile:
        place = f"profiles.{name}"
        table = self.table(data, "profiles", name)
        self.known(
            table, place, ("extends", "env_files", "backend", "env", "references", "dialect")
        )
        base = Profile(name=name)
        parent = self.text(table, place, "extends", "")
        if parent:
            if parent not in data or parent in (name, *below):
                why = "names itself" if parent in (name, *below) else f"names no profile: {parent}"
                raise self.wrong(place, "extends", why)
            base = self.profile(data, parent, backends, (name, *below))
        env = self.table(table, place, "env")
        for key in env:
            self.text(env, f"{place}.env", key, "")
        backend = self.text(table, place, "backend", base.backend)
        if ":" not in backend and backend not in backends:
            raise self.wrong(place, "backend", f"names no [backends.{backend}] and is no URL")
        dialect = self.text(table, place, "dialect", base.dialect)
        if dialect not in DIALECTS:
            raise self.wrong(place, "dialect", f"is one of {', '.join(DIALECTS)}")
        return Profile(
            name=name,
            env_files=self.texts(table, place, "env_files") or base.env_files,
            backend=backend,
            env={**base.env, **env},
            references=self.texts(table, place, "references") or base.references,
            sources={**base.sources, **dict.fromkeys(env, name)},
            dialect=dialect,
        )

    def secrets(self, data: dict[str, Any]) -> dict[str, Expected]:
        found: dict[str, Expected] = {}
        for key in data:
            table = self.table(data, "secrets", key)
            self.known(table, f"secrets.{key}", KEYS)
            try:
                found[key] = expected(table)
            except ValueError as error:
                name, what = error.args
                raise self.wrong(f"secrets.{key}", name, what) from None
        return found

    def known(self, data: Mapping[str, Any], place: str, names: tuple[str, ...]) -> None:
        for key in data:
            if key in names:
                continue
            from difflib import get_close_matches  # noqa: PLC0415 - only for the error

            near = get_close_matches(key, names, 1)
            where = f"{place}.{key}" if place else key
            raise ConfigError(
                f"{self.file}: unknown key {where}",
                f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}",
            )

    def table(self, data: Mapping[str, Any], place: str, key: str) -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(place, key, "is a table")
        return value

    def text(self, data: Mapping[str, Any], place: str, key: str, default: str) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(place, key, "is a text")
        return value

    def texts(self, data: Mapping[str, Any], place: str, key: str) -> tuple[str, ...] | None:
        if key not in data:
            return None
        value = data[key]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(place, key, "is a list of texts")
        return tuple(value)

    def wrong(self, place: str, key: str, what: str) -> ConfigError:
        where = f"{place}.{key}" if place else key
        return ConfigError(f"{self.file}: {where} {what}", "correct it, see the README")
