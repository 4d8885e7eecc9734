"""
Whether what runs in the container is well: the health check of the image.

A replay is when it listens. A recorder is when its /healthz says so, if FEEDREC_RECORD_METRICS gives it a port; without
one there is no telling, and its log says more.
"""

import os
import socket
import sys
import urllib.request
from pathlib import Path

REPLAY = ("127.0.0.1", 8765)
SECONDS = 2


def main() -> None:
    """Fail if it is not well."""
    command = Path(sys.argv[1] if sys.argv[1:] else "/proc/1/cmdline").read_text().split("\0")
    metrics = os.environ.get("FEEDREC_RECORD_METRICS", "")
    if "replay" in command:
        socket.create_connection(REPLAY, SECONDS).close()
    elif "record" in command and metrics:
        port = metrics.rpartition(":")[2]
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=SECONDS).close()


if __name__ == "__main__":
    main()
