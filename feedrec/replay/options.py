"""How to replay."""

from __future__ import annotations

import math
import time
from typing import Literal

import msgspec

from ..errors import UsageError
from ..feeds.auth import Auth, AuthKey, AuthMode

__all__ = ["AtEnd", "ReplayOptions"]

AtEnd = Literal["close", "hold", "exit"]


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    How to replay.

    Attributes:
        host: Name or address to listen on.
        port: Port to listen on; 0 for any free one.
        speed: Recorded seconds per second; `math.inf` for as fast as each client reads.
        clock: `each` for a timeline of its own for each client, from the start; `shared` for one timeline for all: it
            begins with the first client that subscribes, and who comes later, or comes back, joins at the present. None
            for `shared` with recordings of several endpoints that are neither looped nor as fast as can be, else
            `each`.
        at_end: After the last frame: `close` the connection and keep listening; `hold` it open, silent; or `exit`: as
            `close`, and the server is finished when every client that connected has ended.
        write_deadline: Seconds after which a client that takes no bytes is given up.
        deflate: Whether to compress for clients that offer permessage-deflate.
        mode: `venue` to answer as the venue would, `verbatim` to give every recorded frame to whoever connects;
            None for `venue` where the feed is known.
        settle: Seconds without a further message after which a client has subscribed all it wants, and time begins.
        start: Recorded time at which to begin, inclusive, in nanoseconds; None for the beginning.
        end: Recorded time at which to end, exclusive; None for the end.
        loop: Whether to begin again at the end, for ever.
        settings: What is not known of the venue, by name; the feed says which there are.
        auth: What is demanded of the credentials of clients where the venue demands any; see `AUTH_MODES`.
        auth_keys: What `strict` checks credentials against; see `parse_auth_key`.

    Raises:
        UsageError: If the speed or the write deadline is not positive, the settling time is negative, or what was
            chosen does not go together.

    """

    host: str = "127.0.0.1"
    port: int = 8765
    speed: float = 1.0
    clock: Literal["each", "shared"] | None = None
    at_end: AtEnd = "close"
    write_deadline: float = 30.0
    deflate: bool = False
    mode: Literal["venue", "verbatim"] | None = None
    settle: float = 0.1
    start: int | None = None
    end: int | None = None
    loop: bool = False
    settings: dict[str, str] = {}
    auth: AuthMode = "any"
    auth_keys: tuple[AuthKey, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not self.speed > 0:
            raise UsageError(f"a speed of {self.speed} is not positive: give a factor such as 10, or max")
        if not 0 < self.write_deadline < math.inf:
            raise UsageError(f"a write deadline of {self.write_deadline} s is not a positive time")
        if not 0 <= self.settle < math.inf:
            raise UsageError(f"a settling time of {self.settle} s makes no sense")
        if self.clock == "shared" and not self.has_one_present:
            raise UsageError(
                "as fast as each client reads, or looped, there is no present that all clients share: leave out "
                "--clock shared, or --speed max and --loop"
            )
        if self.auth == "strict" and self.mode == "verbatim":
            raise UsageError("--mode verbatim checks no credentials: leave out --auth strict, or --mode verbatim")
        self.make_auth()

    @property
    def has_one_present(self) -> bool:
        """Whether recorded time passes for all clients alike."""
        return math.isfinite(self.speed) and not self.loop

    def make_auth(self) -> Auth:
        """Make what checks credentials; they live in wall time."""
        return Auth(self.auth, now=time.time_ns, keys=self.auth_keys)
