"""A connection of which both sides were recorded."""

from __future__ import annotations

from feedrec.replay.dialogue.recorded import Message, RecordedConversation, Step


def test_what_the_client_said() -> None:
    steps = [Step(number, Message(b"%d" % number), is_client=number % 2 == 1) for number in range(4)]
    assert RecordedConversation("it", steps).client_messages == [Message(b"1"), Message(b"3")]
