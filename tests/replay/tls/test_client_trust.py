"""Lists of authorities."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from feedrec.replay.tls import client_trust
from feedrec.replay.tls.client_trust import read_list, system_list

LIST = b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"


@pytest.mark.parametrize("text", [b"", b"no list", b"-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_list_gives_nothing(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x").write_bytes(text)
    assert (
        read_list(tmp_path / "x") == read_list(tmp_path) == read_list(tmp_path / "none") == read_list(Path("\0")) == b""
    )


def test_the_list_of_the_system_is_the_first_that_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not end with its line is ended: what is appended begins a line."""
    (tmp_path / "empty").touch()
    (tmp_path / "list").write_bytes(LIST)
    paths = [str(tmp_path / name) for name in ("none", "empty", "list")]
    monkeypatch.setattr(client_trust, "_USUAL_LISTS", ())
    defaults = ssl.get_default_verify_paths()._replace(openssl_cafile="/none")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: defaults)
    assert system_list() == b""
    monkeypatch.setattr(client_trust, "_USUAL_LISTS", paths)
    assert system_list() == LIST + b"\n"
