"""Where the authority and its certificate are kept."""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from feedrec.errors import UsageError
from feedrec.replay.tls import certificate_folder
from feedrec.replay.tls.authority import LIFETIME
from feedrec.replay.tls.certificate_folder import (
    RENEWED_BEFORE,
    LocalAuthority,
    default_folder,
    prepare_certificates,
)
from feedrec.replay.tls.client_trust import system_list
from feedrec.replay.tls.key_and_chain import Chain, read_key_and_chain

VENUE = "venue.example"
NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FILES = {"server.pem", "authority.pem", "bundle.pem", "lock"}


def prepared(folder: Path, *hosts: str, now: dt.datetime = NOW) -> LocalAuthority:
    return prepare_certificates(folder, hosts or (VENUE,), now)


def chain_in(folder: Path) -> Chain:
    return read_key_and_chain(folder / "server.pem", folder / "server.pem")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_they_are_made_once_and_for_this_user_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "data" / "feedrec" / "tls"
    previous = os.umask(0)
    try:
        with caplog.at_level(logging.INFO):
            local = prepared(folder)
            first = {name: (folder / name).read_bytes() for name in FILES}
            assert prepared(folder, now=NOW + LIFETIME / 2) == local
    finally:
        os.umask(previous)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert mode_of(folder) == 0o700
    assert {mode_of(path) for path in folder.iterdir()} == {0o600}
    assert [record.getMessage() for record in caplog.records] == [
        f"made an authority for 4 hosts, valid until 2027-11-25, in {folder}"
    ]


def test_the_other_files_are_made_from_that_of_the_server(tmp_path: Path) -> None:
    local = prepared(tmp_path)
    ours = chain_in(tmp_path).authority
    local.authority.unlink()
    local.bundle.write_bytes(b"old")
    prepared(tmp_path)
    assert local.authority.read_bytes() == ours
    assert local.bundle.read_bytes() == system_list() + ours


