"""How to replay."""

from __future__ import annotations

import math
import resource
import ssl
import sys
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from ..admission.allowed_hosts import parse_host_name
from ..admission.bearer_token import check_token
from ..errors import UsageError
from ..feeds.auth import Auth, AuthKey, AuthMode
from .dialogue.matching import DEFAULT_MATCH, Matching, parse_match
from .faults.fault import AuthFailure, Disconnect
from .faults.reading import read_faults
from .tls.tls_context import TlsFiles

__all__ = ["MAX_CLIENTS", "MOST_WAITING", "AtEnd", "ReplayOptions"]

MAX_CLIENTS = 1000
"""Clients at a time, unless that is chosen or the limit of descriptors is lower."""

MOST_WAITING = 100
"""Connections that may wait for their handshake at a time, unless the limit of descriptors is low."""

_SPARE_DESCRIPTORS = 100  # for recordings, pipes, and connections whose handshake is under way

AtEnd = Literal["close", "hold", "exit"]


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    How to replay.

    Attributes:
        host: Name or address to listen on.
        port: Port to listen on; 0 for any free one.
        speed: Recorded seconds per second; `math.inf` for as fast as each client reads.
        clock: `each` for a separate timeline for each client, from the start; `shared` for one timeline for all: it
            begins with the first client that subscribes, and a client that connects or reconnects later joins at its
            current time. None for `shared` with recordings of several endpoints, unless they are looped or the speed is
            infinite, for `shared` if it begins paused, and for `each` otherwise.
        paused: Whether nothing is played until the replay is steered: until a step, until it shall play up to a moment,
            or until it is resumed. The present is then what was played, so that the same messages of clients at the
            same position are answered with the same bytes at any speed.
        wait_for: How many clients must have subscribed for their time to begin, that of all of them together. When
            nobody is left, or the time of all is over, the next ones wait for each other again.
        at_end: After the last frame: `close` the connection and keep listening; `hold` it open, where time, heartbeats
            and answers go on; or `exit`: like `close`, and the server finishes when the replay to every client has
            ended.
        write_deadline: Seconds after which a client that reads nothing is disconnected.
        deflate: Whether to compress for clients that offer permessage-deflate.
        mode: `venue` to answer as the venue would; `verbatim` to send every recorded frame to every client; `dialogue`
            to send what was recorded when the client has said what it said then; None for `venue` if the feed is known,
            else `verbatim`.
        settle: Seconds without another message after which a client is taken to have subscribed, and its time begins.
        start_after: What a client must have subscribed for its time to begin at once: channels, or channels with
            products, `ticker:BTC-USD`. By default that is all that the recordings hold. Without that it settles.
        start: Recorded time at which to begin, inclusive, in nanoseconds; None for the beginning.
        live: Whether to begin at the end of the last recording, which grows: what is recorded from then on is played in
            step with its recorder, about a second later, to all clients in one timeline, at speed 1.
        end: Recorded time at which to end, exclusive; None for the end.
        loop: Whether to start over at the end, forever.
        max_gap: Recorded seconds that a silence takes at most: from one recorded frame to the next, over all endpoints
            that share a time, the rest of what is longer takes no time. None to leave silences as they are.
        restamp: Whether the times in what clients are sent are moved to now, for clients that refuse old data; at speed
            1 only. How far is fixed when the replay of a client begins, goes on after a pause, or is moved.
        with_outages: Whether recorded outages are replayed: clients are disconnected as the recorder was, and
            handshakes are answered as they were then. All clients have one timeline.
        settings: Undocumented details of the venue, by name; the feed defines them.
        faults: What goes wrong on purpose, such as `drop=0.1%`; see docs/replay.md. With a `disconnect`, all clients
            have one timeline.
        seed: Decides which frames they hit; None for one that is drawn.
        auth: How clients' credentials are checked where the venue requires them; see `AUTH_MODES`.
        auth_keys: What `strict` checks credentials against; see `parse_auth_key`.
        strict: Whether HTTP requests get no answer that is guessed.
        allow_hosts: Names or addresses of hosts whose web pages may connect, besides those of this machine.
        max_clients: Clients that may be connected at a time; None for the smaller of `MAX_CLIENTS` and what the limit
            of open files allows.
        match: How a dialogue compares what a client says: `exact`, `json`, or `ignore:` and keys, with commas; see
            `Matching`. None for `DEFAULT_MATCH`.
        match_timeout: Seconds by which a client may be longer silent in a dialogue than when that was recorded.
        cache: Whether states that took long to rebuild are kept in the user's cache folder, and taken from there.
        control_token: What programs and pages that steer it must send along; None for nothing, or for one that is made
            if others than this machine reach the server.
        tls: Certificate and key with which it speaks TLS (wss), or a context that has them; None for plain ws.

    Raises:
        UsageError: If the speed, the write deadline or the number of clients is not positive, the settling time is
            negative, a host is none, too few files may be open for the clients, or options conflict.

    """

    host: str = "127.0.0.1"
    port: int = 8765
    speed: float = 1.0
    clock: Literal["each", "shared"] | None = None
    paused: bool = False
    wait_for: int = 1
    at_end: AtEnd = "close"
    write_deadline: float = 30.0
    deflate: bool = False
    mode: Literal["venue", "verbatim", "dialogue"] | None = None
    settle: float = 0.1
    start_after: tuple[str, ...] = ()
    start: int | None = None
    live: bool = False
    end: int | None = None
    loop: bool = False
    max_gap: float | None = None
    restamp: bool = False
    with_outages: bool = False
    settings: dict[str, str] = {}
    faults: tuple[str, ...] = ()
    seed: int | None = None
    auth: AuthMode = "any"
    auth_keys: tuple[AuthKey, ...] = ()
    strict: bool = False
    allow_hosts: tuple[str, ...] = ()
    max_clients: int | None = None
    match: str | None = None
    match_timeout: float = 5.0
    cache: bool = True
    control_token: str | None = None
    tls: TlsFiles | ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        """Reject invalid options."""
        if not self.speed > 0:
            raise UsageError(f"the speed must be positive, not {self.speed}: use a factor such as 10, or max")
        if not 0 < self.write_deadline < math.inf:
            raise UsageError(f"the write deadline must be positive and finite, not {self.write_deadline} s")
        if not 0 <= self.settle < math.inf:
            raise UsageError(f"the settling time must be finite and not negative, not {self.settle} s")
        if self.paused and (self.clock == "each" or self.loop):
            raise UsageError(
                "a replay that begins paused has one timeline for all clients, played once: leave out clock='each' and "
                "loop, or paused"
            )
        self._check_wait()
        if self.clock == "shared" and not self.has_one_present:
            raise UsageError(
                "with --speed max or --loop, clients have no current time to share: leave out --clock shared, or "
                "--speed max and --loop"
            )
        if self.auth == "strict" and self.mode == "verbatim":
            raise UsageError("--mode verbatim checks no credentials: leave out --auth strict, or --mode verbatim")
        if self.max_gap is not None and not 0 < self.max_gap < math.inf:
            raise UsageError(f"the longest silence must be positive and finite, not {self.max_gap} s")
        self._check_outages()
        self._check_live()
        self._check_restamp()
        self._check_faults()
        self._check_dialogue()
        self._check_max_clients()
        if self.control_token is not None:
            check_token(self.control_token)
        for host in self.allow_hosts:
            parse_host_name(host)
        self.make_auth()

    @property
    def client_limit(self) -> int:
        """How many clients may be connected at a time."""
        if self.max_clients is not None:
            return self.max_clients
        return max(1, min(MAX_CLIENTS, _descriptors() - _SPARE_DESCRIPTORS))

    @property
    def waiting_limit(self) -> int:
        """How many connections may wait for their handshake at a time; three times as many take a descriptor then."""
        return max(1, min(MOST_WAITING, (_descriptors() - self.client_limit) // 4))

    @property
    def has_one_present(self) -> bool:
        """Whether recorded time can pass for all clients alike: as fast as can be, if they wait for each other."""
        return (math.isfinite(self.speed) or self.paused) and not self.loop

    def shares_clock(self, *, of_several: bool) -> bool:
        """Tell whether all clients have one timeline, of a single endpoint or of several."""
        is_shared = self.paused or self.clock == "shared" or self.disconnects or self.with_outages or self.live
        return is_shared or (self.clock is None and of_several and self.has_one_present)

    @property
    def matching(self) -> Matching:
        """How a dialogue compares what a client says."""
        return parse_match(self.match or DEFAULT_MATCH)

    @property
    def disconnects(self) -> bool:
        """Whether clients are disconnected at moments of the timeline, so that they come back to a later one."""
        return any(isinstance(fault, Disconnect) for fault in read_faults(self.faults))

    def _check_faults(self) -> None:
        faults = read_faults(self.faults)
        if self.disconnects and (self.clock == "each" or self.loop):
            raise UsageError(
                "clients that are disconnected come back to one timeline, played once: leave out --clock each and "
                "--loop, or the fault disconnect"
            )
        if any(isinstance(fault, AuthFailure) for fault in faults) and (self.auth == "none" or self.mode == "verbatim"):
            unfit = "--auth none" if self.auth == "none" else "--mode verbatim"
            raise UsageError(f"{unfit} checks no credentials: leave it out, or the fault auth-failure")

    def _check_outages(self) -> None:
        if not self.with_outages:
            return
        if self.clock == "each" or self.loop:
            raise UsageError(
                "an outage is one for all clients, who come back to one timeline, played once: leave out --clock each "
                "and --loop, or --with-outages"
            )
        if self.faults:
            raise UsageError(
                "faults and recorded outages are replayed one by one: leave out --fault, or --with-outages"
            )

    def _check_live(self) -> None:
        unfit = {
            "--speed": self.speed != 1,
            "--clock each": self.clock == "each",
            "--loop": self.loop,
            "--max-gap": self.max_gap is not None,
            "--with-outages": self.with_outages,
            "--wait-for": self.wait_for > 1,
            "--mode dialogue": self.mode == "dialogue",
            "paused": self.paused,
        }
        for name in (name for name, is_given in unfit.items() if self.live and is_given):
            raise UsageError(f"--from live plays to all clients what is being recorded, as it comes: leave out {name}")

    def _check_restamp(self) -> None:
        if not self.restamp:
            return
        if self.speed != 1:
            raise UsageError(
                f"--restamp moves times to now, where they pass at speed 1, not {self.speed:g}: leave out --speed, or "
                "--restamp"
            )
        if self.mode in {"verbatim", "dialogue"}:
            raise UsageError(f"--mode {self.mode} sends what was recorded: leave out --restamp, or --mode {self.mode}")

    def _check_dialogue(self) -> None:
        if not 0 < self.match_timeout < math.inf:
            raise UsageError(
                f"the patience with a silent client must be positive and finite, not {self.match_timeout} s"
            )
        if self.mode != "dialogue":
            if self.match is not None:
                raise UsageError("messages are compared in a dialogue only: leave out --match, or add --mode dialogue")
            return
        parse_match(self.match or DEFAULT_MATCH)
        unfit = {
            "--loop": self.loop,
            "--clock shared": self.clock == "shared",
            "--max-gap": self.max_gap is not None,
            "--from and --to": self.start is not None or self.end is not None,
            "--set": bool(self.settings),
            "--auth strict": self.auth == "strict",
            "paused": self.paused,
            "--wait-for": self.wait_for > 1,
            "--fault": bool(self.faults),
            "--with-outages": self.with_outages,
            "start_after": bool(self.start_after),
        }
        for name in (name for name, is_given in unfit.items() if is_given):
            raise UsageError(f"--mode dialogue plays each connection once, as it was recorded: leave out {name}")

    def _check_wait(self) -> None:
        if self.wait_for < 1:
            raise UsageError(f"time can wait for one client or more, not for {self.wait_for}")
        if self.wait_for > self.client_limit:
            raise UsageError(
                f"{self.wait_for} clients would never be there: {self.client_limit} may be connected (--max-clients)"
            )
        if self.paused and self.wait_for > 1:
            raise UsageError("a replay that begins paused waits for whoever steers it: leave out wait_for, or paused")

    def _check_max_clients(self) -> None:
        if self.max_clients is None:
            return
        if self.max_clients < 1:
            raise UsageError(f"at least one client must be allowed, not {self.max_clients}")
        needed = self.max_clients + _SPARE_DESCRIPTORS
        if needed > _descriptors():
            raise UsageError(
                f"{self.max_clients} clients need {needed} open files, and {_descriptors()} are allowed: raise that "
                "limit with `ulimit -n`, or allow fewer clients"
            )

    def make_auth(self, fails: Callable[[], bool] = lambda: False) -> Auth:
        """Make the check of credentials, which expire by the wall clock; see `Auth` for `fails`."""
        return Auth(self.auth, now=time.time_ns, keys=self.auth_keys, fails=fails)


def _descriptors() -> int:
    """Return how many files this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
