from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import UsageError
from feedrec.formats.places.clients import Clients
from feedrec.formats.places.patience import Patience
from feedrec.formats.places.protection import Protection
from feedrec.formats.places.url_path import UrlPath, place_of
from tests.timing import HANG_TIMEOUT

if TYPE_CHECKING:
    from tests.object_server import Bucket

_FORKING = """
import os, sys
from feedrec.errors import UsageError
from feedrec.formats.places.opening import store_at
from feedrec.formats.places.url_path import place_of
store = store_at(place_of(sys.argv[1]))
store.write("x", b"x")
if os.fork():
    os.wait()
else:
    try:
        store.read("x", 0, 1)
    except UsageError as error:
        os.write(1, str(error).encode())
    os._exit(0)
"""


def test_a_process_that_was_forked_is_told_so_in_place_of_hanging(bucket: Bucket) -> None:
    """The threads of obstore are not in it."""
    command = [sys.executable, "-c", _FORKING, str(bucket.url)]
    ran = subprocess.run(command, capture_output=True, timeout=HANG_TIMEOUT, check=True, env=os.environ)
    assert b"no store can be used in a process that was forked after one was: begin it with spawn" in ran.stdout


def test_without_obstore_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    place = place_of("s3://bucket")
    assert isinstance(place, UrlPath)
    with pytest.raises(UsageError, match=r"s3://bucket: .* need obstore: pip install 'feedrec\[cloud\]'"):
        Clients(place, Protection(), Patience())


def test_a_request_may_take_as_long_as_what_it_carries_needs(bucket: Bucket) -> None:
    clients = Clients(bucket.url, Protection(), Patience(stall=30, slowest=64 << 10))
    timeouts = [client.client_options["timeout"] for client in (clients.writing(0), clients.writing(256 << 20))]
    assert timeouts == ["32s", "8192s"]
    reading = clients.reading("x")[0]
    assert (reading.client_options["timeout"], reading.retry_config["max_retries"]) == ("512s", 0)
    assert clients.in_parts(1).retry_config["max_retries"] > 0
