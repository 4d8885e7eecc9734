"""TLS for `feedrec replay`."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from feedrec.cli.replaying.tls import choose_tls
from feedrec.errors import UsageError
from feedrec.feeds import endpoint_names, hosts_of
from feedrec.replay import TlsFiles
from feedrec.replay.tls.key_and_chain import read_key_and_chain

from ..command import DEMO, background, feedrec, first_line, interrupt

VARIABLES = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]

# The client of websockets that has threads loses an answer over TLS now and then, from its own server, too (17.4).
CLIENT = """
import asyncio, json, os, sys
from websockets.asyncio.client import connect
async def count():
    async with connect(os.environ["FEEDREC_URL"], max_size=None) as venue:
        await venue.send('{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}')
        return len([frame async for frame in venue])
frames = asyncio.run(count())
print(json.dumps({"url": os.environ["FEEDREC_URL"], "frames": frames, "environment": dict(os.environ)}))
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine that runs the tests may have set."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def chosen(**changes: object) -> dict[str, object]:
    defaults = {"tls": False, "tls_names": (), "tls_folder": None, "tls_cert": None, "tls_key": None}
    return {"host": "127.0.0.1", **defaults, **changes}


def test_the_certificate_is_for_the_hosts_of_the_catalogue_what_is_named_and_what_is_listened_on(
    tmp_path: Path,
) -> None:
    for host, more in (
        ("127.0.0.1", set()),
        ("0.0.0.0", set()),
        ("lab.example", {"lab.example"}),
        ("not a host", set()),
    ):
        folder = tmp_path / host
        options = chosen(tls=True, tls_names=("Bücher.example", "10.0.0.7"), tls_folder=folder, host=host, speed=1)
        tls = choose_tls(options)
        assert options == {"host": host, "speed": 1}
        assert tls.files == TlsFiles(folder / "server.pem")
        assert read_key_and_chain(folder / "server.pem", folder / "server.pem").names == (
            hosts_of(endpoint_names()) | {"localhost", "127.0.0.1", "::1", "xn--bcher-kva.example", "10.0.0.7"} | more
        )
        assert list(tls.variables) == VARIABLES


def test_without_tls_there_is_none(tmp_path: Path) -> None:
    """A folder in the environment does not ask for it."""
    tls = choose_tls(chosen(tls_folder=tmp_path / "tls"))
    assert (tls.files, tls.lines) == (None, [])
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_of_the_user_is_served_as_it_is() -> None:
    tls = choose_tls(chosen(tls_cert=Path("cert.pem"), tls_key=Path("key.pem")))
    assert (tls.files, tls.lines) == (TlsFiles(Path("cert.pem"), Path("key.pem")), [])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"tls_key": Path("key.pem"), "tls": True}, "--tls-key needs --tls-cert"),
        ({"tls_names": ("x.example",)}, "--tls-name needs --tls"),
        ({"tls_names": ("x.example",), "tls_cert": Path("cert.pem")}, "--tls-name is .*: leave it out, or --tls-cert"),
        ({"tls_cert": Path("cert.pem"), "tls": True}, "--tls is .*: leave it out, or --tls-cert"),
        ({"tls_names": ("https://x.example",), "tls": True}, "'https://x.example' is not the name of a host"),
    ],
)
def test_options_that_cannot_be_combined_are_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        choose_tls(chosen(**changes))


def test_without_a_home_folder_one_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(UsageError, match="name a folder for the certificate with --tls-folder"):
        choose_tls(chosen(tls=True))


def test_lines_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    lines = choose_tls(chosen(tls=True, tls_folder=tmp_path / "it's here")).lines
    script = "\n".join([*lines, 'printf %s "$NODE_EXTRA_CA_CERTS"'])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == str(tmp_path / "it's here" / "authority.pem")


def test_a_command_trusts_the_replay_by_its_environment(tmp_path: Path) -> None:
    """What else is set stays as it is, and the certificates are in the data folder of the user."""
    environment = {"XDG_DATA_HOME": str(tmp_path), "SSL_CERT_DIR": "/etc/ssl/certs"}
    command = (sys.executable, "-c", CLIENT)
    done = feedrec("replay", DEMO, "--speed", "max", "--tls", "--", *command, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    facts = json.loads(done.stdout)
    assert facts["url"].startswith("wss://127.0.0.1:")
    assert facts["frames"] > 10
    if sys.platform == "linux":
        assert Path(facts["environment"]["SSL_CERT_FILE"]) == tmp_path / "feedrec" / "tls" / "bundle.pem"
    changed = {name for name, value in facts["environment"].items() if {**os.environ, **environment}.get(name) != value}
    assert changed - {"LC_CTYPE"} == {"FEEDREC_URL", "FEEDREC_REST_URL", "FEEDREC_CONTROL_URL", *VARIABLES}


async def count_tickers(url: str, authority: str) -> int:
    async with connect(url, ssl=ssl.create_default_context(cafile=authority), max_size=None) as venue:
        await venue.send('{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}')
        return len([frame async for frame in venue])


def test_the_lines_stand_after_the_url_and_open_the_replay(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    with background("replay", DEMO, "--port", 0, "--speed", "max", "--tls", "--tls-folder", folder) as process:
        url = first_line(process.stdout)
        assert url.startswith("wss://127.0.0.1:")
        lines = dict(first_line(process.stdout).removeprefix("export ").split("=") for _ in VARIABLES)
        assert list(lines) == VARIABLES
        for name in VARIABLES:
            assert asyncio.run(count_tickers(url, lines[name])) > 10
        code, out, _ = interrupt(process)
    assert code == 0
    assert out.startswith(b"replayed to 4 clients")
