"""What the environment says of a store: its address, whether plain http is meant, and whose credentials are used."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from ...errors import UsageError
from .url_path import UrlPath

__all__ = ["check_address", "client_settings", "credentials_of", "store_settings"]

_PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
_CLIENT_SETTINGS = (
    "allow_http",
    "allow_invalid_certificates",
    "http1_only",
    "http2_only",
    "proxy_url",
    "proxy_ca_certificate",
    "proxy_excludes",
)
"""What obstore reads from the environment only where it is given no settings of a client at all."""

_ENDPOINTS = {
    "AWS": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "GOOGLE": (),
    "AZURE": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
"""With any of these set, obstore finds credentials by itself."""

_COPY_OF_R2 = "header:cf-copy-destination-if-none-match:*"
"""How Cloudflare's store copies only where nothing is: it does not complete parts conditionally (R2, Extensions)."""


def client_settings(root: UrlPath) -> dict[str, Any]:
    """Return what the environment says of connections, as obstore calls it."""
    if root.is_web:
        return {"allow_http": True} if root.scheme == "http" else {}
    prefix = _PREFIXES[root.scheme]
    found = {name: os.environ.get(f"{prefix}_{name.upper()}", "") for name in _CLIENT_SETTINGS}
    return {name: value for name, value in found.items() if value}


def check_address(root: UrlPath) -> None:
    """
    See that another server is asked over https, or that plain http is meant.

    Raises:
        UsageError: If it is neither, with what to set.

    """
    prefix = _PREFIXES.get(root.scheme, "")
    name = next((one for one in _ENDPOINTS.get(prefix, ()) if os.environ.get(one)), "")
    address = os.environ.get(name, "")
    if name and not address.lower().startswith(("http://", "https://")):
        raise UsageError(f"{root}: {name} is no URL: it begins with https://, or http://")
    if address.lower().startswith("http://") and not _is_true(os.environ.get(f"{prefix}_ALLOW_HTTP", "")):
        raise UsageError(f"{root}: {name} is plain http: set {prefix}_ALLOW_HTTP=true if that is meant")


def store_settings(root: UrlPath) -> dict[str, Any]:
    """Return what is set besides what obstore reads by itself: how a copy never overwrites, and whose the keys are."""
    if root.scheme != "s3":
        return {}
    address = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    copying = _COPY_OF_R2 if ".r2.cloudflarestorage.com" in address else "multipart"
    settings: dict[str, Any] = {"copy_if_not_exists": os.environ.get("AWS_COPY_IF_NOT_EXISTS", copying)}
    if (provider := credentials_of(root)) is not None:
        settings["credential_provider"] = provider
    return settings


def credentials_of(root: UrlPath) -> Any:
    """
    Return what finds the credentials of a profile, by boto3; None if obstore finds some by itself, or may.

    Raises:
        UsageError: If a profile is asked for and boto3 is not installed, or it has no credentials.

    """
    profile = os.environ.get("AWS_PROFILE", "")
    if any(os.environ.get(name) for name in _CREDENTIALS) or _is_true(os.environ.get("AWS_SKIP_SIGNATURE", "")):
        return None
    if not profile and not any(map(os.path.exists, _profile_files())):
        return None
    if importlib.util.find_spec("boto3") is None:
        if not profile:
            return None
        raise UsageError(f"{root}: AWS_PROFILE needs boto3: pip install 'feedrec[profiles]'")
    from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415  loads botocore, 0.5 s

    try:
        provider = Boto3CredentialProvider()
    except Exception as error:  # of botocore, and of what it calls
        if not profile:
            return None
        reason = " ".join(str(error).split())
        said = "has no credentials" if "Received None" in reason else reason
        raise UsageError(f"{root}: AWS_PROFILE={profile!a}: {said}") from error
    if os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        provider.config.pop("region", None)
    return provider


def _profile_files() -> tuple[Path, Path]:
    home = Path("~/.aws").expanduser() if os.environ.get("HOME") else Path("/nonexistent")
    return (
        Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"),
        Path(os.environ.get("AWS_CONFIG_FILE") or home / "config"),
    )


def _is_true(text: str) -> bool:
    return text.lower() in {"1", "true", "on", "yes", "y"}
