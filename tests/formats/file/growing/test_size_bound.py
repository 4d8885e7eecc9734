"""A file with a bound takes the first lines that fit, index included, and not many fewer than could."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import find_feed, rule_of
from feedrec.formats import open_recording
from feedrec.formats.file.growing.growing_file import GrowingFile, begin_file
from feedrec.formats.file.growing.size_bound import BoundedFile
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.formats.line.index import Mark, mark_of
from feedrec.model import Frame, Header

from ...line.exchanges import exchange

FEED = find_feed("coinbase-advanced")
SUFFIXES = ("jsonl", "jsonl.gz", "jsonl.zst")


def lines_of(kind: str, count: int) -> list[tuple[bytes, Mark]]:
    """Make lines that compress well, badly, or now and then are long and of a new product."""
    source = random.Random(kind)
    lines = []
    for number in range(count):
        product = f"P{number}-USD" if kind == "products" else "BTC-USD"
        text = source.randbytes(400).hex() if kind == "random" else "x" * source.randrange(50)
        if kind == "products" and number % 40 == 5:
            text = "long" * 10_000
        payload = b'{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","product_id":"%b","a":"%b"}]}' % (
            number,
            product.encode(),
            text.encode(),
        )
        if kind == "requests" and number % 3 == 0:
            event = http_event(exchange(10**10 + number * 10**8, payload))
            lines.append((encode_event(event), mark_of(event)))
        frame = Frame(10**10 + number * 10**8, 0, payload)
        lines.append((encode_frame(frame), mark_of(frame, FEED.describe(payload))))
    return lines


def begun(path: Path) -> GrowingFile:
    return begin_file(path, Header(FEED.name), make_rule=rule_of(FEED))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["similar", "random", "products", "requests"])
@pytest.mark.parametrize("most", [3_000, 20_000])
def test_it_has_the_first_lines_and_not_many_fewer_than_fit(tmp_path: Path, suffix: str, kind: str, most: int) -> None:
    lines = lines_of(kind, {"random": 400, "products": 1500, "similar": 3000, "requests": 3000}[kind])
    path = tmp_path / f"a.{suffix}"
    finished: list[Path] = []
    file = BoundedFile(begun(path), most, finished.append)
    taken = 0
    for start in range(0, len(lines), 70):
        texts, marks = zip(*lines[start : start + 70], strict=True)
        taken += file.write_lines(texts, marks)
    assert 0 < taken < len(lines)
    assert file.write_lines([lines[0][0]], [lines[0][1]]) == 0
    assert file.finish() == path
    assert finished == [path]
    size = path.stat().st_size
    assert size == file.file_size <= most
    with open_recording(path) as recording:
        assert [line for batch in recording.batches() for line in batch] == [line for line, _ in lines[:taken]]
    following = len(lines[taken][0]) + 1
    could_take = following if suffix == "jsonl" else min(following, 1000) + (1200 if kind == "products" else 500)
    assert size + could_take > most


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_how_long_the_end_will_be_is_known_before(tmp_path: Path, suffix: str) -> None:
    file = begun(tmp_path / f"a.{suffix}")
    for count in (0, 1, 300):
        if count:
            file.add(lines_of("products", count))
        file.flush()
        before, end = file.size, file.end_size
    file.end()
    assert end is not None
    assert end - 16 <= file.size - before <= end
    file.target.remove()


@pytest.mark.parametrize(("suffix", "most", "said"), [("jsonl.zst", 200, "allow more"), ("parquet", 10**6, "Parquet")])
def test_what_cannot_be_bounded_is_refused_and_leaves_nothing(
    tmp_path: Path, suffix: str, most: int, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        BoundedFile(begun(tmp_path / f"a.{suffix}"), most, lambda _: None)
    assert list(tmp_path.iterdir()) == []
