"""The URLs of services: `SCHEME://PLACE/PREFIX?option=value`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from envguard.core.errors import ConfigError
from envguard.core.naming import is_path

LAYOUTS = ("json", "each")
"""`json`: the keys are fields of one JSON secret; `each`: each key is a secret of its own."""


class ServiceUrl(NamedTuple):
    """`place` is what comes first: a region, a project, a vault, a mount or a namespace. `prefix`
    is the rest of the path, without slashes around it; it may be empty."""

    place: str
    prefix: str
    options: Mapping[str, str]

    @property
    def layout(self) -> str:
        """One of LAYOUTS."""
        return self.options["layout"]


def parse_url(url: str, example: str, *, layout: str, options: tuple[str, ...] = ()) -> ServiceUrl:
    """The parts of a URL; `layout` is the one where it names none, `options` are the others that
    this backend knows. Raises ConfigError."""
    rest = url.partition("://")[2]
    path, _, query = rest.partition("?")
    place, _, prefix = path.partition("/")
    prefix = unquote(prefix).strip("/")
    if not place or (prefix and not is_path(prefix)):
        raise ConfigError(f"{url} is no address of a backend", f"write it like {example}")
    known = ("layout", *options)
    given = parse_qsl(query, keep_blank_values=True)
    for name, value in given:
        if name not in known:
            raise ConfigError(
                f"{url} has the unknown option {name}", f"known here: {', '.join(known)}"
            )
        if name == "layout" and value not in LAYOUTS:
            raise ConfigError(f"{url} has an unknown layout", f"one of {', '.join(LAYOUTS)}")
    return ServiceUrl(unquote(place), prefix, {"layout": layout, **dict(given)})
