"""Where two messages differ, for people."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import Redaction
from feedrec.replay.dialogue.difference import (
    Difference,
    difference_of,
    missing,
    shown,
    surplus,
)
from feedrec.replay.dialogue.difference_lines import LONGEST_LINE, MOST_LINES
from feedrec.replay.dialogue.matching import Matching, parse_match
from feedrec.replay.dialogue.recorded import Message
from feedrec.replay.dialogue.stand_ins import Pair, StandIns


def message(one: Any) -> Message:
    if isinstance(one, bytes):
        return Message(one, binary=True)
    return Message((one if isinstance(one, str) else json.dumps(one)).encode())


def difference(
    recorded: Any, said: Any, match: str = "json", known: StandIns | None = None, redaction: Redaction | None = None
) -> Difference:
    how: Matching = parse_match(match)
    return difference_of(message(recorded), message(said), how, known or StandIns(), redaction or Redaction())


def test_json_is_compared_value_by_value() -> None:
    recorded = {"op": "buy", "size": 1, "inner": {"list": [1, 2], "gone": None}, "same": {"a": [1, {"b": 2}]}}
    said = {"same": {"a": [1, {"b": 2}]}, "op": "sell", "size": 1.0, "inner": {"list": [1, 3, 4], "new": "x"}}
    assert difference(recorded, said).lines == (
        "  {",
        '-   "op": "buy"',
        '+   "op": "sell"',
        '    "size": 1.0',
        '    "inner": {',
        '      "list": [',
        "        1",
        "-       2",
        "+       3",
        "+       4",
        "      ]",
        '-     "gone": null',
        '+     "new": "x"',
        "    }",
        '    "same": {"a": [1, {"b": 2}]}',
        "  }",
    )


def test_what_is_ignored_or_stands_for_another_is_no_difference() -> None:
    known = StandIns()
    known.learn([Pair("id", 1, 9)])
    found = difference(
        {"id": 5, "ref": {"id": 1}, "op": "a"}, {"id": 6, "ref": {"id": 9}, "op": "b"}, "ignore:id", known
    )
    assert found.lines == ("  {", '    "id": 6', '    "ref": {"id": 9}', '-   "op": "a"', '+   "op": "b"', "  }")


def test_no_secret_of_the_client_is_shown() -> None:
    recorded = {
        "jwt": "[redacted]",
        "mine": "[redacted]",
        "list": ["x", "[redacted]"],
        "head": "Bearer [redacted]",
        "n": 1,
    }
    said = {
        "jwt": "s3cret-a",
        "mine": {"deep": "s3cret-b"},
        "list": ["x", "s3cret-c"],
        "head": "Basic s3cret-d",
        "n": 2,
    }
    said |= {"password": "s3cret-e", "text": '{"token":"s3cret-f"}'}
    found = difference(recorded, said)
    assert "s3cret" not in "\n".join([*found.lines, found.got, found.expected])
    assert '+   "n": 2' in found.lines
    assert '    "jwt": "[redacted]"' in found.lines
    texts = difference("login [redacted]", "login s3cret"), difference("[1,", '{"passphrase":"s3cret"}')
    assert "s3cret" not in "\n".join(str(one) for one in texts)
    assert "s3cret" not in str(surplus(message(said), Redaction(keys=["mine", "list", "head"])))


def test_the_same_json_in_other_bytes_differs_by_byte() -> None:
    assert difference('{"a":1}', '{"a": 1}', "exact").lines == ('- {"a":1}', '+ {"a": 1}')


def test_of_long_texts_the_place_is_shown_where_they_differ() -> None:
    found = difference({"audio": "A" * 5000 + "B"}, {"audio": "A" * 5000 + "C"})
    assert found.lines[1:3] == ('-   "audio": ...AAAAAAAAAAAAB"', '+   "audio": ...AAAAAAAAAAAAC"')
    found = difference("x" * 1000 + "y", "x" * 1000 + "z")
    assert found.lines == ("- ...xxxxxxxxxxxxy", "+ ...xxxxxxxxxxxxz")


def test_binary_messages_are_shown_in_hexadecimal() -> None:
    recorded, said = bytes(range(256)) * 8, bytes(range(256)) * 7
    assert difference(recorded, said).lines == (
        "- binary, 2,048 bytes from byte 1,788: fc fd fe ff 00 01 02 03 04 05 ...",
        "+ binary, 1,792 bytes from byte 1,788: fc fd fe ff",
    )
    assert difference("text", b"t").lines == ("- text", "+ binary, 1 byte: 74")


def test_control_characters_are_visible() -> None:
    found = difference("a\x1b[2J\nb\u202e", '{"a":"\\u001b\\u202e\\n"}')
    assert found.lines == ("- a\\x1b[2J\\nb\\u202e", '+ {"a":"\\u001b\\u202e\\n"}')
    found = difference({"a": "x"}, '{"a":"\\u001b\\u202e\\n"}')
    assert found.lines[2] == '+   "a": "\\u001b\\u202e\\n"'


def test_lines_far_from_a_difference_are_left_out() -> None:
    recorded = {str(number): number for number in range(100)}
    assert difference(recorded, {**recorded, "50": 0}).lines == (
        *("  ...", '    "47": 47', '    "48": 48', '    "49": 49', '-   "50": 50', '+   "50": 0'),
        *('    "51": 51', '    "52": 52', '    "53": 53', "    ..."),
    )


def test_there_are_not_too_many_lines() -> None:
    found = difference(list(range(1000)), list(range(1, 1001)))
    assert len(found.lines) == MOST_LINES + 1
    assert found.lines[-1] == "  ... 1962 more lines"


def test_of_a_message_that_is_too_long_to_be_searched_nothing_is_shown() -> None:
    """But audio is, as far as it goes."""
    long = json.dumps({"a": "s3cret" * 100_000})
    assert difference({}, long).lines == ("- 2 bytes of text", "+ 600,009 bytes of text")
    assert surplus(message(long), Redaction()).lines == ("+ [redacted]",)
    assert difference(b"\x01" * 300_000, b"\x02").lines[1] == "+ binary, 1 byte: 02"
    assert (
        difference(b"\x01", b"\x02" * 300_000).lines[1] == "+ binary, 300,000 bytes: " + " ".join(["02"] * 10) + " ..."
    )


def test_a_message_alone() -> None:
    assert missing(message({"a": [1], "b": "c"})).lines == ("- {", '-   "a": [1]', '-   "b": "c"', "- }")
    assert missing(message("ping")).lines == ("- ping",)
    assert surplus(message([1]), Redaction()).lines == ("+ [1]",)
    assert shown(message("x" * 400)) == "x" * 297 + "..."


def test_what_nests_too_deep_is_cut() -> None:
    deep = "[" * 60 + "]" * 60
    found = difference(deep, deep.replace("[]", "[1]"))
    assert any(line.startswith("-") for line in found.lines)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values | st.binary() | st.text(), values | st.binary() | st.text())
def test_every_line_fits_and_can_be_seen(recorded: Any, said: Any) -> None:
    found = difference(recorded, said)
    for line in found.lines:
        assert len(line) <= LONGEST_LINE
        assert line.isprintable()
        assert line[:2] in {"- ", "+ ", "  "}
    assert found.got.isprintable()
