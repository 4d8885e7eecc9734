"""The faults of a replay."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ...admission.log_limit import Log
from ...model import FrameInfo
from .fault import AuthFailure, Disconnect, Fault, FrameFault, Refuse, Scope, Slow
from .fault_log import FaultHit, FaultLog
from .faulty_server import EndpointFaults
from .frame_faults import FrameFaults
from .reading import read_faults
from .turned_away import AuthFailures, FirstOnes

__all__ = ["AllFaults", "open_faults"]

_SEEDS = 1 << 32  # of which one is drawn


class AllFaults:
    """
    The faults, and what they hit.

    Args:
        faults: The faults.
        seed: The seed.
        log: Notes hits.

    Attributes:
        faults: See above.
        seed: See above.
        log: See above.
        auth_failures: Authentications that fail.

    """

    def __init__(self, faults: Sequence[Fault], seed: int, log: FaultLog) -> None:
        self.faults = faults
        self.seed = seed
        self.log = log
        self._refusals = FirstOnes(one for one in faults if isinstance(one, Refuse))
        self.auth_failures = AuthFailures(one for one in faults if isinstance(one, AuthFailure))
        self._slow = min((one for one in faults if isinstance(one, Slow)), key=lambda one: one.rate, default=None)

    @property
    def rate(self) -> int | None:
        """Bytes that a client gets in a second of real time; None for as many as it takes."""
        return None if self._slow is None else self._slow.rate

    def refuse(self, endpoint: str) -> Refuse | None:
        """Take a handshake that nothing else speaks against; return the fault that has it refused, None for none."""
        fault = self._refusals.take()
        if fault is not None:
            self.log.note(FaultHit(fault.text, endpoint))
        elif self._slow is not None:
            self.log.note_once(FaultHit(self._slow.text, endpoint))
        return fault

    def of_endpoint(
        self,
        name: str,
        start: int,
        describe: Callable[[bytes], FrameInfo],
        close_reasons: Mapping[int, str] | None = None,
        *,
        scope: Callable[[Scope], Scope] = lambda scope: scope,
        answers: bool = False,
    ) -> EndpointFaults:
        """
        Return the faults of an endpoint.

        Args:
            name: Its name.
            start: The recorded time from which offsets count, in nanoseconds.
            describe: Describes a payload.
            close_reasons: The reasons that the venue gives with close codes.
            scope: Returns a scope by the names that frames have.
            answers: Whether recorded acks and errors are sent, too.

        """
        of_frames = [
            msgspec.structs.replace(one, scope=scope(one.scope)) for one in self.faults if isinstance(one, FrameFault)
        ]
        # What was recorded at the very moment is still sent: then all of it is that a timeline passes up to there.
        disconnects = [(one.moment.within(start) + 1, one) for one in self.faults if isinstance(one, Disconnect)]
        return EndpointFaults(
            name,
            FrameFaults(self.seed, of_frames, start, answers=answers),
            sorted(disconnects, key=lambda one: one[0]),
            self.auth_failures,
            self.log,
            describe,
            close_reasons or {},
        )


def open_faults(
    texts: Sequence[str],
    seed: int | None,
    log: Log,
    on_hit: Callable[[FaultHit], object],
    draw: Callable[[int], int] = secrets.randbelow,
) -> AllFaults | None:
    """
    Return the faults of a replay, and log how to have the same ones again; None if there are none.

    Args:
        texts: The faults, as they are written.
        seed: The seed; None for one that is drawn.
        log: Takes lines about them.
        on_hit: Called with what is hit.
        draw: Returns a number below another one, as it happens.

    Raises:
        UsageError: If one is none.

    """
    faults = read_faults(texts)
    if not faults:
        return None
    chosen = draw(_SEEDS) if seed is None else seed
    log.log(logging.INFO, "faults: %s; the same ones again with --seed %d", ", ".join(texts), chosen)
    return AllFaults(faults, chosen, FaultLog(log, on_hit))
