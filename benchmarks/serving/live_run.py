"""One run of a recorder or a relay with clients: CPU of each process, and how late each frame came."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from feedrec.formats import open_recording
from feedrec.model import Frame

from ..processes import ENVIRONMENT, child_of, cpu_so_far, free_port, serving
from .live_clients import number_of

__all__ = ["RATE", "Served", "recorded_alone", "relayed", "served_live"]

RATE = 5_000
"""Frames per second, evenly spaced."""

_PATIENCE = 120.0
_CHANNELS = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-c", "candles", "-p", "BTC-USD,ETH-USD")
_SERVER, _STATES = "serve_process", "state_process"


class Served(NamedTuple):
    """
    What came of a run.

    Attributes:
        late: How late each frame came to each client, in milliseconds, sorted: since the recorder stamped it.
        cpu: What each process took, in % of a core: `recorder`, `server`, `states`; or `relay`.
        peak: The most memory that the server had, in MB.

    """

    late: list[float]
    cpu: dict[str, float]
    peak: float

    def percentile(self, percent: int) -> float:
        """Return how late so many of a hundred frames were at most."""
        return self.late[len(self.late) * percent // 100]


def served_live(folder: Path, seconds: float, clients: int, stuck: int = 0) -> Served:
    """Have `feedrec record --serve` serve so many clients."""
    port, target = free_port(), folder / "live.jsonl.zst"
    with _recorder(target, "--serve", f"127.0.0.1:{port}") as recorder:
        watched = {"recorder": recorder.pid}

        def find_others() -> None:
            for name, module in (("server", _SERVER), ("states", _STATES)):
                process = child_of(recorder.pid, module)
                assert process is not None, f"{module} does not run"
                watched[name] = process

        cpu = _clients(f"ws://127.0.0.1:{port}", clients, stuck, seconds, folder, watched, find_others)
        peak = _peak(watched["server"])
    return Served(_late(folder, clients, _stamps(target)), cpu, peak)


def relayed(folder: Path, seconds: float, clients: int) -> Served:
    """Have a relay pass everything on to so many clients."""
    stamps = folder / "stamps"
    with (
        serving("benchmarks.serving.live_venue", RATE) as venue,
        serving("benchmarks.serving.live_relay", venue.url, stamps) as relay,
    ):
        cpu = _clients(relay.url, clients, 0, seconds, folder, {"relay": relay.process.pid})
        relay.process.wait(_PATIENCE)
    return Served(_late(folder, clients, _pairs(stamps)), cpu, 0.0)


def recorded_alone(folder: Path, seconds: float) -> float:
    """Return what `feedrec record` takes of a core, in %, where nothing is served."""
    target = folder / "alone.jsonl.zst"
    with _recorder(target) as recorder:
        _wait_for(target.with_name(f"{target.name}.part"))
        time.sleep(min(2.0, 2 * seconds))
        return _cpu_over(seconds, recorder.pid)


@contextlib.contextmanager
def _recorder(target: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Have a recorder record the venue until the end of the block."""
    target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "feedrec", "record", *_CHANNELS, "-o", str(target), "-qq", *options, "--url"]
    with (
        serving("benchmarks.serving.live_venue", RATE) as venue,
        subprocess.Popen([*command, venue.url], stdout=subprocess.DEVNULL, env=ENVIRONMENT) as recorder,
    ):
        try:
            yield recorder
            recorder.send_signal(signal.SIGINT)
            assert recorder.wait(_PATIENCE) == 0
        finally:
            recorder.kill()


def _clients(
    url: str,
    clients: int,
    stuck: int,
    seconds: float,
    folder: Path,
    watched: Mapping[str, int],
    when_ready: Callable[[], object] = lambda: None,
) -> dict[str, float]:
    """Have clients read for so many seconds; return what each process took meanwhile."""
    with serving("benchmarks.serving.live_clients", url, clients, stuck, seconds, folder) as reading:
        if reading.url != "ready":
            raise RuntimeError("the clients got nothing")
        when_ready()
        started = time.perf_counter()
        before = {name: cpu_so_far(process) for name, process in watched.items()}
        assert reading.process.stdout is not None
        said = reading.process.stdout.readline().strip()
        took = time.perf_counter() - started
        spent = {name: (cpu_so_far(process) - before[name]) / took * 100 for name, process in watched.items()}
        if said != "done":
            raise RuntimeError(f"out of order: {said}")
        reading.process.wait(_PATIENCE)
    return spent


def _cpu_over(seconds: float, process: int) -> float:
    before, started = cpu_so_far(process), time.perf_counter()
    time.sleep(seconds)
    return (cpu_so_far(process) - before) / (time.perf_counter() - started) * 100


def _late(folder: Path, clients: int, stamps: Mapping[int, int]) -> list[float]:
    """Return how late the frames came that the clients noted; a frame that has no stamp was never recorded."""
    late = []
    for number in range(clients):
        late += [(came - stamps[frame]) / 1e6 for frame, came in _pairs(folder / f"{number}.noted").items()]
    if not late:
        raise RuntimeError("the clients got no frame")
    return sorted(late)


def _pairs(path: Path) -> dict[int, int]:
    numbers = array("q")
    numbers.frombytes(path.read_bytes())
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def _stamps(target: Path) -> dict[int, int]:
    """Return when each frame of a recording came."""
    with open_recording(target) as recording:
        return {
            number_of(record.payload): record.time
            for record in recording
            if isinstance(record, Frame) and record.direction == "in"
        }


def _peak(process: int) -> float:
    """Return the most memory that a process had, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return 0.0 if found is None else int(found[1]) * 1024 / 1e6


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not path.exists() or not path.stat().st_size:
        assert time.monotonic() < deadline, f"{path.name} was not begun"
        time.sleep(0.05)
