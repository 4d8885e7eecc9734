"""
A process that stands in for one that serves: it writes what it gets to a file, and does as the file names.

    python -m tests.recorder.serving.fake_process PLAN

`settings` of the plan say what it does: `kept` is where it writes each parcel to, as a line of JSON; `wishes` are
products that it asks for when it knows the feed; `sleeps` is the process that reads no more once it has lines; `fails`
is why it cannot serve; `dies` is a file without which it is killed before it can.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import msgspec

from feedrec.live_messages import Logged, ParcelKind, Parcels, Ready, ServePlan, Wish, told_line


def wish(end: socket.socket, products: str) -> None:
    """Ask for products, if there are any."""
    for number, product in enumerate(filter(None, products.split(",")), 1):
        end.sendall(told_line(Wish(number, 0, [{"channel": "ticker", "products": [product]}])))


def main() -> None:
    """Take parcels until there are no more."""
    plan = msgspec.json.decode(sys.argv[-1], type=ServePlan)
    settings = plan.settings
    name = "states" if sys.argv[1:2] == ["states"] else "serving"
    end = socket.socket(fileno=0)
    if name == "serving" and settings.get("fails"):
        end.sendall(told_line(Logged(40, settings["fails"])))
        sys.exit(1)
    dies = Path(settings.get("dies", sys.executable))
    if name == "serving" and not dies.exists():
        dies.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "serving":
        end.sendall(told_line(Ready([f"ws://{plan.host}:{plan.port or 4321}/{feed.endpoint}" for feed in plan.feeds])))
    with Path(f"{settings['kept']}.{name}").open("ab") as kept:
        kept.write(b"\n")  # one that was killed may have written half a line
        known = [name for name in ("A_VENUE_KEY", "FEEDREC_RECORD_HEADER", "HOME") if name in os.environ]
        begun = {"pid": os.getpid(), "feeds": plan.feeds, "port": plan.port, "known": known}
        kept.write(msgspec.json.encode(begun) + b"\n")
        kept.flush()
        parcels, has_lines = Parcels(), False
        while data := end.recv(1 << 16):
            for parcel in parcels.feed(data):
                fields = [parcel.number, parcel.kind.name, parcel.feed, parcel.content.decode()]
                kept.write(msgspec.json.encode(fields) + b"\n")
                if parcel.kind is ParcelKind.HEADER and name == "serving":
                    wish(end, settings.get("wishes", ""))
                has_lines = has_lines or parcel.kind is ParcelKind.LINES
            kept.flush()
            if has_lines and settings.get("sleeps") == name:
                time.sleep(1000)
        kept.write(b'"end"\n')


if __name__ == "__main__":
    main()
