"""Answers that the REST half of a feed makes of the recordings, one after another."""

from __future__ import annotations

import threading
from typing import cast

import msgspec

from ....admission.failure import place_of
from ....errors import RecordingError
from ....feeds.rest import Market, RestHalf
from ....http_messages import HttpAnswer, HttpRequest
from .market import RecordedMarket, Sources
from .moment import Moment
from .places import Places

__all__ = ["Answering", "Made"]


class Made(msgspec.Struct, frozen=True):
    """
    What the half made of a request.

    Attributes:
        answer: Its answer; None if it has none.
        tells_time: Whether that depends on the time, and not only on what has been played.
        defect: What failed in it where; empty if nothing did.

    """

    answer: HttpAnswer | None
    tells_time: bool = True
    defect: str = ""


class Answering:
    """
    Makes answers. It may be used by one thread at a time.

    Args:
        half: The half.
        sources: What it is told of.

    """

    def __init__(self, half: RestHalf, sources: Sources) -> None:
        self._half = half
        self._sources = sources
        self._places = Places(sources.timeline)

    def answer(self, request: HttpRequest, moment: Moment, stopped: threading.Event) -> Made:
        """
        Answer a request as of a moment.

        Args:
            request: The request.
            moment: The moment.
            stopped: Ends the work early when set; what is returned is of no use then.

        Raises:
            RecordingError: If the recordings cannot be read.

        """
        if stopped.is_set():
            return Made(None)
        position = moment.position or self._places.before(moment.before)
        market = RecordedMarket(self._sources, position, moment.time, stopped)
        try:
            answer = self._half.answer(request, cast(Market, market))  # mypy: whose time can be set; nobody does
            return Made(answer, market.tells_time)
        except RecordingError:
            raise
        except Exception as error:  # noqa: BLE001  a defect of the half, of a plug-in perhaps: whoever asks tells
            return Made(None, defect=place_of(error))
