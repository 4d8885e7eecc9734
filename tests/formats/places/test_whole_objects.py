"""Also of all else that is special about web servers: signatures, no ranges, no tags, nothing written."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from feedrec.errors import ObjectChangedError, ObjectMissingError, PlaceAwayError, PlaceError, UsageError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.places.object_store import ObjectStore
from feedrec.formats.places.opening import is_folder
from feedrec.formats.places.patience import Patience
from feedrec.formats.places.protection import Protection
from feedrec.formats.places.url_path import UrlPath, place_of
from feedrec.model import Frame, Header

_BRIEF = Patience(attempts=2, first_wait=0.001)
_SIGNED = "/a%20b/x.jsonl.zst?Signature=a%2Fb/c%3D&Expires=1"


class _Handler(http.server.BaseHTTPRequestHandler):
    """
    A web server.

    Attributes:
        content: What is at any address.
        headers_of: Sent with it.
        has_ranges: Whether it gives parts.
        cuts: How many answers are cut.
        asked: Method and path of each request, and its range.

    """

    content = bytes(range(200))
    headers_of: ClassVar[dict[str, str]] = {}
    has_ranges = True
    cuts = 0
    asked: ClassVar[list[tuple[str, str, str]]] = []

    def do_HEAD(self) -> None:
        self.asked.append(("HEAD", self.path, ""))
        self.send_error(403)  # as S3 answers where the signature is one for GET

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.asked.append(("GET", self.path, wanted))
        body, status, extra = self.content, 200, dict(self.headers_of)
        if self.has_ranges and wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else max(0, len(body) - int(last))
            end = min(len(body), int(last) + 1) if first and last else len(body)
            if start >= len(body):
                self.send_error(416)
                return
            extra["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
            body, status = body[start:end], 206
        self.send_response(status)
        for name, value in (extra | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if type(self).cuts and status == 200:
            type(self).cuts -= 1
            body = body[:-1]
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[tuple[UrlPath, type[_Handler]]]:
    """Run a web server; give its URL, and what it does."""

    class Own(_Handler):
        headers_of: ClassVar[dict[str, str]] = {}
        asked: ClassVar[list[tuple[str, str, str]]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    root = place_of(f"http://127.0.0.1:{server.server_port}")
    assert isinstance(root, UrlPath)
    yield root, Own
    server.shutdown()
    thread.join()
    server.server_close()


def _opened(root: UrlPath) -> ObjectStore:
    return ObjectStore(root, Protection(), _BRIEF)


def _key(root: UrlPath, rest: str = _SIGNED) -> str:
    place = place_of(f"{root}{rest}")
    assert isinstance(place, UrlPath)
    return place.key


@pytest.mark.parametrize("has_ranges", [True, False])
@pytest.mark.parametrize("tags", [{}, {"ETag": '"1"', "Last-Modified": "Fri, 27 Nov 2026 04:00:00 GMT"}])
def test_a_web_server_is_asked_for_what_the_url_says_whatever_it_can(
    web: tuple[UrlPath, type[_Handler]], *, has_ranges: bool, tags: dict[str, str]
) -> None:
    root, server = web
    server.has_ranges, server.headers_of = has_ranges, tags
    store, key = _opened(root), _key(root)
    content = server.content
    for _ in range(2):
        assert store.read(key, 10, 20).data == content[10:30]
        assert store.read(key, 150, 100).data == content[150:]
        assert store.read(key, 200, 1).data == b""
    found = store.find(key)
    assert found is not None
    assert found.size == 200
    assert {path for _, path, _ in server.asked} == {_SIGNED}
    assert {method for method, _, _ in server.asked} == {"GET"}


def test_what_is_read_whole_is_read_once_for_all_that_is_of_the_same_object(
    web: tuple[UrlPath, type[_Handler]],
) -> None:
    root, server = web
    server.has_ranges, server.headers_of = False, {"ETag": '"1"'}
    store, key = _opened(root), _key(root)
    seen = store.read(key, 0, 1).of
    asked = len(server.asked)
    assert b"".join(store.read(key, start, 10, seen).data for start in range(0, 200, 10)) == server.content
    assert len(server.asked) == asked
    server.content, server.headers_of = bytes(200), {"ETag": '"2"'}
    assert store.read(key, 0, 1, seen).data == _Handler.content[:1]
    assert store.read(key, 1, 1).data == bytes(1)
    with pytest.raises(ObjectChangedError):
        store.read(key, 0, 1, seen)


def test_an_answer_that_is_cut_is_asked_for_again_and_never_taken_for_all(
    web: tuple[UrlPath, type[_Handler]],
) -> None:
    root, server = web
    server.has_ranges = False
    store, key = _opened(root), _key(root)
    seen = store.find(key)
    server.cuts = 1
    assert store.read(key, 0, 200, seen).data == server.content
    server.cuts = 9
    with pytest.raises(PlaceAwayError, match=r"x\.jsonl\.zst\?…: the answer was cut"):
        _opened(root).read(key, 0, 200, seen)


def test_what_is_too_large_to_be_read_whole_is_refused_before_it_is(
    web: tuple[UrlPath, type[_Handler]], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, server = web
    server.has_ranges = False
    monkeypatch.setattr("feedrec.formats.places.whole_objects.LARGEST_WHOLE", 199)
    with pytest.raises(PlaceError, match="gives no parts of objects, and it has 200 bytes: fetch it first"):
        _opened(root).read(_key(root), 0, 1)


def test_no_signature_is_in_what_is_said(web: tuple[UrlPath, type[_Handler]]) -> None:
    root, _ = web
    nowhere = place_of(f"http://me:word@127.0.0.1:{root.root_url.rpartition(':')[2]}/{'x' * 300}?Signature=secret")
    assert isinstance(nowhere, UrlPath)
    store = ObjectStore(UrlPath("http:", nowhere.parts[1]), Protection(), _BRIEF)
    with pytest.raises(UsageError) as refused:
        store.create(nowhere.key, b"")
    assert "word" not in str(refused.value)
    away = _opened(UrlPath("http:", "me:word@127.0.0.1:1"))
    with pytest.raises(PlaceAwayError, match="refuses connections") as caught:
        away.read("x?Signature=secret", 0, 1)
    assert str(caught.value) == "http://…@127.0.0.1:1/x?…: its server refuses connections"


def test_a_web_server_is_neither_listed_nor_written_to(web: tuple[UrlPath, type[_Handler]], tmp_path: Path) -> None:
    root, server = web
    store = _opened(root)
    (tmp_path / "x").touch()
    for call in (
        lambda: store.create("x", b""),
        lambda: store.write("x", b""),
        lambda: store.write_in_parts("x", tmp_path / "x"),
        lambda: store.copy("x", "y"),
        lambda: list(store.list()),
        lambda: store.delete("x"),
    ):
        with pytest.raises(UsageError, match="a web server is only read from, object by object"):
            call()
    assert server.asked == []
    assert not is_folder(root / "a")


def test_a_recording_at_a_signed_url_is_read(web: tuple[UrlPath, type[_Handler]], tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    with create_recording(path, Header(endpoint="raw", url="wss://x", created=1)) as writer:
        writer.write(Frame(10**6, 0, b"{}"))
    root, server = web
    server.content = path.read_bytes()
    for server.has_ranges in (True, False):
        with open_recording(f"{root}{_SIGNED}") as there, open_recording(path) as here:
            assert list(there) == list(here)


def test_what_a_web_server_has_not_is_missing(web: tuple[UrlPath, type[_Handler]]) -> None:
    root, server = web
    server.do_GET = lambda self: self.send_error(404)  # type: ignore[method-assign]
    assert _opened(root).find("x") is None
    with pytest.raises(ObjectMissingError, match="x: no such object"):
        _opened(root).read("x", 0, 1)