@pytest.mark.parametrize(
    ("later", "is_renewed"),
    [
        (LIFETIME - RENEWED_BEFORE - 2 * HOUR, False),
        (LIFETIME - RENEWED_BEFORE + HOUR, True),
        (2 * LIFETIME, True),
        (-2 * HOUR, True),  # the clock was wrong when they were made
    ],
)
def test_they_are_renewed_within_a_week_of_their_end(
    tmp_path: Path, later: dt.timedelta, *, is_renewed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    prepared(tmp_path, VENUE, "gone.example")
    before = chain_in(tmp_path)
    prepared(tmp_path, now=NOW + later)
    after = chain_in(tmp_path)
    assert (after != before) == is_renewed
    assert ("gone.example" in after.names) != is_renewed
    assert ("made a new authority" in caplog.text) == is_renewed
    if is_renewed:
        assert "was valid from 2026-11-25 to 2027-11-25 only" in caplog.text


def test_another_host_takes_another_authority_and_keeps_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """So two replays with different hosts do not take turns."""
    prepared(tmp_path, "one.example")
    prepared(tmp_path, "two.example")
    assert "was not for two.example: made a new authority" in caplog.text
    both = chain_in(tmp_path)
    assert both.names >= {"one.example", "two.example"}
    for host in ("one.example", "two.example"):
        prepared(tmp_path, host)
    assert chain_in(tmp_path) == both


@pytest.mark.parametrize("damage", [b"", b"\x00\xff" * 100, None, "half", "other"])
def test_what_is_damaged_is_made_anew(
    tmp_path: Path, damage: bytes | str | None, caplog: pytest.LogCaptureFixture
) -> None:
    server = prepared(tmp_path).server.cert
    text = server.read_bytes()
    key, own, _ = text.split(b"-----BEGIN CERTIFICATE")
    alien = prepare_certificates(tmp_path / "other", [VENUE], NOW).authority.read_bytes()
    damages = {
        None: key + b"-----BEGIN CERTIFICATE" + own,
        "half": text[: len(text) // 2],
        "other": key + b"-----BEGIN CERTIFICATE" + own + alien,
    }
    server.write_bytes(damage if isinstance(damage, bytes) else damages[damage])
    prepared(tmp_path)
    assert f"{server} was damaged: made a new authority" in caplog.text
    assert chain_in(tmp_path).is_issued_in_order()


def test_rights_of_others_are_taken_away(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    local = prepared(tmp_path / "tls")
    for path, mode in ((tmp_path / "tls", 0o777), (local.server.cert, 0o644), (local.authority, 0o640)):
        path.chmod(mode)
    prepared(tmp_path / "tls")
    assert [mode_of(path) for path in (tmp_path / "tls", local.server.cert, local.authority)] == [0o700, 0o600, 0o600]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: others had access (mode {mode}): taken away"
        for path, mode in ((tmp_path / "tls", "0777"), (local.server.cert, "0644"), (local.authority, "0640"))
    ]


def test_a_folder_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UsageError, match="belongs to another user; name a folder of your own with --tls-folder"):
        prepared(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_serves_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As one that is mounted read-only; what would have to be written is refused in one line."""
    local = prepared(tmp_path)
    real_open = os.open

    def read_only(path: str | Path, flags: int, *rest: int, **more: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(number, os.strerror(number), str(path))
        return real_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", read_only)
    assert prepared(tmp_path) == local
    with pytest.raises(UsageError, match="--tls-folder keeps the certificates elsewhere"):
        prepared(tmp_path, "other.example")
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o700)
    with pytest.raises(UsageError, match=r"empty/lock: .*; --tls-folder keeps the certificates elsewhere"):
        prepared(empty)


def test_what_the_system_refuses_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "tls" / "server.pem").mkdir(parents=True)
    for folder, problem in (
        (tmp_path / "file", "file: not a folder"),
        (tmp_path / "file" / "x", "file: File exists"),
        (tmp_path / "tls", "server.pem: Is a directory"),
    ):
        with pytest.raises(UsageError, match=problem) as error:
            prepared(folder)
        assert "--tls-folder" in str(error.value)


def test_of_replays_that_start_together_one_makes_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: prepared(tmp_path).authority.read_bytes(), range(8)))
    assert set(found) == {chain_in(tmp_path).authority}
    assert caplog.text.count("made a") == 1
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_a_lock_that_is_never_given_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_folder, "_PATIENCE", 0.1)
    with (tmp_path / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match=r"lock: another process has held this lock for 0\.1 s"):
            prepared(tmp_path)


HOME = Path("/home/u")


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {}, "/home/u/.local/share/feedrec/tls"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/feedrec/tls"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "/home/u/.local/share/feedrec/tls"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "/home/u/Library/Application Support/feedrec/tls"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/feedrec/tls"),
        ("win32", {}, "/home/u/AppData/Local/feedrec/tls"),
    ],
)
def test_the_folder_is_where_the_system_keeps_data(platform: str, environment: dict[str, str], folder: str) -> None:
    assert default_folder(platform, environment, HOME) == Path(folder)


def test_variables_lead_to_our_files_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    local = prepared(Path("tls"))
    assert local.bundle == tmp_path / "tls" / "bundle.pem"
    expected = {
        "SSL_CERT_FILE": str(local.bundle),
        "REQUESTS_CA_BUNDLE": str(local.bundle),
        "CURL_CA_BUNDLE": str(local.bundle),
        "NODE_EXTRA_CA_CERTS": str(local.authority),
    }
    assert local.client_variables({}) == local.client_variables(dict.fromkeys(expected, "")) == expected
    assert local.client_variables(expected) == expected


def test_a_list_of_the_user_is_not_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The variable leads to a copy of it with the authority; if it cannot be read, it is left alone."""
    local = prepared(tmp_path / "tls")
    theirs = prepare_certificates(tmp_path / "theirs", ["other.example"], NOW).authority
    ours = local.authority.read_bytes()
    (tmp_path / "both.pem").write_bytes(theirs.read_bytes() + ours)
    chosen = {
        "SSL_CERT_FILE": str(theirs),
        "REQUESTS_CA_BUNDLE": str(tmp_path),  # requests takes a folder, too
        "CURL_CA_BUNDLE": str(tmp_path / "both.pem"),
        "NODE_EXTRA_CA_CERTS": str(theirs),
    }
    found = local.client_variables(chosen)
    copy = Path(found["SSL_CERT_FILE"])
    assert copy.read_bytes() == theirs.read_bytes() + ours
    assert (copy.parent, mode_of(copy)) == (tmp_path / "tls", 0o600)
    assert found == {
        "SSL_CERT_FILE": str(copy),
        "CURL_CA_BUNDLE": chosen["CURL_CA_BUNDLE"],
        "NODE_EXTRA_CA_CERTS": str(copy),
    }
    assert f"REQUESTS_CA_BUNDLE={tmp_path} is no list of authorities: left alone" in caplog.text
    assert local.client_variables(found)["SSL_CERT_FILE"] == str(copy)


def test_the_list_of_the_system_needs_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = prepare_certificates(tmp_path / "system", [], NOW).authority
    monkeypatch.setattr(certificate_folder, "system_list", system.read_bytes)
    local = prepared(tmp_path / "tls")
    chosen = {"SSL_CERT_FILE": str(system), "NODE_EXTRA_CA_CERTS": str(system)}
    found = local.client_variables(chosen)
    assert found["SSL_CERT_FILE"] == found["NODE_EXTRA_CA_CERTS"] == str(local.bundle)
