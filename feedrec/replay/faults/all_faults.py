"""The faults of a replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...model import FrameInfo
from .fault import AuthFailure, Disconnect, Fault, FrameFault, Refuse, Slow
from .fault_log import FaultLog
from .faulty_server import EndpointFaults
from .frame_faults import FrameFaults
from .turned_away import AuthFailures, FirstOnes

__all__ = ["AllFaults"]


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
        refusals: Handshakes that are refused.
        auth_failures: Authentications that fail.
        rate: Bytes that a client gets in a second of real time; None for as many as it takes.

    """

    def __init__(self, faults: Sequence[Fault], seed: int, log: FaultLog) -> None:
        self.faults = faults
        self.seed = seed
        self.log = log
        self.refusals = FirstOnes(one for one in faults if isinstance(one, Refuse))
        self.auth_failures = AuthFailures(one for one in faults if isinstance(one, AuthFailure))
        self.rate = min((one.rate for one in faults if isinstance(one, Slow)), default=None)

    def of_endpoint(
        self,
        name: str,
        start: int,
        describe: Callable[[bytes], FrameInfo],
        close_reasons: Mapping[int, str] | None = None,
        *,
        answers: bool = False,
    ) -> EndpointFaults:
        """
        Return the faults of an endpoint.

        Args:
            name: Its name.
            start: The recorded time from which offsets count, in nanoseconds.
            describe: Describes a payload.
            close_reasons: The reasons that the venue gives with close codes.
            answers: Whether recorded acks and errors are sent, too.

        """
        of_frames = [one for one in self.faults if isinstance(one, FrameFault)]
        disconnects = [(one.moment.within(start), one) for one in self.faults if isinstance(one, Disconnect)]
        return EndpointFaults(
            name,
            FrameFaults(self.seed, of_frames, start, answers=answers),
            sorted(disconnects, key=lambda one: one[0]),
            self.auth_failures,
            self.log,
            describe,
            close_reasons or {},
        )
