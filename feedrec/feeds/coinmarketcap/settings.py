"""What is not known of the venue, or off by default, as the person who runs a replay sets it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..server_half.beyond import Lacking
from .limits import PING_INTERVAL, SUBSCRIPTIONS_PER_CONNECTION

__all__ = ["Settings"]


class Settings(msgspec.Struct, frozen=True):
    """What is not known about the venue, or differs between accounts, and limits that are off by default."""

    ping_interval_ms: Annotated[int, Meta(description="as the welcome message says it")] = round(PING_INTERVAL * 1000)
    pong: Annotated[
        Literal["documented", "observed"], Meta(description="`documented`, or `observed` (2026-09-15, without a type)")
    ] = "documented"
    sub_limit: Annotated[int, Meta(ge=0, description="subscriptions that a connection carries")] = (
        SUBSCRIPTIONS_PER_CONNECTION
    )
    message_limit: Annotated[
        int, Meta(ge=0, description="bytes above which a message is too long; 0 for no limit, as none is documented")
    ] = 0
    idle_timeout: Annotated[
        float,
        Meta(
            ge=0,
            description="seconds within which a client must subscribe, or be closed with 1001; 0 for no limit",
        ),
    ] = 0.0
    connection_limit: Annotated[
        int,
        Meta(
            ge=0,
            description="connections of one API key, one more gets 4004; 0 for no limit (documented: 10)",
        ),
    ] = 0
    close_handshake: Annotated[
        Literal[0, 4004, 4100, 4101, 4102],
        Meta(description="close code with which each client is turned away, such as 4004; 0 for none"),
    ] = 0
    refuse_with: Annotated[
        int, Meta(description="error code with which each subscription is refused, such as 1010; 0 for none")
    ] = 0
    lacking: Lacking = "silent"
    last_value: Annotated[bool, Meta(description="whether a subscription begins with the last known value")] = True
