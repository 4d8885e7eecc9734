"""No line of the log has a secret of the run; what was to be redacted and was never there is reported."""

from __future__ import annotations

import asyncio
import logging
import traceback
from pathlib import Path

import pytest

from feedrec.errors import VenueError
from feedrec.feeds import Message
from feedrec.feeds.redaction import Redaction
from feedrec.model import Frame
from feedrec.recorder import RecordingSession
from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.session import keeping_secrets as module
from feedrec.recorder.session.keeping_secrets import keeping_secrets, without_secrets

from ...timing import MS
from ..venue import Peer, PlainFeed, events, records, run, session_for, text, venue

SECRET = "s3cret-of-the-run"

log = logging.getLogger("feedrec")


def test_secrets_are_taken_out_of_the_log_while_a_run_lasts(caplog: pytest.LogCaptureFixture) -> None:
    """Also of what asyncio logs, and of what is learned only later; afterwards, the log is as it was."""

    async def go() -> None:
        first, second = Redaction(values={"v": SECRET}), Redaction()
        with keeping_secrets(first, Counts()), keeping_secrets(second, Counts()):
            log.warning("100%% of %s, %d", SECRET, 5)
            logging.getLogger("asyncio").error("lost: %s", SECRET)
            second.learn("learned-later")
            log.warning("learned-later")
        log.warning("%s", SECRET)

    run(go())
    assert caplog.messages == ["100% of [redacted], 5", "lost: [redacted]", "[redacted]", SECRET]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message.partition(":")[0] for message in caplog.messages if message.startswith("redact ")]


def test_what_matched_nothing_is_reported_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute, or at the end of a shorter run; not if there was no connection to find it on."""

    async def go(seconds: float, counts: Counts) -> list[str]:
        caplog.clear()
        monkeypatch.setattr(module, "UNMATCHED_AFTER", seconds)
        redaction = Redaction(["typo"], ["$.none"])
        with keeping_secrets(redaction, counts):
            if seconds < 1:
                await asyncio.sleep(2 * seconds)
                assert warnings(caplog) == ["redact typo", "redact $.none"]
        return warnings(caplog)

    assert run(go(20 * MS, Counts(connections=1))) == ["redact typo", "redact $.none"]
    assert run(go(1e6, Counts(connections=1))) == ["redact typo", "redact $.none"]
    assert run(go(1e6, Counts())) == []


def test_what_ended_a_run_is_told_without_secrets() -> None:
    """A fault of feedrec with a secret in its text becomes another error; what is explained already stays."""
    redaction = Redaction(values={"v": SECRET})
    for error in (ValueError("something else"), VenueError(f"refused {SECRET}")):
        assert without_secrets(error, redaction) is error
    told = without_secrets(ValueError(f"bad {SECRET}"), redaction)
    assert str(told) == "ValueError: bad [redacted]"
    assert told.__cause__ is None


def test_a_refusal_that_echoes_the_key_is_told_and_recorded_without_it(path: Path) -> None:
    """In the error that the run raises too."""

    class Feed(PlainFeed):
        def __init__(self) -> None:
            super().__init__([Message(b'{"apiKey":"bad key"}'), Message(b'{"apiKey":"refused: bad key"}')])

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.read_frame()
        await peer.write(text(b'{"error":"bad key"}'))
        await peer.answer_close()

    async def go() -> str:
        async with venue(script) as url:
            session = RecordingSession(Feed(), url, [])
            with pytest.raises(VenueError) as caught:
                await session.run()
            return str(caught.value)

    assert run(go()) == "the venue [redacted]"
    assert not path.exists()


def test_a_fault_whose_text_has_a_secret_is_raised_without_it() -> None:
    class Feed(PlainFeed):
        def headers(self, credentials: object) -> dict[str, str]:  # noqa: ARG002
            raise LookupError(f"no {SECRET}")

    async def go() -> str:
        session = RecordingSession(Feed(), "ws://127.0.0.1:9", [], redaction=Redaction(values={"v": SECRET}))
        with pytest.raises(RuntimeError) as caught:
            await session.run()
        return "".join(traceback.format_exception(caught.value))

    told = run(go())
    assert "LookupError: no [redacted]" in told
    assert SECRET not in told


def test_a_run_without_redaction_uses_the_rule_of_keys(path: Path) -> None:
    """Also for what a feed redacted itself."""

    async def script(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.read_frame()
        await peer.write(text(b"1"))
        await peer.answer_close()

    async def go() -> None:
        async with venue(script) as url:
            feed = PlainFeed([Message(b'{"apiKey":"x"}'), Message(b'{"a":1,"jwt":3}', b'{"a":2,"jwt":3}')])
            await session_for(f"{url}/?token=x", path, feed=feed, max_frames=1).run()

    run(go())
    shown = [(one.payload, one.redacted) for one in records(path) if isinstance(one, Frame) and one.direction == "out"]
    assert shown == [(b'{"apiKey":"[redacted]"}', True), (b'{"a":2,"jwt":"[redacted]"}', True)]
    assert events(path, "open")[0].details["url"].endswith("/?token=[redacted]")
