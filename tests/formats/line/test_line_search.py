"""Lines are found by bytes in them, and none is missed whose payload is written differently."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.codec import decode_line, encode_frame
from feedrec.formats.line.line_search import lines_with
from feedrec.model import Frame

WORDS = st.sampled_from(['"a"', '"b"', "c", "é", '"é"'])
TEXTS = st.one_of(
    st.lists(WORDS).map("".join).map(lambda text: json.dumps({"payload": text}, ensure_ascii=False)),
    st.lists(WORDS).map("".join),
    st.dictionaries(WORDS, WORDS).map(json.dumps),
)


def test_all_words_of_one_look_must_be_there() -> None:
    text = b'{"x":"a"}\n{"y":"a"}\n{"y":"b"}\n'
    assert lines_with(text, [(b"x", b"a"), (b"y", b"b")]) == [b'{"x":"a"}', b'{"y":"b"}']
    assert lines_with(text, [(b"y",)]) == [b'{"y":"a"}', b'{"y":"b"}']
    assert lines_with(text, [(b"y", b"c")]) == []
    assert lines_with(text, []) == []
    assert len(lines_with(text, [()])) == 3


@given(st.lists(st.tuples(TEXTS, st.booleans())), st.lists(st.lists(WORDS, max_size=2), max_size=2))
def test_no_line_is_missed_whose_payload_has_what_is_looked_for(
    payloads: list[tuple[str, bool]], looks: list[list[str]]
) -> None:
    frames = [Frame(number, 0, text.encode(), binary=binary) for number, (text, binary) in enumerate(payloads)]
    wanted = [tuple(word.encode() for word in look) for look in looks]
    found = lines_with(b"".join(encode_frame(frame) + b"\n" for frame in frames), wanted)
    expected = [frame for frame in frames if any(all(word in frame.payload for word in look) for look in wanted)]
    decoded = [decode_line(line) for line in found]
    assert [frame for frame in expected if frame not in decoded] == []
    assert decoded == sorted(decoded, key=lambda one: one.time)
