"""Options of `feedrec record -e raw`: what to send to a WebSocket that feedrec knows nothing about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ....errors import UsageError
from ...options import LINES, all_options
from .credential_options import read_key_text, read_text

if TYPE_CHECKING:
    from ....feeds.raw import RawFeed

__all__ = ["RAW", "RawOptions", "raw_options"]

RAW = "raw"

_LONGEST_MESSAGE = 16 << 20
"""Maximum size in bytes; a subscribe message has a few hundred."""

raw_options = all_options(
    click.option(
        "--send",
        "messages",
        metavar="TEXT|@FILE",
        type=LINES,
        multiple=True,
        help="A message to send when the connection opens; a file holds one message. Repeatable.",
    ),
    click.option(
        "--header",
        "headers",
        metavar="'NAME: VALUE'|@FILE",
        type=LINES,
        multiple=True,
        help="A header for the handshake, never recorded; a file holds one per line. Repeatable.",
    ),
)


class RawOptions(msgspec.Struct, frozen=True):
    """
    The values of the options.

    Attributes:
        messages: Messages to send, or `@FILE` for a file that holds one.
        headers: Headers as `Name: value`, or `@FILE` for a file with one per line.

    """

    messages: tuple[str, ...]
    headers: tuple[str, ...]

    def refuse_for(self, endpoint: str) -> None:
        """
        Refuse the options for any other endpoint, which sends messages of its own.

        Raises:
            UsageError: If one of them was given.

        """
        names = ("--send", "--header")
        given = [name for name, value in zip(names, msgspec.structs.astuple(self), strict=True) if value]
        if given:
            raise UsageError(f"only -e {RAW} takes {', '.join(given)}; {endpoint} sends messages of its own")

    def make_feed(self, url: str | None, *, names_channels: bool) -> RawFeed:
        """
        Make the feed.

        Args:
            url: The address, if one was given.
            names_channels: Whether channels or products were given.

        Raises:
            UsageError: If an option is missing, invalid, or not allowed here, or a file cannot be read.

        """
        from ....feeds.raw import RawFeed

        if names_channels:
            raise UsageError(f"-e {RAW} takes no channels or products: replace -c and -p by --send MESSAGE")
        if url is None:
            raise UsageError(f"-e {RAW} needs an address: --url wss://...")
        messages = [_message_of(text) for text in self.messages]
        return RawFeed(messages, _headers_of(self.headers))


def _message_of(text: str) -> str:
    """Return a message, read from its file if it is `@FILE`; the newline at the end of a file is not part of it."""
    if not text.startswith("@"):
        return text
    content = read_text(Path(text[1:]), "message file", _LONGEST_MESSAGE)[0]
    return content.removesuffix("\n").removesuffix("\r")


def _headers_of(texts: Sequence[str]) -> dict[str, str]:
    lines: list[str] = []
    for text in texts:
        is_file = text.startswith("@")
        lines += read_key_text(Path(text[1:]), what="header file").splitlines() if is_file else [text]
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon:
            raise UsageError("invalid header without a colon: write it as 'Name: value'")
        if name.strip().lower() in map(str.lower, headers):
            raise UsageError(f"duplicate header {name.strip()}: give it only once")
        headers[name.strip()] = value.strip()
    return headers
