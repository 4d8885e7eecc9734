"""
What arrives on either side of a relay: it is passed on in the step in which it was read, and recorded.

Neither method may raise, see `Receiver`: whatever recording fails at, the connection goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.protocol import State

from ...feeds import Feed, Notice
from ...feeds.client_half.notices import discontinuity_notice
from ...feeds.redaction import Address
from ...feeds.sequence import SequenceRule
from ...model import FrameInfo
from ..connection import describe_opened
from ..intake import Intake
from ..sent_messages import as_recorded
from .legs import ClientLeg, VenueLeg
from .lossy_writer import LossyWriter

__all__ = ["Follow", "FromClient", "FromVenue", "Report"]

log = logging.getLogger("feedrec")


Follow = Callable[[FrameInfo, bytes], Sequence[Notice]]
Report = Callable[[Sequence[Notice], int], None]


class FromVenue:
    """
    Receives what the venue sends.

    Args:
        feed: Describes the frames, and numbers them.
        address: Where the connection leads, and what must not be recorded.
        details: What else the `open` event tells.
        intake: Makes the receive path of the connection, given what notices gaps and what reports them.
        client: Where the frames go on to.

    Attributes:
        last_bytes: When anything arrived last, in seconds of the monotonic clock.
        is_open: Whether the opening is recorded, and the end is not.
        sequence: Numbers the frames.
        venue: Where they come from; set before anything arrives.
        intake: As above.

    """

    def __init__(
        self,
        feed: Feed,
        address: Address,
        details: dict[str, Any],
        intake: Callable[[Follow, Report], Intake],
        client: ClientLeg,
    ) -> None:
        self.last_bytes = time.monotonic()
        self.is_open = False
        self.sequence: SequenceRule = feed.sequence_rule(from_start=True)
        self.venue: VenueLeg
        self._address = address
        self._details = details
        self.intake = intake(self._follow, self._report)
        self._client = client
        self._waiting: list[bytes] = []

    def opened(self) -> None:
        """Record the opening."""
        self.is_open = True
        told = {**describe_opened(self.venue), "subprotocol": self.venue.protocol.subprotocol, **self._details}
        told = {key: value for key, value in told.items() if value}
        self.intake.opened({"url": self._address.shown, **self._address.redaction.details(told)})

    def bytes_arrived(self) -> None:
        """Take the time."""
        self.last_bytes = time.monotonic()
        self.intake.bytes_arrived()

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Pass a message on, with all others of this read; record it."""
        # Uncompressed, which is legal whatever was agreed (RFC 7692, 6): the client is near.
        self._waiting.append(Frame(Opcode.BINARY if binary else Opcode.TEXT, payload).serialize(mask=False))
        self.intake.message(payload, binary=binary)

    def texts(self, payloads: list[bytes]) -> None:
        """Pass messages on; see `message`."""
        for payload in payloads:
            self.message(payload, binary=False)

    def read_done(self) -> None:
        """Write what is to be passed on; what comes before the client has its answer waits for that."""
        state = self._client.protocol.state
        if self._waiting and state is not State.CONNECTING:
            data, self._waiting = b"".join(self._waiting), []
            if state is State.OPEN:
                self._client.transport.write(data)

    def _follow(self, info: FrameInfo, _: bytes) -> Sequence[Notice]:
        found = self.sequence.observe(info)
        return () if found is None else (discontinuity_notice(found),)

    def _report(self, notices: Sequence[Notice], stamp: int) -> None:
        for notice in notices:
            log.warning("connection %d: %s", self.intake.number, notice.text)
            self.intake.event(notice.event or "gap", notice.details, stamp)


class FromClient:
    """
    Receives what the client says.

    Args:
        writer: Where frames are recorded.

    Attributes:
        venue: Where they go on to; None until that is open.
        intake: Records them.
        address: Knows what must not be recorded.

    """

    def __init__(self, writer: LossyWriter) -> None:
        self.venue: VenueLeg | None = None
        self.intake: Intake | None = None
        self.address: Address
        self._writer = writer
        self._stamp = 0

    def opened(self) -> None:
        """Do nothing: the venue opens first."""

    def bytes_arrived(self) -> None:
        """Take the time for all messages of this read."""
        if self.intake is not None:
            self._stamp = self.intake.write_reading_if_due()

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Pass a message on as it is; record it without its secrets."""
        if self.venue is None or self.intake is None or not self.venue.is_open:
            return
        self.venue.send_payload(payload, binary=binary)
        if self._writer.is_complete:
            return
        shown = as_recorded(payload, self.address.redaction)
        self.intake.sent(shown, redacted=shown != payload, binary=binary, time=self._stamp)

    def texts(self, payloads: list[bytes]) -> None:
        """Pass messages on; see `message`."""
        for payload in payloads:
            self.message(payload, binary=False)

    def read_done(self) -> None:
        """Do nothing: each message was passed on by itself."""
