"""What a replay and the process that makes its answers say to each other."""

from __future__ import annotations

from typing import IO

import msgspec

from ....http_messages import HttpRequest
from ...venue.rebuild_messages import Task
from ...worker.worker_messages import Failure, read_exactly, read_message, write_message
from .answering import Made
from .moment import Moment
from .told_positions import Hearing, Telling, Told

__all__ = ["AnswerTask", "Question", "read_made", "write_failure", "write_made"]


class AnswerTask(msgspec.Struct):
    """
    What the process is for: its first message.

    Attributes:
        about: Feed and recordings.
        catalogue: What these hold.

    """

    about: Task
    catalogue: dict[str, list[str]]


class Question(msgspec.Struct):
    """
    A request, and as of when it is to be answered.

    Attributes:
        request: The request.
        moment: The moment; without its position if that is told apart.
        told: Its position, if it has one.

    """

    request: HttpRequest
    moment: Moment
    told: Told | None = None

    @classmethod
    def of(cls, request: HttpRequest, moment: Moment, telling: Telling) -> Question:
        """Return the question of a request as of a moment."""
        if moment.position is None:
            return cls(request, moment)
        return cls(request, msgspec.structs.replace(moment, position=None), telling.tell(moment.position))

    def whole_moment(self, hearing: Hearing) -> Moment:
        """Return the moment with its position."""
        if self.told is None:
            return self.moment
        return msgspec.structs.replace(self.moment, position=hearing.hear(self.told))


class _Reply(msgspec.Struct):
    """What was made of it but for the content of the answer, of which so many bytes follow; or why it was not."""

    made: Made | None
    size: int = 0
    failure: Failure | None = None


def write_made(answers: IO[bytes], made: Made) -> None:
    """Write what was made."""
    body = b""
    if made.answer is not None:
        body = made.answer.body  # it may be long, and is not to be copied more often than it must
        made = msgspec.structs.replace(made, answer=msgspec.structs.replace(made.answer, body=b""))
    write_message(answers, _Reply(made, len(body)))
    answers.write(body)
    answers.flush()


def write_failure(answers: IO[bytes], failure: Failure) -> None:
    """Write why nothing was made."""
    write_message(answers, _Reply(None, failure=failure))


def read_made(answers: IO[bytes]) -> Made:
    """
    Read what was made.

    Raises:
        RecordingError: If the recordings could not be read.
        EOFError: If the process is gone.

    """
    reply: _Reply = read_message(answers, _Reply)
    if reply.failure is not None or reply.made is None:
        raise EOFError if reply.failure is None else reply.failure.error()
    made, body = reply.made, read_exactly(answers, reply.size)
    if made.answer is None:
        return made
    return msgspec.structs.replace(made, answer=msgspec.structs.replace(made.answer, body=body))
