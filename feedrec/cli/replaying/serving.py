"""A replay that serves until it is stopped, until it is over, or until a command ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..child_process import address_variables, run_command
from ..memory import long_lived
from ..signals import end_signalled
from ..terminal import echo
from .control import control_variables, show_page, tell_token
from .tls import ChosenTls

if TYPE_CHECKING:
    from ...replay import ReplayServer

__all__ = ["serve", "serve_command"]


async def serve(server: ReplayServer, tls: ChosenTls, *, ui: bool) -> int:
    """Serve until Ctrl-C, SIGTERM, or the end of the replay."""
    import asyncio

    from .player.player import played_by_keys

    stop = end_signalled()
    async with server:
        tell_token(server)
        echo(*server.urls.values(), *tls.lines)
        await show_page(server, opens=ui)
        waiting = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(server.wait_finished())}
        async with played_by_keys(server.steering, stop.set):
            with long_lived():
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
    return 0


async def serve_command(server: ReplayServer, command: Sequence[str], tls: ChosenTls, *, ui: bool) -> int:
    """Serve until a command ends; return its exit code."""
    async with server:
        tell_token(server)
        await show_page(server, opens=ui)
        with long_lived():
            variables = {**address_variables(server.url), **control_variables(server), **tls.variables}
            return await run_command(command, variables)
