"""What a path says about the values in its file."""

from __future__ import annotations

import re

_KINDS = {
    extension: kind
    for kind, extensions in (
        (
            "code",
            "py pyi js jsx mjs cjs ts tsx go rs java kt kts scala c cc cpp cxx h hpp cs fs vb rb"
            " php pl pm swift m mm dart lua ex exs erl clj hs ml elm r jl groovy gradle vue svelte"
            " sol",
        ),
        ("document", "md markdown rst adoc txt tex ipynb html htm"),
        ("translation", "po pot strings resx xliff xlf arb rrc"),
        ("json", "json json5 jsonc har"),
        ("yaml", "yml yaml"),
        (
            "settings",
            "env ini conf cfg cnf toml properties example dist sample template tpl tf tfvars hcl"
            " xml config plist service ldif j2 local",
        ),
        ("shell", "sh bash zsh ps1 bat cmd fish"),
        ("data", "csv sql log lock golden svg min"),
    )
    for extension in extensions.split()
}
KINDS = ("code", "document", "translation", "json", "yaml", "settings", "shell", "data", "other")
_TEST = re.compile(
    r"(?i)(?:^|[/_.-])(?:tests?|specs?|testdata|fixtures?|mocks?|__tests__|e2e|golden)(?:[/_.-]|$)"
)
_SHOWN = re.compile(r"(?i)(?:^|[/_.-])(?:examples?|samples?|demos?|docs?|tutorials?)(?:[/_.-]|$)")
PURPOSES = ("test", "shown", "run")


def kind(path: str) -> str:
    """The kind of file, by its extension; a name without one is `settings` for what is named
    like a Dockerfile or a .env."""
    name = path.rpartition("/")[2].lower()
    _, dot, extension = name.rpartition(".")
    if ".env" in name or name.startswith("env."):
        return "settings"
    return _KINDS.get(extension, "other") if dot else "other"


def purpose(path: str) -> str:
    """What a file is for, by the names in its path."""
    if _TEST.search(path):
        return "test"
    return "shown" if _SHOWN.search(path) else "run"
