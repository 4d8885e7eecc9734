"""Opening a connection in the place of another one, which is closed once the new one has its acks and brings data."""

from __future__ import annotations

import asyncio
import logging

from ....feeds.client_half.subscriptions import remove_subscriptions
from ..run_connection import RunConnection
from .rules import Handover, Sight, Verdict

__all__ = ["replace_connection"]

LOOK_EVERY = 0.1
"""Seconds between two looks at both connections."""

log = logging.getLogger("feedrec")


async def replace_connection(old: RunConnection, new: RunConnection) -> bool:
    """
    Wait until a new connection, which is being opened, has taken the place of an old one, and have the old one closed.

    Args:
        old: The connection to be left; it goes on if the new one fails.
        new: The one that is to take its place; it is closed, and has ended, if it fails.

    Returns:
        Whether the old connection is over: closed in favour of the new one, or lost before that.

    Raises:
        Exception: Whatever a defect of the recorder raises on the new connection.

    """
    verdict = await _verdict(old, new)
    if old.task.done():
        return True
    if verdict == "replace":
        log.info("connection %d has taken the place of %d, left for %s", new.number, old.number, old.leaving.reason)
        old.lifecycle.event("replaced", {"by": new.number, "reason": old.leaving.reason})
        old.lifecycle.close()
        return True
    why = await new.end() or "it brought nothing"
    if new.acceptance is not None:
        old.lifecycle.notices.repeat_acceptance()
    log.warning("no connection could take the place of %d, which goes on: %s", old.number, why)
    return False


async def _verdict(old: RunConnection, new: RunConnection) -> Verdict:
    handover: Handover | None = None
    while not (old.task.done() or new.task.done()):
        await asyncio.wait({old.task, new.task}, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        if not new.opened.is_set():
            continue
        handover = handover or Handover(old.lifecycle.frames)
        verdict = handover.judge(_sight(old, new))
        if verdict != "wait":
            return verdict
    return "give up"


def _sight(old: RunConnection, new: RunConnection) -> Sight:
    lifecycle = new.lifecycle
    return Sight(lifecycle.seconds_open, lifecycle.frames, old.lifecycle.frames, _is_accepted(old, new))


def _is_accepted(old: RunConnection, new: RunConnection) -> bool | None:
    """Tell whether the venue accepted on one connection what it has accepted on the other; None if it has not said."""
    before, now = old.acceptance, new.acceptance
    if now is None:
        return None
    if before is None or new.endpoint != old.endpoint:
        return True
    lost, _ = remove_subscriptions(now.missing, before.missing)
    return not lost
