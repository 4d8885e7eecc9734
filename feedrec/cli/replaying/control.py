"""How programs and people steer a replay: what they must send along, where a command finds that, and the page."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..browser import open_page

if TYPE_CHECKING:
    from ...replay import ReplayServer

__all__ = ["control_variables", "show_page", "tell_token"]

log = logging.getLogger("feedrec")


def tell_token(server: ReplayServer) -> None:
    """Tell the token that steering needs, if it was made."""
    if server.control.guard.is_made:
        log.warning("steering needs the token %s (--control-token sets another)", server.control_token)


def control_variables(server: ReplayServer) -> dict[str, str]:
    """Return the environment variables by which a command can steer the replay that it runs against."""
    token = server.control_token
    return {"FEEDREC_CONTROL_URL": server.control_url} | ({} if token is None else {"FEEDREC_CONTROL_TOKEN": token})


async def show_page(server: ReplayServer, *, opens: bool) -> None:
    """Open the page of the replay in the browser of the user, if that is wanted."""
    url, token = f"{server.control_url}/", server.control_token
    if opens and not await open_page(url if token is None else f"{url}?token={quote(token)}"):
        log.warning("no browser was found here: open %s", url)
