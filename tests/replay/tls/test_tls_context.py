"""What the server needs to speak TLS."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest

from feedrec.replay.tls.authority import make_key_and_chain
from feedrec.replay.tls.tls_context import TlsFiles, open_tls

NOW = dt.datetime.now(dt.UTC)


@pytest.mark.parametrize(
    ("made", "is_valid"),
    [(NOW, True), (NOW - dt.timedelta(days=366), False), (NOW + dt.timedelta(days=1), False)],
)
def test_a_certificate_that_is_not_valid_now_is_reported(
    tmp_path: Path, made: dt.datetime, *, is_valid: bool, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "x.pem").write_bytes(make_key_and_chain(["venue.example"], made))
    assert "venue.example" in open_tls(TlsFiles(tmp_path / "x.pem")).names
    assert ("and not now: clients will refuse it" in caplog.text) != is_valid


def test_a_context_is_taken_as_it_is() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert open_tls(context) == (context, frozenset())
