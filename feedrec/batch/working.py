"""Does a task: makes its output aside, promises it, and gives it its name."""

from __future__ import annotations

import time
from pathlib import Path

from ..errors import FeedrecError, RecordingError, RecordingExistsError
from ..formats.places.url_path import UrlPath, place_of
from .destination import Destination, files_of
from .identity import identity_of
from .kind_of import kind_of
from .manifest import entry_of
from .task import Result, Status, Task
from .workplace import sweep, workplace

__all__ = ["do_task"]

_CHANGED = "was changed while it was read: the next run takes it as it is then"


def do_task(task: Task) -> Result:
    """
    Do a task. This is a `Work`: it raises nothing, and its output is whole or not there.

    A task may be done by two workers at once, since a scheduler took one of them for dead: both outputs are right, and
    the one that has the name first is the one that counts.
    """
    try:
        return _done(task)
    except FeedrecError as error:
        return Result(task.key, Status.FAILED, _in_a_line(error))
    except MemoryError:
        return Result(task.key, Status.FAILED, "there is not enough memory")
    except Exception as error:  # noqa: BLE001  a task that fails does not end the others
        return Result(
            task.key, Status.FAILED, f"internal error: {type(error).__name__}: {_in_a_line(error)} (please report it)"
        )


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _done(task: Task) -> Result:
    source, destination = place_of(task.source), Destination(place_of(task.destination))
    kind, identity = kind_of(task.kind), identity_of(source)
    if isinstance(destination.place, UrlPath):
        sweep(destination.place)  # this machine, which may be another one than that of who runs the batch
    with workplace(destination.place) as work:
        made_in = work / "made"
        output = made_in / task.target
        output.parent.mkdir(parents=True)
        try:
            made = kind.make(task, source, output)
            files = files_of(made_in, made.files)
        except FeedrecError as error:
            _name_places(error, made_in, destination.place)
            raise
        if identity_of(source) != identity:
            raise RecordingError(source, _CHANGED)
        size = sum(one.size for one in files)
        result = Result(task.key, made.status, made.lost, identity, size, made.facts, files=files)
        promise = destination.promise(entry_of(task, result, time.time_ns()), work)
        try:
            other = destination.publish(made_in, files, task.key, task.replaces)
        except RecordingExistsError:
            destination.take_back(promise)
            raise
    return result if other is None else other.result


def _name_places(error: FeedrecError, made_in: Path, place: Path) -> None:
    """Have an error name an output by its own name, not by that of the folder that it was made in."""
    error.args = tuple(one.replace(str(made_in), str(place)) if isinstance(one, str) else one for one in error.args)
    if isinstance(error, RecordingError):
        error.reason = error.reason.replace(str(made_in), str(place))
        if error.path.is_relative_to(made_in):
            error.path = place / error.path.relative_to(made_in)
