"""The process that uploads finished files: jobs come on stdin, answers go to stdout."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from ...errors import CannotShipError, FeedrecError, ShipConflictError
from ...formats.places.opening import store_at
from ...formats.places.url_path import place_of
from ...recorder.shipping.destination import Destination, key_of
from ...recorder.shipping.looking import is_still_there
from ...recorder.shipping.shipment import ship
from ...recorder.uploading.messages import Answer, Job, Outcome, ShipPlace

__all__ = ["answer_to", "main"]


def main(arguments: Sequence[str]) -> None:
    """Upload what is asked for until stdin ends; the one argument is a `ShipPlace`, as JSON."""
    place = msgspec.json.decode(arguments[0], type=ShipPlace)
    try:
        target = place_of(place.url)
        to = Destination(target, store_at(target, place.protection))
    except FeedrecError as error:
        sys.exit(str(error))
    writing = threading.Lock()

    def work(job: Job) -> None:
        line = msgspec.json.encode(answer_to(job, to)) + b"\n"
        with writing, contextlib.suppress(BrokenPipeError):
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()

    with ThreadPoolExecutor(place.at_once) as threads:
        for line in sys.stdin.buffer:
            threads.submit(work, msgspec.json.decode(line, type=Job))


def answer_to(job: Job, to: Destination) -> Answer:
    """Do what is asked for; return what came of it."""
    path, folder = (Path(os.fsdecode(one)) for one in (job.path, job.folder))
    try:
        key = key_of(path, folder, to)
        if job.looks:
            return Answer(job, Outcome.SHIPPED if is_still_there(path, to, key) else Outcome.GONE)
        if not os.path.lexists(path):
            return Answer(job, Outcome.GONE)
        shipped = ship(path, to, key, is_pending=True)
    except (ShipConflictError, CannotShipError) as error:
        return Answer(job, Outcome.STAYS, error.reason)
    except (FeedrecError, OSError) as error:
        return Answer(job, Outcome.LATER, str(error))
    except Exception as error:  # noqa: BLE001  it is told, and tried again
        return Answer(job, Outcome.LATER, f"{path}: {error!r}")
    said = "other checkpoints are there than here; they stay" if shipped.state_differs else ""
    return Answer(job, Outcome.SHIPPED, said, shipped.size)
