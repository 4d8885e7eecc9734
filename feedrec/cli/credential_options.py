"""Credentials from where a person keeps them: a file, or the environment."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .output import printable

if TYPE_CHECKING:
    from ..feeds import Feed, Subscription
    from ..feeds.credentials import Credentials

__all__ = ["credentials_for", "read_credentials", "read_key_text", "read_text"]

_MOST = 1 << 16  # bytes; a key file has some hundred

log = logging.getLogger("feedrec")


def read_credentials(
    feed: Feed, key_file: Path | None, environment: Mapping[str, str] = os.environ
) -> Credentials | None:
    """
    Give the credentials for an endpoint: of the file, else of the environment.

    Raises:
        UsageError: If they cannot be read, are none, or the endpoint takes none.

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
    Give the credentials to record something with.

    Raises:
        UsageError: As `read_credentials`, or if something of it needs credentials and there are none.

    """
    from ..feeds.channel_requests import missing_credentials

    credentials = read_credentials(feed, key_file)
    missing = None if credentials else missing_credentials(feed, subscriptions)
    if missing is not None:
        raise UsageError(missing)
    return credentials


def read_key_text(path: Path, *, is_secret: bool = True, what: str = "key file") -> str:
    """
    Read a key file; warn if others can read one that is secret too.

    Args:
        path: The file.
        is_secret: Whether nobody else should read it.
        what: What a person calls it.

    Raises:
        UsageError: If it cannot be read, or is no text.

    """
    text, mode = read_text(path, what, _MOST)
    if is_secret and stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        shown = printable(path)
        log.warning("others can read the %s %s: chmod 600 %s", what, shown, shown)
    return text


def read_text(path: Path, what: str, most: int) -> tuple[str, int]:
    """
    Read a file of text; give its mode as well.

    Args:
        path: The file.
        what: What a person calls it.
        most: Bytes that it may have.

    Raises:
        UsageError: If it cannot be read, is no text, or has more.

    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(most + 1)
        if len(data) <= most:
            return data.decode(), mode
        problem = f"has more than {most:,} bytes"
    except UnicodeDecodeError:
        problem = "is no text"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    raise UsageError(f"the {what} {printable(path)} {problem}")
