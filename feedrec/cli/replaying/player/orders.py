"""What each key asks for, and what several ask for together. Pure."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

__all__ = ["HELP", "ORDERS", "Order", "doubled", "enqueue", "halved"]

_SLOWEST, _FASTEST = 1 / 1024, 1024.0

OrderKind = Literal["pause", "step", "skip", "jump", "faster", "slower", "as recorded", "help", "quit"]


class Order(NamedTuple):
    """
    What a key asks for.

    Attributes:
        kind: `pause` or go on; play a frame (`step`); go on elsewhere (`skip`, `jump`); change the speed (`faster`,
            `slower`, `as recorded`); show the keys (`help`); `quit`.
        amount: Frames to step, recorded seconds to skip, tenths of the duration to jump to.

    """

    kind: OrderKind
    amount: int = 0


ORDERS: dict[str, Order] = {
    " ": Order("pause"),
    "right": Order("skip", 5),
    "left": Order("skip", -5),
    "up": Order("skip", 60),
    "down": Order("skip", -60),
    ".": Order("step", 1),
    "s": Order("step", 1),
    "+": Order("faster"),
    "=": Order("faster"),  # where + needs Shift
    "-": Order("slower"),
    "backspace": Order("as recorded"),
    **{str(tenths): Order("jump", tenths) for tenths in range(10)},
    "h": Order("help"),
    "?": Order("help"),
    "q": Order("quit"),
}
"""What each key asks for; all others ask for nothing."""

HELP = (
    ("space", "pause, and go on"),
    ("right, left", "5 s forward, back"),
    ("up, down", "60 s forward, back"),
    (". or s", "play one frame, then time stands"),
    ("+, -", "twice, half the speed"),
    ("backspace", "speed 1"),
    ("0 to 9", "go to so many tenths of the duration"),
    ("h or ?", "show the keys, and hide them"),
    ("q", "quit"),
)
"""The keys, and what they do, as a person reads it."""


def enqueue(waiting: list[Order], order: Order) -> list[Order]:
    """
    Return the orders that are to be carried out one after another, with a further one.

    A key that is held asks for the same many times a second. What is waiting is joined: skips and steps are added up,
    and nothing that goes elsewhere is done before a jump.

    Args:
        waiting: The orders so far, of the kinds `step`, `skip` and `jump`.
        order: Another one.

    """
    if order.kind == "jump":
        return [order]
    if waiting and waiting[-1].kind == order.kind:
        return [*waiting[:-1], Order(order.kind, waiting[-1].amount + order.amount)]
    return [*waiting, order]


def doubled(speed: float) -> float:
    """Return twice a speed; above 1,024 it is as fast as clients read."""
    return math.inf if speed >= _FASTEST else speed * 2


def halved(speed: float) -> float:
    """Return half a speed; what is as fast as clients read becomes 1,024, and 1/1,024 is the slowest."""
    return _FASTEST if math.isinf(speed) else max(speed / 2, min(speed, _SLOWEST))
