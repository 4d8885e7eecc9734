"""Reading credentials from a file or the environment."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ....errors import UsageError

if TYPE_CHECKING:
    from ....feeds import Feed, Subscription
    from ....feeds.credentials import Credentials

__all__ = ["credentials_for", "read_credentials", "read_key_text", "read_text", "secret_variables"]

_LARGEST_KEY_FILE = 1 << 16  # bytes; a real one has a few hundred

log = logging.getLogger("feedrec")


def read_credentials(
    feed: Feed, key_file: Path | None, environment: Mapping[str, str] = os.environ
) -> Credentials | None:
    """
    Return the credentials for an endpoint, from the file if there is one, else from the environment.

    Raises:
        UsageError: If they cannot be read or are invalid, or if the endpoint takes no credentials.

    """
    kind = feed.credentials
    if kind is None:
        if key_file is not None:
            raise UsageError(f"{feed.name} takes no credentials: leave out --key-file")
        return None
    if key_file is None:
        return kind.from_environment(environment)
    return kind.from_file(read_key_text(key_file))


def credentials_for(feed: Feed, subscriptions: Sequence[Subscription], key_file: Path | None) -> Credentials | None:
    """
    Return the credentials for some subscriptions.

    Raises:
        UsageError: As `read_credentials`, or if a subscription needs credentials and there are none.

    """
    from ....feeds.channel_requests import missing_credentials

    credentials = read_credentials(feed, key_file)
    missing = None if credentials else missing_credentials(feed, subscriptions)
    if missing is not None:
        raise UsageError(missing)
    return credentials


def read_key_text(path: Path, *, is_secret: bool = True, what: str = "key file") -> str:
    """
    Read a key file; warn if it is secret and other users can read it.

    Args:
        path: The file.
        is_secret: Whether nobody else should be able to read it.
        what: What messages call it.

    Raises:
        UsageError: If it cannot be read, or is not text.

    """
    text, mode = read_text(path, what, _LARGEST_KEY_FILE)
    if is_secret and stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("other users can read the %s %s: run chmod 600 %s", what, path, path)
    return text


def read_text(path: Path, what: str, most: int) -> tuple[str, int]:
    """
    Read a text file; return its text and its mode.

    Args:
        path: The file.
        what: What messages call it.
        most: Maximum size in bytes.

    Raises:
        UsageError: If it cannot be read, is not text, or is larger.

    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(most + 1)
        if len(data) <= most:
            return data.decode(), mode
        problem = f"larger than {most:,} bytes"
    except UnicodeDecodeError:
        problem = "not UTF-8 text"
    except OSError as error:
        problem = str(error.strerror)
    raise UsageError(f"cannot read the {what} {path}: {problem}")


def secret_variables() -> set[str]:
    """Return the names of the environment variables that hold credentials of any endpoint."""
    from ....feeds import endpoint_names, find_feed

    kinds = [find_feed(name).credentials for name in endpoint_names()]
    return {variable for kind in kinds if kind is not None for variable in kind.variables}
