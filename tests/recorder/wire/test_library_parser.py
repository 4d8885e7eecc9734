"""Where the library's parser stands is known, or nothing is cut beside it."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from websockets.protocol import Protocol, Side
from websockets.streams import StreamReader

from feedrec.recorder.wire.library_parser import is_between_frames, is_known, limit_of

from ..venue import close, text


@pytest.fixture
def afresh() -> Iterator[None]:
    is_known.cache_clear()
    yield
    is_known.cache_clear()


@pytest.mark.usefixtures("afresh")
def test_the_installed_library_is_known(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert is_known()
    assert caplog.messages == []


@pytest.mark.parametrize("size", range(1, 200))
def test_the_parser_is_between_frames_after_whole_ones_only(size: int) -> None:
    frame = text(b"x" * 196)
    protocol = Protocol(Side.CLIENT)
    protocol.receive_data(text(b"[1]") + frame[:size])
    assert is_between_frames(protocol) == (size >= len(frame))


def test_the_parser_of_a_connection_that_closes_is_not_between_frames() -> None:
    protocol = Protocol(Side.CLIENT)
    protocol.receive_data(close())
    assert not is_between_frames(protocol)


@pytest.mark.parametrize("size", [None, 0, 5])
def test_the_limit_of_a_message_is_found(size: int | None) -> None:
    assert limit_of(Protocol(Side.CLIENT, max_size=size)) == size


@pytest.mark.usefixtures("afresh")
def test_a_library_that_waits_elsewhere_is_unknown_and_that_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    at_eof = StreamReader.at_eof

    def elsewhere(self: StreamReader):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return (yield from at_eof(self))

    monkeypatch.setattr(StreamReader, "at_eof", elsewhere)
    with caplog.at_level(logging.INFO):
        assert not is_known()
        assert not is_known()
    assert caplog.messages == ["this version of websockets is not one that is known: receiving takes more time"]


@pytest.mark.usefixtures("afresh")
def test_a_library_without_such_a_parser_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Protocol, "parse")
    assert not is_known()
