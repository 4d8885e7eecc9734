"""Who may read what `record`, `convert` and `repair` write: processes, and every file they make."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header

from .cli.command import background, feedrec, first_line, interrupt, mock_venue

START = 1_795_280_400 * NANOSECONDS
EXCHANGE = {
    "COINBASE_EXCHANGE_API_KEY": "key",
    "COINBASE_EXCHANGE_API_SECRET": base64.b64encode(b"secret").decode(),
    "COINBASE_EXCHANGE_API_PASSPHRASE": "pass",
}


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Let a usual umask be set, whatever it is where the tests run."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o7777) for path in folder.iterdir()}


def recording(path: Path, mode: int = 0o644, conn: int = 0) -> Path:
    writer = create_recording(path, Header("raw", f"wss://{path.name}", START))
    for number in range(5):
        writer.write(Frame(START + number * NANOSECONDS, conn, b'{"n":%d}' % number))
    writer.finish().chmod(mode)
    return path


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "0o644"),
        (("--header", "X-Plan: basic"), "0o600"),
        (("--header", "X-Plan: basic", "--file-mode", "0664"), "0o664"),
        (("--file-mode", "600"), "0o600"),
    ],
)
def test_a_raw_recording(tmp_path: Path, options: tuple[str, ...], expected: str) -> None:
    with mock_venue() as url:
        done = feedrec("record", "-e", "raw", "--url", url, *options, "--max-frames", 3, "-o", "x.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert modes(tmp_path) == {"x.jsonl": expected}


@pytest.fixture
def venue_file(tmp_path: Path) -> Path:
    folder = tmp_path / "venue"
    folder.mkdir()
    writer = create_recording(folder / "exchange.jsonl", Header("coinbase-exchange-direct", created=START))
    writer.write(Event(START, 0, "open", {}))
    writer.write(Frame(START, 0, b'{"type":"snapshot","product_id":"BTC-USD","asks":[],"bids":[["1.00","2"]]}'))
    return writer.finish()


@pytest.mark.parametrize(
    ("output", "part"),
    [("x.jsonl.zst", "x.jsonl.zst.part"), ("x.parquet", "x.parquet.jsonl.zst.part")],
)
def test_a_recording_with_credentials_is_private_while_it_grows_and_afterwards(
    tmp_path: Path, venue_file: Path, output: str, part: str
) -> None:
    """Its journal too, the Parquet file that another process makes of it, and whatever is replaced or moved aside."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / output).write_bytes(b"old")
    (folder / part).write_bytes(b"older")
    with background("replay", venue_file, "--port", 0, "-q", "--at-end", "hold") as server:
        arguments = ("-e", "coinbase-exchange-direct", "--url", first_line(server.stdout), "-c", "level2")
        options = ("--no-heartbeats", "--overwrite", "-o", folder / output)
        with background("record", *arguments, *options, env={**os.environ, **EXCHANGE}) as recorder:
            while "connection 0 open" not in first_line(recorder.stderr):  # one that saw no connection is not kept
                assert recorder.poll() is None
            assert modes(folder) == {output: "0o644", part: "0o600", f"{part}.old": "0o600"}
            assert interrupt(recorder)[0] == 0
    assert modes(folder) == {output: "0o600", f"{part}.old": "0o600"}


def test_a_private_channel_of_a_feed_that_has_open_ones_too(tmp_path: Path, venue_file: Path) -> None:
    with background("replay", venue_file, "--port", 0, "-q", "--auth", "none", "--at-end", "hold") as server:
        arguments = ("record", "-e", "coinbase-exchange-direct", "--url", first_line(server.stdout), "-c", "level2")
        done = feedrec(
            *arguments, "--no-heartbeats", "--max-frames", 1, "--rotate", "1h", "-o", "x.jsonl", cwd=tmp_path,
            env=EXCHANGE,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert modes(tmp_path)["x-0001.jsonl"] == "0o600"


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet"])
@pytest.mark.parametrize(
    ("inputs", "options", "expected"),
    [
        ((0o644,), (), "0o644"),
        ((0o600,), (), "0o600"),
        ((0o644, 0o600), (), "0o600"),
        ((0o666, 0o640), (), "0o640"),
        ((0o666,), (), "0o644"),
        ((0o600, 0o644), ("--file-mode", "0660"), "0o660"),
    ],
)
def test_a_conversion_is_as_strict_as_the_strictest_input(
    tmp_path: Path, suffix: str, inputs: tuple[int, ...], options: tuple[str, ...], expected: str
) -> None:
    paths = [recording(tmp_path / f"in{number}.jsonl", mode) for number, mode in enumerate(inputs)]
    done = feedrec("convert", *paths, "-o", tmp_path / f"out{suffix}", *options)
    assert done.returncode == 0, done.stderr.decode()
    assert modes(tmp_path)[f"out{suffix}"] == expected


def test_every_file_of_a_split_and_the_output_that_is_replaced(tmp_path: Path) -> None:
    path = recording(tmp_path / "in.jsonl", 0o600)
    (tmp_path / "out-0001.jsonl").touch()
    done = feedrec("convert", path, "--split", "2s", "--overwrite", "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0, done.stderr.decode()
    found = modes(tmp_path)
    assert len(found) > 3
    assert set(found.values()) == {"0o600"}


@pytest.mark.parametrize(
    ("name", "mode", "options", "expected"),
    [
        ("x.jsonl.zst", 0o600, (), "0o600"),
        ("x.jsonl.zst", 0o644, (), "0o644"),
        ("x.jsonl.zst", 0o666, (), "0o644"),
        ("x.jsonl.zst", 0o666, ("--in-place",), "0o666"),
        ("x.jsonl.zst", 0o600, ("--file-mode", "0644"), "0o644"),
        ("x.jsonl.zst.part", 0o660, (), "0o660"),
        ("x.parquet.jsonl.zst", 0o600, (), "0o600"),
        ("x.parquet.jsonl.zst.part", 0o660, (), "0o660"),
    ],
)
def test_a_repaired_recording_is_for_those_who_may_read_the_old_one(
    tmp_path: Path, name: str, mode: int, options: tuple[str, ...], expected: str
) -> None:
    """What takes the place of a file has its mode, whatever the umask."""
    path = tmp_path / name
    shutil.copyfile(recording(tmp_path / "in.jsonl.zst"), path)
    (tmp_path / "in.jsonl.zst").unlink()
    path.chmod(mode)
    done = feedrec("repair", path, *options)
    assert done.returncode == 0, done.stderr.decode()
    found = modes(tmp_path)
    kept = found.pop(name) if name == "x.jsonl.zst" and "--in-place" not in options else None
    found.pop("x.jsonl.zst.part", None)
    assert set(found.values()) == {expected}
    assert kept in {None, oct(mode)}


@pytest.mark.parametrize("command", [("record",), ("convert", "x.jsonl", "-o", "y.jsonl"), ("repair", "x.jsonl")])
@pytest.mark.parametrize("mode", ["0755", "rw-r-----", ""])
def test_what_is_no_mode_is_one_clear_line(tmp_path: Path, command: tuple[str, ...], mode: str) -> None:
    recording(tmp_path / "x.jsonl")
    done = feedrec(*command, "--file-mode", mode, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert f"{mode!r} is not a mode for a recording, such as 0600 or 0640" in done.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]
