"""
Recorders and uploaders are killed at random, and the store fails in all ways: all that was recorded is there.

`make test-cloud` does it with 100 kills, with QUICK=1 with 10, and prints the seed, which may be given: `--seed`.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import boto3
import msgspec
import pytest

from benchmarks.processes import serving
from feedrec.recorder.shipping.destination import TEMPORARY
from soak.accounting import Tally
from soak.disk import recordings_in
from soak.fickle_venue import Whims
from soak.left_undone import has_header
from soak.ordeal import files_of
from soak.recorded import FilesAccount, account_of
from soak.recorders import Supervised
from tests.object_server import Bucket
from tests.store_faults import Misfortune
from tests.timing import HANG_TIMEOUT

from .killing import Again, kill_at_random, kill_uploader
from .seaweed import Seaweed

WHIMS = Whims(rate=300, snapshot=20_000, gap=2, reset=6, stall=9, stall_seconds=1, end=7, ends=("abort", "farewell"))
SUBSCRIBED = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-p", "BTC-USD,ETH-USD")
SHARE = 0.1  # of the requests, with each of which something goes wrong
MOST_FRAMES = 1 << 18  # that one receives until it is killed
APART = (0.3, 2.5)
KEEP = "2s"
SMALL_PUTS = {"PYTHONPATH": f"{Path(__file__).parent / 'small_puts'}:{Path(__file__).parents[2]}"}


class Store(NamedTuple):
    """The store, which fails: a third of the way it is away for a while, and after two thirds it is killed."""

    server: Seaweed
    misfortune: Misfortune
    kills: int

    def fail(self, count: int) -> None:
        """Fail as is due after so many kills."""
        self.misfortune.is_away = self.kills // 3 <= count < self.kills // 3 + max(2, self.kills // 10)
        if count == 2 * self.kills // 3:
            self.server.kill()
            self.server.start()


class Aftermath(NamedTuple):
    """
    What there is in the end.

    Attributes:
        recorders: Those that recorded.
        ledgers: What the venue noted.
        here: Folders with what is here.
        there: All that is in the bucket, in a folder.
        keys: Of the objects.
        uploads: Keys of uploads that were never finished.

    """

    recorders: tuple[Supervised, Supervised]
    ledgers: Path
    here: tuple[Path, Path]
    there: Path
    keys: list[str]
    uploads: list[str]


def test_all_that_was_recorded_is_there_or_here_whatever_is_killed(
    seaweed: Seaweed, bucket: Bucket, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Each frame that was written is found once, no object is half there, and a sweep leaves nothing behind."""
    done = endure(seaweed, bucket, tmp_path, pytestconfig.getoption("kills"), pytestconfig.getoption("seed"))
    tally = Tally()
    for number, recorder in enumerate(done.recorders):
        name = f"r{number}"
        files = files_of(name, done.here[number], done.there)
        assert not holes_in(files), f"{name}: a file is gone"
        account_of(files, FilesAccount(done.ledgers, name, recorder.kills, [], tally))
        assert differing(done.here[number], done.there) == []
        assert left_here(done.here[number], done.there) == []
    assert tally.wrong == []
    assert tally.is_complete
    assert tally.recorded > 0.3 * tally.sent > 0
    assert verified(done.there) == (0, "")
    assert [key for key in done.keys if not re.fullmatch(r"p/r\d-\d+\.jsonl\.zst(\.state)?", key)] == []
    assert done.uploads == []
    assert both_ways(bucket)


