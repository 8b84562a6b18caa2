"""Settings of pydantic from a backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from envguard import Secrets, SecretsService

pytest.importorskip("pydantic_settings")

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from envguard import EnvguardSettingsSource


def test_fields_come_from_the_backend_after_arguments_and_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = SecretsService("default", path=tmp_path / "own.db")
    for name, value in {
        "SHOP_PASSWORD": "p",
        "SHOP_PORT": "8000",
        "SHOP_HOSTS": '["a", "b"]',
        "STRIPE": "s",
        "SHOP_MODE": "stored",
    }.items():
        service.set(name, value)
    secrets = Secrets(f"local://{tmp_path}/own.db")
    monkeypatch.setenv("SHOP_MODE", "variable")

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="shop_")
        password: SecretStr
        port: int
        hosts: list[str]
        stripe: str = Field(validation_alias="STRIPE")
        mode: str
        other: str = "default"

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: Any, init_settings: Any, env_settings: Any, **_: Any
        ) -> Any:
            return init_settings, env_settings, EnvguardSettingsSource(settings_cls, secrets)

    found = Settings()  # type: ignore[call-arg] # the source gives them
    assert found.password.get_secret_value() == "p"
    assert (found.port, found.hosts, found.stripe) == (8000, ["a", "b"], "s")
    assert (found.mode, found.other) == ("variable", "default")
    assert "p" not in repr(found.password)
