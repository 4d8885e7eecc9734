"""How programs steer a replay: what they must send along, and where a command finds that."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...replay import ReplayServer

__all__ = ["control_variables", "tell_token"]

log = logging.getLogger("feedrec")


def tell_token(server: ReplayServer) -> None:
    """Tell the token that steering needs, if it was made."""
    if server.control.guard.is_made:
        log.warning("steering needs the token %s (--control-token sets another)", server.control_token)


def control_variables(server: ReplayServer) -> dict[str, str]:
    """Return the environment variables by which a command can steer the replay that it runs against."""
    token = server.control_token
    return {"FEEDREC_CONTROL_URL": server.control_url} | ({} if token is None else {"FEEDREC_CONTROL_TOKEN": token})
