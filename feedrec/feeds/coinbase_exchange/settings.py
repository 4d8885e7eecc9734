"""What is not known of the venue, or off by default, as the person who runs a replay sets it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ..server_half.beyond import Lacking, SlowCode, SlowError
from ..server_half.rate_limits import ConnectionsAtOnce, MessagesAtOnce, MessagesCode, MessagesError, RateSettings
from ..server_half.subscribing import SubscribeWithin, SubscribeWithinCode
from ..server_half.venue_products import UnknownProducts
from .limits import CONNECTIONS_AT_ONCE, MESSAGES_AT_ONCE, SUBSCRIBE_WITHIN

__all__ = ["Settings"]


class Settings(RateSettings, frozen=True, kw_only=True):
    """What is not known about the venue, with a sane default, and limits that are off by default."""

    subscribe_within: SubscribeWithin = SUBSCRIBE_WITHIN
    subscribe_within_code: SubscribeWithinCode = 1008
    malformed_message: Annotated[
        str, Meta(description="text of the error for what is not JSON, or of no documented shape")
    ] = "Malformed JSON"
    invalid_key_reason: Annotated[
        str, Meta(description="reason of `Authentication Failed`, whatever is wrong with the credentials")
    ] = '{"message":"Invalid API Key"}'
    private_reason: Annotated[
        str, Meta(description="reason of the error for `user` and `balance` without credentials")
    ] = "user and balance channels require authentication"
    direct_reason: Annotated[
        str, Meta(description="reason of the error for anything else without credentials at a direct endpoint")
    ] = "this endpoint requires authentication"
    no_products_reason: Annotated[
        str, Meta(description="reason of the error for a channel without products; `{channel}` stands for its name")
    ] = "You need to specify at least one product ID for channel {channel}"
    unknown_products: UnknownProducts = ""
    lacking: Lacking = "silent"
    slow_error: SlowError = "ErrSlowConsume"
    slow_code: SlowCode = 1008
    connections_at_once: ConnectionsAtOnce = CONNECTIONS_AT_ONCE
    messages_per_second: Annotated[
        float,
        Meta(ge=0, description="messages of one address in a second; 0 for no limit (documented: 10, earlier 100)"),
    ] = 0.0
    messages_at_once: MessagesAtOnce = MESSAGES_AT_ONCE
    messages_error: MessagesError = "ErrSlowRead"
    messages_code: MessagesCode = 1008
