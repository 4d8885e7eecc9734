"""`feedrec record --failover`, as a process."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from feedrec.formats import open_recording
from feedrec.model import Event

from ..command import feedrec, mock_venue


def dead_url() -> str:
    """Give an address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"ws://127.0.0.1:{free.getsockname()[1]}/?token=s3cret-value"


def test_another_address_takes_over_and_the_file_and_the_log_say_so(tmp_path: Path) -> None:
    """The recording is whole, names the primary in its header, and has no secret of an address in it."""
    path = tmp_path / "x.jsonl.zst"
    with mock_venue() as url:
        done = feedrec(
            *("record", "--url", dead_url(), "--failover-url", f"{url}/?token=s3cret-value"),
            *("--max-frames", 50, "-c", "ticker", "-o", path, "--json"),
        )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["connections"] == 1
    assert b"failover: from coinbase-advanced to coinbase-advanced at ws://127.0.0.1" in done.stderr
    assert b"s3cret" not in done.stderr
    with open_recording(path) as recording:
        assert recording.header.url.startswith("ws://127.0.0.1")
        records = list(recording)
    (switch,) = [record for record in records if isinstance(record, Event) and record.name == "failover"]
    assert switch.details["url"] == f"{url}/?token=[redacted]"
    assert "s3cret" not in str(records)
    verified = feedrec("verify", path)
    assert verified.returncode == 0, verified.stdout.decode()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--failover"], "no endpoint is known to take over for coinbase-advanced"),
        (["--failover-url", "http://x"], "is not a WebSocket address"),
        (["-e", "coinbase-exchange-direct", "--failover", "--url", "ws://127.0.0.1:9"], "would take over"),
    ],
)
def test_what_cannot_take_over_is_said_before_anything_is_written(
    tmp_path: Path, options: list[str], complaint: str
) -> None:
    """It is a matter of the command line: exit code 2."""
    key = {f"COINBASE_EXCHANGE_API_{name}": "c2VjcmV0" for name in ("KEY", "SECRET", "PASSPHRASE")}
    done = feedrec("record", *options, cwd=tmp_path, env=key)
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []
