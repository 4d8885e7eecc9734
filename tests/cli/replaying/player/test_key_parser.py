"""Bytes of a terminal become keys, wherever a read cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.replaying.player.key_parser import KeyParser

parameters = st.text("0123456789;:<=>?", min_size=1, max_size=8)
finals = st.characters(min_codepoint=0x40, max_codepoint=0x7E)
strings = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=8)
unknown = st.one_of(
    st.builds("\x1b[{}{}".format, parameters, finals),  # such as Delete, F5, or an arrow with Ctrl
    st.sampled_from(["\x1b[H", "\x1b[Z", "\x1b[[A", "\x1bOP", "\x1bq", "\x1b\x1bq", "\x00", "\r", "\n", "\t"]),
    st.builds("\x1b]{}\x07".format, strings),
    st.builds("\x1bP{}\x1b\\".format, strings),
    st.builds("\x1b[{}\x18".format, parameters),
    st.characters(min_codepoint=0x80, exclude_categories=["Cs"]),
)
known = st.sampled_from(
    [
        (text, key)
        for letter, key in zip("ABCD", ("up", "down", "right", "left"), strict=True)
        for text in (f"\x1b[{letter}", f"\x1bO{letter}", f"\x1b\x1b[{letter}")
    ]
    + [("\x7f", "backspace"), ("\b", "backspace"), *((key, key) for key in " .+-=?hqs0123456789ABCDO[")]
)


@given(st.lists(st.one_of(known, unknown.map(lambda text: (text, None)))), st.data())
def test_keys_are_found_among_anything_else_wherever_it_is_cut(
    pressed: list[tuple[str, str | None]], data: st.DataObject
) -> None:
    sent = "".join(text for text, _ in pressed).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)))))
    parser = KeyParser()
    parts = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    keys = [key for part in parts for key in parser.feed(part)]
    assert keys == [key for _, key in pressed if key is not None]
    assert not parser.is_within


@given(st.binary())
def test_whatever_comes_there_are_keys_again_after_a_moment(data: bytes) -> None:
    parser = KeyParser()
    parser.feed(data)
    parser.rest()
    assert parser.feed(b"q\x1b[C") == ["q", "right"]


def test_escape_by_itself_takes_no_other_key_with_it() -> None:
    """Only the time that passes tells it from the beginning of an arrow."""
    parser = KeyParser()
    assert parser.feed(b"\x1b") == []
    assert parser.is_within
    parser.rest()
    assert parser.feed(b"[C") == ["[", "C"]


@pytest.mark.parametrize("modified", [b"\x1b[1;5C", b"\x1b[1;2C", b"\x1b[?25C"])
def test_an_arrow_with_another_key_is_another_key(modified: bytes) -> None:
    assert KeyParser().feed(modified) == []
