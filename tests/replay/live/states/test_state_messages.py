"""What the serving process and the one that knows the states say to each other."""

from __future__ import annotations

import pytest

from feedrec.replay.live.states.state_messages import StateAnswer, StateRequest, encoded, read_answer, read_request


def test_a_request_and_the_head_of_an_answer_are_read_again() -> None:
    request = StateRequest(1, [("level2", "BTC-USD"), ("status", "")], 17, 3)
    answer = StateAnswer(1, 4, [5_000_000, None])
    assert read_request(encoded(request)) == request
    assert read_answer(encoded(answer)) == answer
    assert encoded(request).count(b"\n") == encoded(answer).count(b"\n") == 1


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b'{"feed":"x"}\n', b"\xff\n"])
def test_what_is_no_message_is_refused(line: bytes) -> None:
    for read in (read_request, read_answer):
        with pytest.raises(ValueError, match="no message"):
            read(line)
