"""A source for pydantic-settings (https://docs.pydantic.dev/latest/concepts/pydantic_settings/).

class Settings(BaseSettings):
    database_password: SecretStr

    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, env_settings, **_):
        return init_settings, env_settings, EnvguardSettingsSource(settings_cls)
"""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from envguard.library.values import Secrets


class EnvguardSettingsSource(EnvSettingsSource):
    """Takes the values of fields from a backend, by the names that pydantic-settings gives to
    variables (`env_prefix`, aliases, JSON for complex fields)."""

    def __init__(self, settings_cls: type[BaseSettings], secrets: Secrets | None = None) -> None:
        """`secrets` is where the values are; without it `Secrets()`."""
        self._secrets = secrets or Secrets()
        super().__init__(settings_cls)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value for a field, the name that it was found under, and whether it is JSON."""
        found: list[tuple[str, str, bool]] = self._extract_field_info(field, field_name)
        for key, name, is_complex in found:
            # Variables are read without regard to case, secrets have the case of their keys.
            for written in dict.fromkeys((name, name.upper(), name.lower())):
                value = self._secrets.get(written)
                if value is not None:
                    return value, key, is_complex
        return None, field_name, False
