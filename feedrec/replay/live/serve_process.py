"""
The process that serves feeds live: `python -m feedrec.replay.live.serve_process PLAN`.

The plan is a `ServePlan` as JSON. Standard input is a socket to the recorder, in both directions. The process ends with
it, and tells the recorder what it would log.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys

import msgspec

from ...errors import FeedrecError
from ...live_messages import Logged, Ready, ServePlan
from .live_server import LiveServer
from .private_folder import remove_if_orphaned
from .recorder_link import RecorderLink
from .states.asking import States
from .told_log import ToldLog

__all__ = ["main", "serve_recorder"]

_LOOK = 1.0  # seconds between two times that it is told who is served
_GARBAGE = 50_000  # objects after which Python looks for garbage: each look makes frames late


async def serve_recorder(plan: ServePlan, recorder: socket.socket) -> int:
    """
    Serve until the recorder is gone.

    Args:
        plan: What is served.
        recorder: The socket to it.

    Returns:
        The status to exit with.

    """
    link = RecorderLink()
    await asyncio.get_running_loop().create_connection(lambda: link, sock=recorder)
    handler = ToldLog(link.tell_log)
    logger = logging.getLogger("feedrec")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    states = States(plan.states)
    try:
        server = LiveServer(plan, states.ask, link.tell)
        await server.start()
    except FeedrecError as error:
        link.tell(Logged(logging.ERROR, str(error)))
        await link.end()
        return 1
    try:
        link.tell(Ready(server.urls))
        link.take = server.take
        while not await link.over(_LOOK):
            server.tell_clients()
    finally:
        await server.close()
        await states.close()
        logger.removeHandler(handler)
    if link.fault is not None:
        raise link.fault
    return 0


def main() -> None:
    """Serve as the plan says that is the only argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the recorder
    plan = msgspec.json.decode(sys.argv[1], type=ServePlan)
    recorder = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a plug-in that reads shall not come between
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    try:
        code = asyncio.run(serve_recorder(plan, recorder))
    finally:
        remove_if_orphaned(plan)
    sys.exit(code)


if __name__ == "__main__":
    main()
