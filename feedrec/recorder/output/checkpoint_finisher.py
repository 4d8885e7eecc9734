"""
Checkpoints of each file that is finished, for late clients of a replay.

The recording does not depend on them: if this fails, or is interrupted, even by a crash, it is as good without.
"""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import FeedrecError
from ...feeds import venue_of
from ...feeds.state.dumped_state import dump_rules
from ...formats import open_recording
from ...formats.checkpoints.making import make_checkpoints
from .finisher import Finisher

__all__ = ["CheckpointFinisher", "main"]

log = logging.getLogger("feedrec")


class CheckpointFinisher(Finisher):
    """Writes checkpoints while the recording goes on; see `Finisher`."""

    main = f"{__name__}:main"
    step = "checkpoints"

    def finish(self) -> None:
        """Wait until all are written; Ctrl-C ends the wait, and the recordings stay as they are."""
        self._wait("writing the checkpoints of %s")

    def _finish_one(self, path: Path) -> None:
        code, said = self._run([str(path)])
        if self._gives_up:
            return
        if code:
            log.warning("%s has no checkpoints (%s); feedrec convert writes some to a copy", path, said)
        self.then(path)


def main(arguments: Sequence[str]) -> None:
    """Write the checkpoints of a recording: what the process does."""
    (name,) = arguments
    before = signal.signal(signal.SIGTERM, _end)  # by itself it would leave what is half written
    try:
        with open_recording(name) as recording:
            rules = dump_rules(venue_of(recording.header.endpoint))
        if rules is not None:
            make_checkpoints(Path(name), rules)
    except (FeedrecError, OSError) as error:
        sys.exit(str(error))
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)
