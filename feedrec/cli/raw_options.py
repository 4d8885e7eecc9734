"""Options of `feedrec record -e raw`: what is sent to a WebSocket that feedrec knows nothing of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from ..errors import UsageError
from .credential_options import read_key_text, read_text
from .output import printable

if TYPE_CHECKING:
    from ..feeds.raw import RawFeed

__all__ = ["RAW", "RAW_OPTIONS", "RawOptions"]

RAW = "raw"

_LONGEST_MESSAGE = 16 << 20
"""Bytes; whatever subscribes has some hundred."""

log = logging.getLogger("feedrec")


class _LineText(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """Text; several of them in a variable of the environment stand one on a line, for they may have spaces."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        return rv.splitlines()


_TEXT = _LineText()

RAW_OPTIONS = (
    click.option(
        "--send",
        "messages",
        metavar="TEXT|@FILE",
        type=_TEXT,
        multiple=True,
        help="raw: a message to send when the connection opens; a file is one message. Repeatable.",
    ),
    click.option(
        "--header",
        "headers",
        metavar="'NAME: VALUE'|@FILE",
        type=_TEXT,
        multiple=True,
        help="raw: a header of the handshake, never recorded; a file has one a line. Repeatable.",
    ),
    click.option(
        "--redact",
        "secret_keys",
        metavar="KEY",
        type=_TEXT,
        multiple=True,
        help="raw: do not record the values of KEY in what is sent and in the address. Repeatable.",
    ),
)


class RawOptions(msgspec.Struct, frozen=True):
    """
    What a person asked for.

    Attributes:
        messages: Texts to send, or files of one each as `@FILE`.
        headers: Headers as `Name: value`, or files with one a line as `@FILE`.
        secret_keys: Keys whose values are not recorded.

    """

    messages: tuple[str, ...]
    headers: tuple[str, ...]
    secret_keys: tuple[str, ...]

    def refuse_for(self, endpoint: str) -> None:
        """
        Refuse them for an endpoint that knows itself what to send.

        Raises:
            UsageError: If any is given.

        """
        names = ("--send", "--header", "--redact")
        given = [name for name, value in zip(names, msgspec.structs.astuple(self), strict=True) if value]
        if given:
            raise UsageError(f"{endpoint} knows what to send: leave out {' and '.join(given)}, or use -e {RAW}")

    def make_feed(self, url: str | None, *, names_channels: bool) -> RawFeed:
        """
        Make the feed.

        Args:
            url: The address, if there is one.
            names_channels: Whether channels or products were asked for.

        Raises:
            UsageError: If something is missing, cannot be read, or is there that makes no sense.

        """
        from ..feeds.raw import RawFeed

        if names_channels:
            raise UsageError(f"{RAW} has no channels or products: leave out -c and -p, and subscribe by --send MESSAGE")
        if url is None:
            raise UsageError(f"{RAW} has no address of its own: give one, --url wss://...")
        messages = [_message_of(text) for text in self.messages]
        for key in self.secret_keys:
            if not any(key in text for text in messages) and key.lower() not in url.lower():
                log.warning("--redact %s: neither what is sent nor the address has such a key", printable(key))
        return RawFeed(messages, _headers_of(self.headers), self.secret_keys)


def _message_of(text: str) -> str:
    """Give a message, from its file if it is in one; the newline with which files end is no part of it."""
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
            raise UsageError("a header is written as 'Name: value'; one of those given has no colon")
        if name.strip().lower() in map(str.lower, headers):
            raise UsageError(f"the header {printable(name.strip())} is given twice")
        headers[name.strip()] = value.strip()
    return headers
