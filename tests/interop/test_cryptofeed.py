"""cryptofeed, unchanged, with a replay as its venue: its symbols first, then books and trades."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ..cli.command import DEMO, background, feedrec, interrupt
from ..test_docs import ROOT, blocks

PYTHON = os.environ.get("CLIENTS_PYTHON", "")
PROGRAM = Path(__file__).parent / "programs" / "cryptofeed_both_halves.py"

pytestmark = pytest.mark.skipif(not PYTHON, reason="cryptofeed is not installed: make test-interop")


def test_its_symbols_are_those_of_the_recording(tmp_path: Path) -> None:
    """Asked for with a key of the older kind, as it signs."""
    done = feedrec("replay", DEMO, "--", PYTHON, PROGRAM, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert sorted(told["symbols"]) == ["BTC-USD", "ETH-USD"]
    assert told["information"]["tick_size"] == {"BTC-USD": "0.01", "ETH-USD": "0.01"}
    assert told["information"]["instrument_type"] == {"BTC-USD": "spot", "ETH-USD": "spot"}
    assert b"refused" not in done.stderr


def test_the_example_of_the_documents_runs(tmp_path: Path) -> None:
    """docs/clients.md, the block of cryptofeed, as it stands; it ends when it is stopped."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-cryptofeed")
    options = ("--tls", "--tls-folder", tmp_path / "tls", "--at-end", "hold")
    with background("replay", DEMO, *options, "--", PYTHON, "-u", "-c", example, cwd=tmp_path) as process:
        assert process.stdout is not None
        wanted = {b"BTC-USD ", b"ETH-USD "} | {b" buy ", b" sell "}
        for line in process.stdout:
            wanted = {one for one in wanted if one not in line}
            if not wanted:
                break
        interrupt(process)
    assert not wanted
