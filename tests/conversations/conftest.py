"""What conversations share: a recording to be, and a recorder that does not wait long."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.feeds.coinbase_advanced import client as advanced_client
from feedrec.feeds.coinbase_exchange import client as exchange_client
from feedrec.recorder import connection_lifecycle as lifecycle

from ..timing import MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the name of a recording that does not exist yet."""
    return tmp_path / "recorded.jsonl"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a recorder judge acks after tenths of a second, not after seconds."""
    monkeypatch.setattr(lifecycle, "TICK", 20 * MS)
    monkeypatch.setattr(advanced_client, "ACK_GRACE", 100 * MS)
    monkeypatch.setattr(advanced_client, "ACK_TIMEOUT", 600 * MS)
    monkeypatch.setattr(exchange_client, "ACK_TIMEOUT", 600 * MS)
