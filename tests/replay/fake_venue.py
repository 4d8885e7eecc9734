"""A venue that is none: what a server half is told, and what becomes of what it says, without a real one's rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from feedrec.errors import UsageError
from feedrec.feeds.auth import Auth
from feedrec.feeds.defaults import ServerDefaults
from feedrec.feeds.venue import Catalogue, Key, Remark, Reply, Sample, Send
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, FrameInfo, Header

MILLISECOND = 1_000_000
START = 1_786_309_548_000_000_000

_EVERYTHING: Key = ("all", "X")


def record(path: Path, endpoint: str, times: Iterable[int]) -> Path:
    """Write a recording whose frames tell the endpoint and their time, in milliseconds from START."""
    writer = create_recording(path, Header(endpoint, created=START))
    for time in times:
        writer.write_line(encode_frame(Frame(START + time * MILLISECOND, 0, f"{endpoint} {time}".encode())))
    return writer.finish()


class FakeVenue:
    """
    Gives every frame to whoever says `subscribe`, after `TIME state: LAST FRAME`.

    A message is refused if it holds no good credentials, as Exchange demands them; `bug ...` meets a defect.

    Args:
        name: Of the endpoint.
        settings: Names of settings that it knows.

    Attributes:
        auths: What it was given, server by server.
        settings: The same.

    """

    channels: Mapping[str, Any] = {"all": None}
    url = "wss://venue.test"

    def __init__(self, name: str, settings: Collection[str] = ()) -> None:
        self.name = name
        self.auths: list[Auth] = []
        self.settings: list[Mapping[str, str]] = []
        self._known = settings

    def describe(self, payload: bytes) -> FrameInfo:  # noqa: ARG002
        return FrameInfo("all", ("X",), None, "update")

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth) -> FakeServer:
        unknown = [name for name in settings if name not in self._known]
        if unknown:
            raise UsageError(f"{self.name} has no setting {unknown[0]!r}")
        self.auths.append(auth)
        self.settings.append(settings)
        return FakeServer(catalogue, auth)

    def as_recorded(self, sample: Sample) -> FakeVenue:  # noqa: ARG002
        return self

    def own_time(self, payload: bytes) -> int | None:  # noqa: ARG002
        return None

    def state(self, wanted: Collection[Key] | None) -> FakeState:  # noqa: ARG002
        return FakeState(b"nothing")


class FakeState:
    """The last frame."""

    def __init__(self, last: bytes) -> None:
        self._last = last

    def apply(self, info: FrameInfo, payload: bytes) -> None:  # noqa: ARG002
        self._last = payload

    def keys(self) -> Collection[Key]:
        return [_EVERYTHING]

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:  # noqa: ARG002
        return self._last

    def copy(self) -> FakeState:
        return FakeState(self._last)


class FakeServer(ServerDefaults):
    """See `FakeVenue`."""

    wanted: frozenset[Key] = frozenset()

    def __init__(self, catalogue: Catalogue, auth: Auth) -> None:
        self.catalogue = catalogue
        self.has_subscribed = False
        self._auth = auth

    def on_message(self, message: bytes, time: int) -> list[Reply]:  # noqa: ARG002
        words = message.decode().split()
        if words[0] == "bug":
            raise KeyError(message)
        fields = dict(word.split("=", 1) for word in words[1:])
        refusal = self._auth.check_exchange(fields) if fields else None
        if refusal is not None:
            return [Send(b"refused"), Remark(f"sends credentials that are refused: {refusal}")]
        self.wanted = frozenset([_EVERYTHING])
        self.has_subscribed = True
        return []

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        self.wanted = frozenset()
        last = snapshots[_EVERYTHING] or b"nothing"
        return [Send(b"%d state: %s" % ((time - START) // MILLISECOND, last))]

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:  # noqa: ARG002
        return (frame.payload,) if self.has_subscribed else ()

    def on_restart(self) -> None:
        self.wanted = frozenset([_EVERYTHING])
