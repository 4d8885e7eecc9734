"""How a replay went, in words and as JSON, and the exit code."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from ...model import format_time
from .. import output
from ..terminal import echo_json, echo_prose
from .dialogue import tell_failure

if TYPE_CHECKING:
    from ...admission.log_limit import Log
    from ...replay import ClientResult, LateFrame, LatenessSummary, ReplayServer, ReplayTotal
    from ...replay.faults.all_faults import AllFaults

__all__ = ["code_of", "report", "tell_of_client"]

log = logging.getLogger("feedrec")


def report(server: ReplayServer, *, as_json: bool, to_log: bool) -> None:
    """Report the totals on stdout, or in the log if stdout belongs to a command."""
    if to_log:
        log.info("%s", _summary(server))
    else:
        echo_json(_facts(server)) if as_json else echo_prose(_summary(server))


def code_of(server: ReplayServer, *, strict: bool, most_late: int | None = None) -> int:
    """
    Return the exit code of a replay by itself; if it is not 0, say why.

    Args:
        server: What served it.
        strict: Whether clients may have asked for nothing else than was recorded.
        most_late: How late a frame may have been, in nanoseconds; None for as late as it was.

    """
    worst = server.total.worst
    if server.failures:
        log.error("a dialogue was not as recorded: exit code 1")
    elif server.has_failed or "recording damaged" in server.total.outcomes:
        log.error("the replay failed: exit code 1")
    elif strict and server.has_lacked:
        log.error("a client was refused, or asked for data not recorded: exit code 1")
    elif most_late is not None and worst is not None and worst.lateness > most_late:
        log.error("%s, and %s is allowed: exit code 1", _late_frame(worst), _milliseconds(most_late))
    else:
        return 0
    return 1


def tell_of_client(client_log: Log, result: ClientResult) -> None:
    """Log how the replay to a client went, and print what was not as recorded."""
    if result.failure is not None:
        tell_failure(result.failure)
    facts = [output.count(result.frames, "frame"), output.size(result.size), output.duration(result.seconds)]
    facts += _pace(result)
    client_log.log(logging.INFO, "client %d (%s): %s", result.client, result.outcome, ", ".join(facts))


def _pace(result: ClientResult | ReplayTotal) -> list[str]:
    facts = []
    speed = result.achieved_speed
    if speed is not None:
        facts.append(f"speed {speed:,.0f}" if speed >= 1000 else f"speed {speed:.4g}")
    if result.lateness is not None:
        facts.append(_lateness(result.lateness))
    return facts


def _lateness(lateness: LatenessSummary) -> str:
    figures = ", ".join(f"{name} {_milliseconds(value)}" for name, value in _quantiles(lateness).items())
    return f"lateness {figures}"


def _milliseconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.2f} ms"


def _late_frame(late: LateFrame) -> str:
    what = " ".join(filter(None, [late.channel, "frame"]))
    whose = f" of {', '.join(late.products)}" if late.products else ""
    when, lateness = format_time(late.recorded), _milliseconds(late.lateness)
    return f"client {late.client}: the {what}{whose} at {when} was {lateness} late"


def _quantiles(lateness: LatenessSummary) -> dict[str, int]:
    return {"p50": lateness.p50, "p99": lateness.p99, "max": lateness.max}


def _summary(server: ReplayServer) -> str:
    faults = server.faults
    if faults is None:
        return _in_words(server.total)
    hits = ", ".join(f"{fault.text} {faults.log.counts[fault.text]:,}" for fault in faults.faults)
    return f"{_in_words(server.total)}; faults of seed {faults.seed}: {hits}"


def _in_words(total: ReplayTotal) -> str:
    if not total.clients:
        return "replayed to no client"
    facts = [output.count(total.frames, "frame"), output.size(total.size), *_pace(total)]
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in total.outcomes.items())
    return f"replayed to {output.count(total.clients, 'client')} ({outcomes}): {', '.join(facts)}"


def _facts(server: ReplayServer) -> dict[str, Any]:
    from msgspec.structs import asdict

    endpoints = {name: _as_dict(total) for name, total in server.totals.items()}
    failures = list(map(asdict, server.failures))
    faults = None if server.faults is None else _faults_as_dict(server.faults)
    return {**_as_dict(server.total), "endpoints": endpoints, "failures": failures, "faults": faults}


def _faults_as_dict(faults: AllFaults) -> dict[str, Any]:
    from msgspec.structs import asdict

    hits = [{**asdict(hit), "time": None if hit.time is None else format_time(hit.time)} for hit in faults.log.hits]
    return {
        "seed": faults.seed,
        "counts": {one.text: faults.log.counts[one.text] for one in faults.faults},
        "hits": hits,
    }


def _as_dict(total: ReplayTotal) -> dict[str, Any]:
    speed, lateness = total.achieved_speed, total.lateness
    return {
        "clients": total.clients,
        "outcomes": total.outcomes,
        "frames": total.frames,
        "bytes": total.size,
        "speed": round(speed, 6) if speed is not None and math.isfinite(speed) else None,
        "lateness_ns": _quantiles(lateness) if lateness is not None else None,
        "worst": None if total.worst is None else _late_frame_as_dict(total.worst),
    }


def _late_frame_as_dict(late: LateFrame) -> dict[str, Any]:
    return {
        "client": late.client,
        "lateness_ns": late.lateness,
        "time": format_time(late.recorded),
        "channel": late.channel,
        "products": late.products,
    }
