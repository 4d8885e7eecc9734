"""Whole text frames are cut out of a stream wherever its reads end; everything else is left to the library."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from feedrec.recorder.wire.frame_cutter import FrameCutter

from ..venue import binary, close, more, ping, text


def pieces(*reads: bytes, max_size: int | None = None) -> list[list[bytes] | bytes]:
    cutter = FrameCutter(max_size)
    return [piece for read in reads for piece in cutter.feed(read)]


def cut_at(data: bytes, *places: int) -> Sequence[bytes]:
    return [data[start:end] for start, end in zip((0, *places), (*places, len(data)), strict=True)]


def test_texts_that_follow_each_other_come_together() -> None:
    assert pieces(text(b"[1]") + text(b"[2]")) == [[b"[1]", b"[2]"]]


@pytest.mark.parametrize("size", [2, 125, 126, 127, 65_535, 65_536, 300_000])
def test_every_form_of_a_length_is_read(size: int) -> None:
    payload = b"x" * size
    assert pieces(text(payload) + text(payload)) == [[payload, payload]]


@pytest.mark.parametrize("size", [2, 126, 65_536])
def test_a_text_is_cut_wherever_the_reads_end(size: int) -> None:
    whole = text(b"x" * size)
    for place in [*range(1, 12), size, len(whole) - 1]:
        if place < len(whole):
            assert pieces(*cut_at(whole, place)) == [[b"x" * size]]
    assert pieces(*cut_at(whole, 1, 2, 3)) == [[b"x" * size]]


def test_what_is_no_whole_text_is_for_the_library_frame_by_frame() -> None:
    wire = [ping(b"?"), binary(b"1"), text(b"a", fin=False), ping(), more(b"b"), more(b"c", fin=True), close()]
    assert pieces(text(b"[1]") + b"".join(wire) + text(b"[2]")) == [[b"[1]"], *wire, [b"[2]"]]


def test_a_text_amid_a_fragmented_message_is_for_the_library() -> None:
    assert pieces(text(b"a", fin=False) + text(b"[1]")) == [text(b"a", fin=False), text(b"[1]")]


@pytest.mark.parametrize(
    "odd", [b"\x81\x83\0\0\0\0[1]", b"\x83\x03[1]", b"\x81\x7e\x01\x00", b"\x81\x7f" + b"\xff" * 8], ids=repr
)
def test_what_the_library_refuses_by_its_head_is_given_to_it_at_once_with_all_that_follows(odd: bytes) -> None:
    assert pieces(text(b"[1]") + odd + text(b"[2]"), max_size=100) == [[b"[1]"], odd + text(b"[2]")]


def test_the_limit_is_that_of_all_fragments_of_a_message_together() -> None:
    first, second = text(b"x" * 60, fin=False), more(b"x" * 60, fin=True)
    assert pieces(first + second[:2], max_size=100) == [first, second[:2]]


def test_the_library_gets_a_frame_of_its_own_as_it_comes() -> None:
    wire = binary(b"x" * 1000)
    assert pieces(text(b"[1]") + wire[:10], wire[10:20], wire[20:] + text(b"[2]")) == [
        [b"[1]"],
        wire[:10],
        wire[10:20],
        wire[20:],
        [b"[2]"],
    ]


def test_what_is_not_whole_is_kept_and_can_be_taken() -> None:
    cutter = FrameCutter(None)
    assert not cutter.has_rest
    assert list(cutter.feed(text(b"[1]") + text(b"[2]")[:4])) == [[b"[1]"]]
    assert cutter.has_rest
    assert list(cutter.feed(text(b"[2]")[4:-1])) == []
    assert cutter.take_rest() == text(b"[2]")[:-1]
    assert not cutter.has_rest


def test_what_comes_after_a_frame_that_the_library_took_badly_can_be_taken() -> None:
    cutter = FrameCutter(None)
    for piece in cutter.feed(close() + text(b"[1]")):
        assert piece == close()
        break
    assert cutter.take_rest() == text(b"[1]")


def test_what_comes_after_the_end_of_a_frame_that_the_library_took_badly_can_be_taken() -> None:
    cutter = FrameCutter(None)
    begun = list(cutter.feed(close()[:3]))
    iterator = cutter.feed(close()[3:] + text(b"[1]"))
    assert [*begun, next(iterator)] == [close()[:3], close()[3:]]
    assert cutter.take_rest() == text(b"[1]")
