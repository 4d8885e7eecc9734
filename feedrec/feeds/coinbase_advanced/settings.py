"""What is not known of the venue, or off by default, as the person who runs a replay sets it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ..server_half.beyond import Lacking, SlowCode, SlowError
from ..server_half.rate_limits import RateSettings
from ..server_half.subscribing import SubscribeWithin, SubscribeWithinCode
from ..server_half.venue_products import UnknownProducts
from .limits import SUBSCRIBE_WITHIN

__all__ = ["Settings"]


class Settings(RateSettings, frozen=True, kw_only=True):
    """What is not known about the venue, with a sane default, and limits that are off by default."""

    subscribe_within: SubscribeWithin = SUBSCRIBE_WITHIN
    subscribe_within_code: SubscribeWithinCode = 1008
    level2_limit_closes: Annotated[
        bool, Meta(description="whether too many level2 products close the connection")  # probes differ
    ] = False
    malformed_message: Annotated[str, Meta(description="text of the error for a malformed request")] = (
        "failure to subscribe"
    )
    unknown_products: UnknownProducts = ""
    lacking: Lacking = "silent"
    slow_error: SlowError = "too slow"
    slow_code: SlowCode = 1008
    account_id: Annotated[str, Meta(description="the id that acks list for `user` and `futures_balance_summary`")] = (
        "00000000-0000-0000-0000-000000000000"
    )
    silent_channel_closes: Annotated[
        float,
        Meta(
            ge=0,
            description="recorded seconds of silence after which a channel closes, unless `heartbeats` is subscribed; "
            "0 for never (documented: 60 to 90)",
        ),
    ] = 0.0
    silent_channel_code: Annotated[
        int, Meta(description="close code when no channel is left then; 0 to leave the connection open")
    ] = 1000
    messages_per_second: Annotated[
        float,
        Meta(
            ge=0, description="messages of one address without a valid JWT in a second; 0 for no limit (documented: 8)"
        ),
    ] = 0.0
