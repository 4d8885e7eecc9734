"""HTTP that a proxy passed on is served by a replay of its recording, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest

from feedrec.recorder import ProxyOptions, RecordingProxy

from ..cli.command import background, first_line
from ..recorder.rest.rest_server import answered, chunked, rest_server

LARGE = b'{"products":[' + b'{"id":"BTC-USD",  "x":1.50e0},' * 20_000 + b"{}]}"

ANSWERS = {
    "/products?type=spot&limit=2": (answered(b'[ {"id" : "BTC-USD", "min":0.10} ]', "CB-After: 7"), 200),
    "/large": (answered(gzip.compress(LARGE), "Content-Encoding: gzip"), 200),
    "/chunks": (chunked(b'{"a":', b"1}"), 200),
    "/lines": (answered(b'{"a":1}\n'), 200),
    "/text": (answered("plätze\r\n".encode(), kind="text/plain"), 200),
    "/bytes": (answered(bytes(range(256)), kind="application/octet-stream"), 200),
    "/empty": (answered(b""), 200),
    "/missing": (answered(b'{"message":"NotFound"}', status="404 Not Found"), 404),
}


@pytest.mark.parametrize("suffix", [".jsonl.zst", ".jsonl", ".parquet"])
def test_answers_come_back_byte_for_byte(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "x.jsonl.zst"

    async def ask_all(base: str) -> dict[str, tuple[int, str, str | None, bytes]]:
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=None) as client:
            found = {target: await client.get(target) for target in ANSWERS}
        return {
            target: (one.status_code, one.headers.get("content-type", ""), one.headers.get("cb-after"), one.content)
            for target, one in found.items()
        }

    async def record() -> dict[str, tuple[int, str, str | None, bytes]]:
        async with rest_server(lambda asked: ANSWERS[asked.target][0]) as server:
            to = f"ws{server.url.removeprefix('http')}"
            async with RecordingProxy(to, path, ProxyOptions()) as proxy:
                return await ask_all(proxy.rest_url)

    live = asyncio.run(record())
    assert live["/large"][3] == LARGE
    assert {target: one[0] for target, one in live.items()} == {target: one[1] for target, one in ANSWERS.items()}
    if suffix != ".jsonl.zst":
        with background("convert", path, "-o", path := tmp_path / f"y{suffix}") as converting:
            converting.wait()
    with background("replay", path, "--port", 0, "-q", "--at-end", "hold") as replay:
        url = first_line(replay.stdout)
        again = asyncio.run(ask_all(f"http{url.removeprefix('ws')}"))
    assert again == live
