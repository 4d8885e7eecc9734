"""A server half that gives a client what it subscribed, snapshots first."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec

from ...model import Frame, FrameInfo, FrameInfos
from ...spelling import few_of
from ..defaults import ServerDefaults
from ..venue import Catalogue, Close, Key, Message, Remark, Reply, Send

__all__ = ["SubscribeWithin", "SubscribeWithinCode", "SubscribingServer", "send_json"]

SubscribeWithin = Annotated[
    float, msgspec.Meta(ge=0, description="seconds within which a client must subscribe; 0 for no limit")
]
SubscribeWithinCode = Annotated[int, msgspec.Meta(ge=1000, description="close code for a client that did not")]

_NO_MESSAGES: tuple[bytes, ...] = ()
_ANSWERS = ("ack", "error", "heartbeat")


class SubscribingServer(ServerDefaults):
    """
    A server half that gives a client what it subscribed, each product from its snapshot on; see `FeedServer`.

    1. What is subscribed begins with the keys of `begins_with`: they are wanted until the state is there.
    2. A frame goes to a client that subscribed one of its products, or the product `""`, which is all of a channel; one
       that names no product goes to everyone who has its channel.
    3. A frame of which a wanted state will speak is withheld: it would come twice.
    4. A frame of a channel that the feed does not know, or of none, is news of the venue: it goes to every client that
       has subscribed anything. Acks, errors and heartbeats without a channel are answers to the recorder.

    A venue overrides `on_message`, in which it calls `add` and `remove`, and whatever it does otherwise.

    Args:
        catalogue: What the recordings hold.
        subscribe_within: Seconds within which a client must subscribe; 0 for any time.
        close_code: The close code for a client that has not.
        close_reason: The reason given with it; empty to name the seconds.
        channels: The channels that the feed knows, as frames are described; None to withhold what is of any other.

    Attributes:
        subscribed: Products by channel, in the order of the client's messages.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        subscribe_within: float = 0.0,
        close_code: int = 1008,
        close_reason: str = "",
        *,
        channels: Collection[str] | None = None,
    ) -> None:
        self.subscribe_within = subscribe_within or None
        self.next_due: int | None = None
        self.has_subscribed = False
        self._silence = Close(close_code, close_reason or f"no subscribe message within {subscribe_within:g} seconds")
        self._catalogue = catalogue
        self._known = frozenset(channels or ())
        self._nobody: Mapping[str, frozenset[str]] = dict.fromkeys(self._known, frozenset())
        self.subscribed: dict[str, dict[str, None]] = {}
        self._takers = self._nobody  # the same products by the channels that frames name, of all that are known
        self._wanted: dict[Key, None] = {}

    @property
    def wanted(self) -> frozenset[Key]:
        return frozenset(self._wanted)

    def has_subscribed_to(self, keys: Iterable[Key]) -> bool:
        return all(self._has_subscribed(*key) for key in keys)

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        replies: list[Reply] = []
        for key in [key for key in self._wanted if key in snapshots]:
            del self._wanted[key]
            replies += self.give_state(key, snapshots[key], time)
        return replies

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        takers = self._takers.get(info.channel)  # as `_takes`, without the call
        if not takers:
            return (frame.payload,) if takers is None and self.is_news(frame, info) else _NO_MESSAGES
        if takers.isdisjoint(info.products) and info.products and "" not in takers:
            return _NO_MESSAGES
        if self._wanted and self.withholds(info):
            return _NO_MESSAGES
        return (frame.payload,)

    def passage_key(self, frame: Frame, info: FrameInfo) -> Hashable | None:  # noqa: ARG002
        """Return what is subscribed, which decides alone as long as no state is wanted; see `FeedServer`."""
        if self._wanted:
            return None
        return frozenset((channel, frozenset(products)) for channel, products in self.subscribed.items())

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
        taken = self._taken(frames, infos)
        return [frame.payload if is_taken else None for frame, is_taken in zip(frames, taken, strict=True)]

    def on_silence(self) -> list[Reply]:
        return [self._silence]

    def on_restart(self) -> None:
        self.next_due = None
        self._wanted = dict.fromkeys(self._keys_of(self.subscribed))

    def begins_with(self, channel: str, product: str) -> Iterable[Key]:
        """Return the keys of the state with which a product of a channel begins."""
        return ((channel, product),)

    def give_state(self, key: Key, snapshot: bytes | None, time: int) -> Sequence[Reply]:  # noqa: ARG002
        """Return a client what the state holds of something that was wanted."""
        return () if snapshot is None else (Send(snapshot),)

    def recorded_products(self, channel: str) -> Collection[str]:
        """Return the products of a channel that the recordings hold."""
        return self._catalogue.get(channel, ())

    def add(self, channel: str, products: Sequence[str]) -> list[str]:
        """Subscribe products; return the new ones. They begin with what the channel does not have already."""
        known = self.subscribed.get(channel, {})
        new = [product for product in dict.fromkeys(products) if product not in known]
        if new:
            begun = set(self._keys_of({channel: known}))
            self._wanted.update({key: None for key in self._keys_of({channel: new}) if key not in begun})
            self.subscribed[channel] = known | dict.fromkeys(new)
            self._takers = {**self._nobody, **self._find_takers()}
        self.has_subscribed = True
        return new

    def remove(self, channel: str, products: Iterable[str] = ()) -> None:
        """Unsubscribe products, or without any the channel; what has begun with them is no longer wanted."""
        known = self.subscribed.get(channel, {})
        for product in list(products or known):
            known.pop(product, None)
        if not known:
            self.subscribed.pop(channel, None)
        self._settle()

    def _has_subscribed(self, channel: str, product: str) -> bool:
        """Tell whether a product of a channel is subscribed, or its frames come with another channel."""
        named, taken = self.subscribed.get(channel, ()), self._takers.get(channel, ())
        return any(found and (not product or product in found or "" in found) for found in (named, taken))

    def _settle(self) -> None:
        """Take and want nothing that is not subscribed."""
        self._takers = {**self._nobody, **self._find_takers()}
        kept = set(self._keys_of(self.subscribed))
        self._wanted = {key: None for key in self._wanted if key in kept}

    def _keys_of(self, subscribed: Mapping[str, Iterable[str]]) -> Iterable[Key]:
        for channel, products in subscribed.items():
            for product in products:
                yield from self.begins_with(channel, product)

    def _find_takers(self) -> dict[str, frozenset[str]]:
        """Return the products whose frames the client gets, by the channels that frames name."""
        return {channel: frozenset(products) for channel, products in self.subscribed.items()}

    def _takes(self, frame: Frame, info: FrameInfo) -> bool:
        takers = self._takers.get(info.channel)
        if takers is None:
            return self.is_news(frame, info)
        return bool(takers) and (not takers.isdisjoint(info.products) or not info.products or "" in takers)

    def _taken(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bool]:
        """Tell of each frame whether it is taken: of channels that can be subscribed, what a frame is says it alone."""
        kinds = infos.kinds if isinstance(infos, FrameInfos) else ()
        if not isinstance(infos, FrameInfos) or not frames or any(kind.channel not in self._takers for kind in kinds):
            return list(map(self._takes, frames, infos))
        are_taken = [self._takes(frames[0], kind) for kind in kinds]
        return [are_taken[kind] for kind in infos.which]

    def is_news(self, frame: Frame, info: FrameInfo) -> bool:  # noqa: ARG002
        """
        Whether a frame that nobody can subscribe is for this client, as the venue may have sent it to any.

        What it depends on besides the frame and `subscribed` must be in `passage_key` too.
        """
        is_unknown = bool(self._known) and info.channel not in self._known
        return is_unknown and bool(self.subscribed) and info.kind not in _ANSWERS

    def withholds(self, info: FrameInfo) -> bool:
        """Take a frame that the client subscribed, while a state is wanted; tell whether the state will speak of it."""
        return any((info.channel, product) in self._wanted for product in ("", *info.products))

    def lacking_remark(self, channel: str, products: Sequence[str]) -> Remark:
        """Return the remark that a client asks for what the recordings lack."""
        of_channel = f" {few_of(products)}" if any(self.recorded_products(channel)) else ""
        return Remark(f"asks for {channel}{of_channel}, which the recording lacks; it has {self._there(channel)}")

    def unknown_remark(self, channel: str, products: Sequence[str]) -> Remark:
        """Return the remark that a client asks for products that the venue itself does not have."""
        asked = f"{channel} {few_of(products)}"
        return Remark(f"asks for {asked}, which the venue does not have; the recording has {self._there(channel)}")

    def _there(self, channel: str) -> str:
        """Return what is recorded of a channel, or which channels are if it is not."""
        recorded = sorted(filter(None, self.recorded_products(channel)))
        return few_of(recorded) if recorded else ", ".join(sorted(filter(None, self._catalogue))) or "no channel"


def send_json(fields: Mapping[str, Any]) -> Send:
    """Return a message as JSON."""
    return Send(msgspec.json.encode(fields))
