"""What every server half has that gives a client what it subscribed."""

from __future__ import annotations

from collections.abc import Iterable

from feedrec.feeds.server_half import SubscribingServer, send_json
from feedrec.feeds.venue import Close, Key, Remark, Reply, Send
from feedrec.model import Frame, FrameInfo

CATALOGUE = {"book": ["X", "Y"], "all": [""], "": [""]}


class Server(SubscribingServer):
    """A message is `+channel products` or `-channel products`."""

    def __init__(self) -> None:
        super().__init__(CATALOGUE, 5.0, 4000)

    def on_message(self, message: bytes, time: int) -> list[Reply]:  # noqa: ARG002
        channel, *products = message[1:].decode().split()
        if message.startswith(b"+"):
            self.add(channel, products or [""])
        else:
            self.remove(channel, products)
        return []


def client_of(*messages: bytes) -> Server:
    server = Server()
    for message in messages:
        server.on_message(message, 0)
    return server


def got(server: Server, channel: str, *products: str) -> bool:
    return server.on_frame(Frame(0, 0, b"frame"), FrameInfo(channel, products)) == (b"frame",)


def nothing_yet(server: Server) -> Server:
    server.on_state(dict.fromkeys(server.wanted), 0)
    return server


def test_a_client_gets_the_frames_of_the_products_that_it_subscribed() -> None:
    server = nothing_yet(client_of(b"+book X"))
    assert got(server, "book", "X")
    assert got(server, "book", "Y", "X")
    assert not got(server, "book", "Y")
    assert not got(server, "all", "X")


def test_a_frame_that_names_no_product_is_for_everyone_who_has_the_channel() -> None:
    assert got(nothing_yet(client_of(b"+book X")), "book")
    assert not got(nothing_yet(client_of(b"+all")), "book")


def test_a_client_that_subscribed_all_of_a_channel_gets_every_product() -> None:
    assert got(nothing_yet(client_of(b"+all")), "all", "X")


def test_what_is_unsubscribed_is_neither_sent_nor_wanted() -> None:
    server = client_of(b"+book X Y", b"+all", b"-book X", b"-all", b"-other")
    assert server.wanted == {("book", "Y")}
    nothing_yet(server)
    assert not got(server, "book", "X")
    assert not got(server, "all")
    assert got(server, "book", "Y")


def test_what_is_subscribed_again_begins_nothing() -> None:
    server = nothing_yet(client_of(b"+book X"))
    server.on_message(b"+book X Y Y", 0)
    assert server.wanted == {("book", "Y")}


def test_snapshots_come_in_the_order_of_the_messages() -> None:
    server = client_of(b"+book Y X", b"+all")
    replies = server.on_state({("all", ""): b"1", ("book", "X"): b"2", ("book", "Y"): b"3"}, 0)
    assert replies == [Send(b"3"), Send(b"2"), Send(b"1")]
    assert server.wanted == frozenset()


def test_a_frame_of_which_the_wanted_state_will_speak_is_withheld() -> None:
    server = client_of(b"+book X", b"+all")
    assert not got(server, "book", "X")
    assert not got(server, "all", "X")
    assert server.on_state({("book", "X"): None}, 0) == []
    assert got(server, "book", "X")
    assert not got(server, "all", "X")


def test_when_the_recordings_begin_again_everything_is_wanted_again() -> None:
    server = nothing_yet(client_of(b"+book X"))
    server.next_due = 5
    server.on_restart()
    assert server.wanted == {("book", "X")}
    assert [server.next_due] == [None]


def test_products_may_share_what_they_begin_with() -> None:
    class Sharing(Server):
        def begins_with(self, channel: str, product: str) -> Iterable[Key]:  # noqa: ARG002
            return ((channel, ""),)

    server = Sharing()
    server.on_message(b"+book X", 0)
    assert server.wanted == {("book", "")}
    nothing_yet(server)
    server.on_message(b"+book Y", 0)
    assert server.wanted == frozenset()


def test_a_client_that_never_subscribed_is_closed_on() -> None:
    server = Server()
    assert (server.subscribe_within, server.has_subscribed) == (5.0, False)
    assert server.on_silence() == [Close(4000, "no subscribe message within 5 seconds")]
    server.on_message(b"+book X", 0)
    assert server.has_subscribed


def test_a_remark_says_what_the_recordings_lack_and_what_they_have() -> None:
    server = Server()
    assert server.lacking_remark("book", ["Z"]) == Remark("asks for book Z, which the recording lacks; it has X, Y")
    assert server.lacking_remark("book", list("ABCDEFG")) == Remark(
        "asks for book A, B, C, D, E and 2 more, which the recording lacks; it has X, Y"
    )
    assert server.lacking_remark("news", ["Z"]) == Remark("asks for news, which the recording lacks; it has all, book")


def test_a_message_is_json() -> None:
    assert send_json({"op": "x"}) == Send(b'{"op":"x"}')


class KnowingServer(Server):
    """The same server, which says what channels there are."""

    def __init__(self) -> None:
        SubscribingServer.__init__(self, CATALOGUE, channels=("book", "all"))


def test_a_frame_of_no_known_channel_goes_to_whoever_subscribed_anything_if_the_channels_are_known() -> None:
    server = KnowingServer()
    assert not got(server, "new", "Z")
    server.on_message(b"+book X", 0)
    assert got(server, "new", "Z")  # nothing that is wanted speaks of it
    nothing_yet(server)
    assert got(server, "new", "Z")
    assert got(server, "")
    assert not got(server, "all", "X")
    assert not got(server, "all")
    assert server.on_frame(Frame(0, 0, b"frame"), FrameInfo(kind="ack")) == ()
    server.on_message(b"-book", 0)
    assert not got(server, "new", "Z")
    assert not got(nothing_yet(client_of(b"+book X")), "new", "Z")
