"""Options of `feedrec replay`: how the venue behaves, and the keys for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....errors import UsageError
from ...options import SETTING, all_options
from ...recording.options.credential_options import read_key_text

if TYPE_CHECKING:
    from ....feeds.auth import AuthKey

__all__ = ["read_keys", "venue_options"]

venue_options = all_options(
    click.option(
        "--mode",
        type=click.Choice(["venue", "verbatim", "dialogue"]),
        help="venue: answer like the venue. verbatim: send every frame to every client. dialogue: send what was "
        "recorded when the client has said what it said then; anything else fails.  [default: venue, if it is known, "
        "else verbatim]",
    ),
    click.option(
        "--set",
        "settings",
        type=SETTING,
        multiple=True,
        help="Set a detail that the venue does not document, or a limit, e.g. close_after=30s; `feedrec feeds "
        "ENDPOINT` lists them (docs/replay.md). Repeatable.",
    ),
    click.option(
        "--auth",
        type=click.Choice(["any", "none", "strict"]),
        default="any",
        show_default=True,
        help="Where the venue requires credentials: accept any, require none, or check them against --auth-key.",
    ),
    click.option(
        "--auth-key",
        "key_files",
        metavar="FILE",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        help="With --auth strict: a PEM key, public or private, or a CDP or Exchange key file. Repeatable.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Exit with 1 if a client was refused, or asked for data not recorded; guess nothing that is asked over "
        "HTTP.",
    ),
)
"""Adds the options."""


def read_keys(mode: str, files: Sequence[Path]) -> tuple[AuthKey, ...]:
    """Read the keys to check credentials against."""
    from ....feeds.auth import parse_auth_key

    if mode == "strict" and not files:
        raise UsageError("--auth strict needs --auth-key FILE: the key to check credentials against")
    keys = []
    for file in files:
        text = read_key_text(file, is_secret=False, what="key")
        try:
            keys.append(parse_auth_key(text))
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from None
    return tuple(keys)
