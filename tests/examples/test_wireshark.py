"""What `feedrec export --to pcapng` writes is what tshark dissects: every message, no packet wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zstandard

from feedrec.export.wire.pcapng import pcapng_export
from feedrec.export.wire.pcapng.addresses import Host
from feedrec.export.wire.pcapng.pcapng_export import export_pcapng
from feedrec.export.wire.pcapng.tcp_stream import Take, TcpStream
from feedrec.model import NANOSECONDS, Frame, Record

from ..export.wire.made_recordings import ALL, START, frames_of, inputs_of, write
from ..shared import SHARED
from ..timing import HANG_TIMEOUT

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".venv-examples" / "tshark" / "usr"
"""Where the Makefile unpacks Debian's package, with what it needs, if it is not installed."""

CAPTURES = SHARED / "samples"
CHECKED = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")


def tshark(*arguments: object) -> str:
    """Run tshark: the one that was unpacked, or else that of the machine."""
    program, environment = shutil.which("tshark"), dict(os.environ)
    if (UNPACKED / "bin" / "tshark").exists():
        program = str(UNPACKED / "bin" / "tshark")
        libraries = next((UNPACKED / "lib").glob("*-linux-gnu"))
        environment |= {"LD_LIBRARY_PATH": str(libraries), "WIRESHARK_DATA_DIR": str(UNPACKED / "share" / "wireshark")}
    assert program is not None, "`make test-examples` unpacks it"
    command = [program, "-n", *CHECKED, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=HANG_TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


class Message(NamedTuple):
    stream: str
    is_sent: bool
    opcode: str
    payload: bytes


def values_of(layers: Any, name: str) -> list[Any]:
    """Give the values of a field, wherever it is in the layers of a packet."""
    if isinstance(layers, list):
        return [value for one in layers for value in values_of(one, name)]
    if not isinstance(layers, dict):
        return []
    own = [layers[name]] if name in layers else []
    return own + [value for key, one in layers.items() if key != name for value in values_of(one, name)]


def bytes_of(layers: Any, name: str) -> bytes:
    return b"".join(bytes.fromhex(value[0]) for value in values_of(layers, f"{name}_raw"))


def dissected(path: Path) -> list[Message]:
    """Give each WebSocket message that tshark finds, byte for byte."""
    text = tshark("-r", path, "-Y", "websocket && websocket.opcode < 8", "-T", "json", "-x", "-j", "websocket tcp")
    packets = [one["_source"]["layers"] for one in json.loads(text)]
    found = []
    for layers in packets:
        (websocket,) = values_of(layers, "websocket")
        sent = websocket["websocket.mask"] == "1"
        stream = layers["tcp"]["tcp.stream"]
        payload = bytes_of(websocket, "websocket.payload")
        if sent:  # masked with zeros, and tshark takes masks off no more than 256 KiB
            assert payload == bytes_of(websocket, "websocket.masked_payload")[: 256 * 1024]
            payload = bytes_of(websocket, "websocket.masked_payload")
        found.append(Message(stream, sent, websocket["websocket.opcode"], payload))
    return found


def expected(records: list[Record], streams: dict[int, str]) -> list[Message]:
    return [
        Message(streams[one.conn], one.direction == "out", "2" if one.binary else "1", one.payload)
        for one in frames_of(records)
    ]


def fields(path: Path, chosen: str, *names: str) -> list[list[str]]:
    """Give the fields of chosen packets, a row for each."""
    asked = [option for name in names for option in ("-e", name)]
    text = tshark("-r", path, "-Y", chosen, "-T", "fields", "-E", "separator=\t", "-E", "aggregator=;", *asked)
    return [line.split("\t") for line in text.split("\n")[:-1]]


WARNING = 0x600000


def warnings(path: Path) -> Counter[str]:
    """Give what tshark warns of, and how often."""
    rows = fields(path, "_ws.expert", "_ws.expert.severity", "_ws.expert.message")
    single = [pair for row in rows for pair in zip(*(field.split(";") for field in row), strict=True)]
    return Counter(message for severity, message in single if int(severity) >= WARNING)


def analysis(path: Path) -> list[list[str]]:
    """Give the packets whose checksums or sequence numbers are not right, or that are malformed."""
    wrong = "tcp.analysis.flags || _ws.malformed || tcp.checksum.status != 1 || (ip && ip.checksum.status != 1)"
    return fields(path, wrong, "frame.number")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export a conversation of two connections both ways, one over IPv6, with messages of all sizes up to 5 MB."""
    folder = tmp_path_factory.mktemp("wireshark")
    export_pcapng(inputs_of(write(folder / "made.jsonl")), folder / "made.pcapng")
    return folder / "made.pcapng"


def test_every_message_is_dissected_byte_for_byte(made: Path) -> None:
    assert dissected(made) == expected(ALL, {0: "0", 1: "1", 2: "3"})


def test_nothing_is_malformed_no_checksum_bad_and_no_sequence_number_wrong(made: Path) -> None:
    assert analysis(made) == []
    assert warnings(made) == {"Connection reset (RST)": 1}  # as recorded: it was lost
    everything = len(fields(made, "tcp", "frame.number"))
    assert len(fields(made, "tcp.checksum.status == 1", "frame.number")) == everything > 100


def test_times_have_nanoseconds(made: Path) -> None:
    rows = fields(made, "websocket.opcode < 8 && tcp.len < 200 && websocket.payload_length < 127", "frame.time_epoch")
    small = [one for one in frames_of(ALL) if len(one.payload) < 127]
    found = {int(seconds) * NANOSECONDS + int(rest) for (text,) in rows for seconds, _, rest in [text.partition(".")]}
    assert {one.time for one in small} <= found


def test_events_are_comments(made: Path) -> None:
    comments = [text for (text,) in fields(made, "frame.comment", "frame.comment")]
    assert any("connection 0 gap: expected 7, received 9, missing 2" in text for text in comments)


def test_requests_are_dissected_with_their_answers(made: Path) -> None:
    rows = fields(made, "http.response && !websocket", "http.response.code", "http.content_length", "http.time")
    assert [row for row in rows if row[0] != "101"] == [["201", "80000", "0.000000800"], ["204", "", "0.000000050"]]


def test_a_connection_of_more_than_4_gib_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sequence numbers begin again at 0."""

    class NearTheEnd(TcpStream):
        def __init__(self, client: Host, server: Host, take: Take) -> None:
            super().__init__(client, server, take, first_number=2**32 - 2_000)

    monkeypatch.setattr(pcapng_export, "TcpStream", NearTheEnd)
    records: list[Record] = [Frame(START + number, 0, b"[%d]" % number * 40) for number in range(100)]
    path = tmp_path / "long.pcapng"
    pcapng_export.export_pcapng(inputs_of(write(tmp_path / "long.jsonl", records)), path)
    assert analysis(path) == []
    assert len(fields(path, "tcp.seq_raw < 2000", "frame.number")) > 10
    assert dissected(path) == expected(records, {0: "0"})


@pytest.mark.parametrize("name", ["advanced_2026-08-09", "exchange_2021-04-17"])
def test_every_frame_of_a_real_capture_is_dissected(tmp_path: Path, name: str) -> None:
    capture = CAPTURES / f"{name}.frames.jsonl.zst"
    if not capture.exists():
        pytest.skip("needs ../shared")
    with capture.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    rows = [json.loads(line) for line in text.splitlines()]
    directions: dict[str, Any] = {"recv": "in", "send": "out"}
    records: list[Record] = [
        Frame(round(row["ts"] * 1_000_000) * 1_000, 0, row["data"].encode(), directions[row["dir"]])
        for row in rows
        if row["dir"] in directions
    ]
    path = tmp_path / "capture.pcapng"
    export_pcapng(inputs_of(write(tmp_path / "capture.jsonl.zst", records)), path)
    found = fields(path, "websocket.opcode == 1", "websocket.mask", "frame.time_epoch", "websocket.payload.text")
    assert len(found) == len(records) > 1_000
    for (masked, time, payload), frame in zip(found, frames_of(records), strict=True):
        assert payload.encode() == frame.payload
        assert masked == str(int(frame.direction == "out"))
        assert time == f"{frame.time // NANOSECONDS}.{frame.time % NANOSECONDS:09d}"
    assert analysis(path) == []
