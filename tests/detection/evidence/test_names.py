"""What a name says: which credential, and what about it."""

from __future__ import annotations

import pytest

from envguard.detection.evidence.names import describe, parts


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("dbPassword_2", ["db", "password", "2"]),
        ("AWS_SECRET_ACCESS_KEY", ["aws", "secret", "access", "key"]),
        ("HTTPToken", ["http", "token"]),
        ("", []),
    ],
)
def test_a_name_has_words(key: str, expected: list[str]) -> None:
    assert parts(key) == expected


@pytest.mark.parametrize(
    ("key", "name", "after", "before"),
    [
        ("password", "password", "none", "none"),
        ("db_password", "password", "none", "some"),
        ("mysqlrootpwd", "password", "none", "none"),
        ("clientSecret", "secret", "none", "some"),
        ("API_TOKEN", "token", "none", "some"),
        ("token_url", "token", "placed", "none"),
        ("PASSWORD_LABEL", "password", "shown", "none"),
        ("password2", "password", "number", "none"),
        ("forgot_password", "password", "none", "act"),
        ("nextPageToken", "token", "none", "next"),
        ("wrongPassword", "password", "none", "wrong"),
        ("access_key", "key", "none", "some"),
        ("cacheKey", "some key", "none", "some"),
        ("key", "bare key", "none", "none"),
        ("tokenAddress", "token", "placed", "none"),
        ("Authorization", "authorization", "none", "none"),
        ("x", "none", "none", "some"),
    ],
)
def test_a_name_tells_its_kind_and_what_stands_around_it(
    key: str, name: str, after: str, before: str
) -> None:
    assert describe(key) == {"name": name, "name after": after, "name before": before}
