"""Which backend a URL means. Each one is imported when it is used, and not before."""

from __future__ import annotations

from envguard.core.backend import Backend
from envguard.core.config import Config, Settings
from envguard.core.errors import ConfigError


def open_backend(name: str, config: Config, settings: Settings) -> Backend:
    """The backend that a URL, or an alias of `[backends]`, names. Opens no connection yet.

    Raises ConfigError for a URL that no backend knows.
    """
    url = config.backend_url(name)
    scheme, colon, _ = url.partition(":")
    if scheme == "local" and colon:
        from envguard.backends.local import open_local

        return open_local(url, settings, namespace=config.project_id)
    if scheme == "age" and colon:
        from envguard.backends.age import open_age

        return open_age(url, config.root, settings)
    if scheme == "keyring" and colon:
        from envguard.backends.keyring import open_keyring

        return open_keyring(url, settings)
    if scheme == "env" and colon:
        from envguard.backends.env import open_env

        return open_env(url, settings)
    if scheme == "dotenv" and colon:
        from envguard.backends.dotenv import open_dotenv

        return open_dotenv(url, config.root)
    naming = config.naming_of(name)
    if scheme == "aws" and colon:
        from envguard.backends.aws import open_aws

        return open_aws(url, settings, naming)
    if scheme == "aws-ssm" and colon:
        from envguard.backends.aws_ssm import open_aws_ssm

        return open_aws_ssm(url, settings, naming)
    if scheme == "gcp" and colon:
        from envguard.backends.gcp import open_gcp

        return open_gcp(url, settings, naming)
    if scheme == "azure" and colon:
        from envguard.backends.azure import open_azure

        return open_azure(url, settings, naming)
    if scheme == "vault" and colon:
        from envguard.backends.vault import open_vault

        return open_vault(url, settings, naming)
    if scheme == "k8s" and colon:
        from envguard.backends.kubernetes import open_kubernetes

        return open_kubernetes(url, settings, naming)
    if colon:
        from envguard.backends.plugged import open_plugged

        found = open_plugged(scheme, url, settings, naming)
        if found is not None:
            return found
    raise ConfigError(
        f"there is no backend {name!r}", 'write a URL such as "local:", or declare [backends.NAME]'
    )
