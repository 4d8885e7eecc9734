"""What failed, in words."""

from __future__ import annotations

from feedrec.replay.dialogue.failure import DialogueFailure


def test_it_is_told_in_one_line_and_in_several() -> None:
    failure = DialogueFailure(
        2, "message", "message 1 of 2 is not the recorded one", "connection 0 of a.jsonl", 1, "x", "y", ("- x", "+ y")
    )
    assert str(failure) == "client 2: message 1 of 2 is not the recorded one (connection 0 of a.jsonl)"
    assert failure.lines == [str(failure), "--- recorded", "+++ from the client", "- x", "+ y"]


def test_without_a_message_there_is_no_legend() -> None:
    failure = DialogueFailure(1, "surplus client", "there is no connection left for it")
    assert failure.lines == ["client 1: there is no connection left for it"]


def test_the_reason_of_the_close_fits() -> None:
    failure = DialogueFailure(1, "message", "\u20ac" * 100)
    assert failure.close_reason == "\u20ac" * 41