def endure(seaweed: Seaweed, bucket: Bucket, folder: Path, kills: int, seed: int) -> Aftermath:
    """Do it: one recorder ships by itself, and `feedrec ship` does for the other."""
    chance = random.Random(seed)
    store = Store(seaweed, Misfortune(random.Random(seed), SHARE), kills)
    there, ledgers, here = folder / "there", folder / "ledgers", (folder / "r0", folder / "r1")
    for place in (there, ledgers, *here):
        place.mkdir()
    url = f"{bucket.url}/p/"
    with ExitStack() as stack:
        server = stack.enter_context(serving("soak.fickle_venue", ledgers, msgspec.json.encode(WHIMS).decode()))
        bucket.server.fault = store.misfortune
        stack.callback(setattr, bucket.server, "fault", lambda _: None)
        recorders = (
            recorder(here[0], server.url, "--checkpoints", "--ship", url, "--ship-keep", KEEP),
            recorder(here[1], server.url),
        )
        shipper = Again(["ship", here[1], url, "--keep", KEEP, "--pending"], folder / "ship.log", SMALL_PUTS)
        stack.callback(shipper.stop)
        for one in recorders:
            stack.callback(one.stop)
        victims = {
            "recorder": recorders[0].kill,
            "its uploader": lambda: kill_uploader(recorders[0].variable),
            "other recorder": recorders[1].kill,
            "shipper": shipper.kill,
        }
        killed = kill_at_random(victims, kills, chance, APART, store.fail)
        store.misfortune.share, store.misfortune.is_away = 0.0, False
        for one in recorders:
            one.restart()  # what is left is finished and shipped then
            one.stop()
        shipper.stop()
    said = feedrec("ship", *here, url, "--pending") + feedrec("ship", url, "--sweep", "--sweep-age", "0s")
    sys.stdout.write(f"{dict(killed)}\n{dict(store.misfortune.counts)}\n{dict(shipper.codes)}\n{said}")
    keys = fetched(bucket, there)
    return Aftermath(recorders, ledgers, here, there, keys, unfinished(bucket))


def recorder(folder: Path, url: str, *options: object) -> Supervised:
    """Start a recorder, with files so small that one is shipped every few seconds."""
    arguments = [*SUBSCRIBED, "--rotate", "1s", "-o", f"{folder.name}.jsonl.zst", *map(str, options)]
    return Supervised(url, arguments, folder, folder.with_suffix(".log"), SMALL_PUTS, most=MOST_FRAMES)


def feedrec(*arguments: object) -> str:
    """Run feedrec to its end; return what it says."""
    command = [sys.executable, "-m", "feedrec", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10 * HANG_TIMEOUT)
    return f"$ feedrec {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}[{done.returncode}]\n"


def fetched(bucket: Bucket, folder: Path) -> list[str]:
    """Copy all objects of the bucket to a folder; return their keys."""
    store = bucket.store
    found = list(store.list())
    for one in found:
        (folder / one.key.rpartition("/")[2]).write_bytes(store.read(one.key, 0, max(1, one.size)).data)
    return [one.key for one in found]


def unfinished(bucket: Bucket) -> list[str]:
    """Return the keys of uploads in parts that were begun and not finished."""
    client = boto3.client("s3", endpoint_url=bucket.server.url)
    return [one["Key"] for one in client.list_multipart_uploads(Bucket=bucket.url.parts[1]).get("Uploads", [])]


def both_ways(bucket: Bucket) -> bool:
    """Tell whether some objects came in parts, and others in one piece, as the sizes of the files are to have it."""
    in_parts = {one.key for one in bucket.requests if one.method == "POST"}
    put = {one.key for one in bucket.requests if one.method == "PUT" and one.key.endswith(".zst")}
    return any(TEMPORARY in key for key in in_parts) and bool(put & in_parts) and bool(put - in_parts)


def holes_in(files: list[Path]) -> list[int]:
    """Return the numbers of files that are missing."""
    numbers = [int(match[1]) for path in files if (match := re.search(r"-(\d+)\.", path.name))]
    return sorted(set(range(1, max(numbers) + 1)) - set(numbers))


def differing(here: Path, there: Path) -> list[str]:
    """Return the names of files that have another content here than there."""
    names = [path.name for path in here.glob("*.zst") if (there / path.name).exists()]
    return [name for name in names if (here / name).read_bytes() != (there / name).read_bytes()]


def left_here(here: Path, there: Path) -> list[str]:
    """Return the names of what was not shipped in the end, though something was recorded in it."""
    return [path.name for path in recordings_in(here) if not (there / path.name).exists() and has_header(path)]


def verified(folder: Path) -> tuple[int, str]:
    """Return the exit code of `feedrec verify`, and what it says if that is not 0."""
    command = [sys.executable, "-m", "feedrec", "verify", *map(str, recordings_in(folder))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10 * HANG_TIMEOUT)
    return done.returncode, (done.stdout + done.stderr)[-2000:] if done.returncode else ""
