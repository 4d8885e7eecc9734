"""What compressed bodies say, within bounds."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.recorder.rest.decompression import CODINGS, decompressed, offered

LIMIT = 1 << 20


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=False).compress(body)


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", _raw_deflate),
    ("zstd", _zstd),
    ("identity", bytes),
    ("", bytes),
]


@given(st.binary(max_size=2000), st.lists(st.sampled_from(PACKERS), max_size=4))
def test_what_was_packed_is_unpacked_whatever_was_applied_in_turn(
    body: bytes, packers: list[tuple[str, Callable[[bytes], bytes]]]
) -> None:
    packed = body
    for _, pack in packers:
        packed = pack(packed)
    assert decompressed(packed, ", ".join(name for name, _ in packers).upper(), LIMIT) == body


@pytest.mark.parametrize(("coding", "pack"), PACKERS[:5])
def test_no_more_is_unpacked_than_is_allowed(coding: str, pack: Callable[[bytes], bytes]) -> None:
    """Bodies of a few kilobytes that say a hundred megabytes, and one that says just as much as it may."""
    assert decompressed(pack(bytes(100 << 20)), coding, LIMIT) is None
    assert decompressed(pack(bytes(LIMIT + 1)), coding, LIMIT) is None
    assert decompressed(pack(bytes(LIMIT)), coding, LIMIT) == bytes(LIMIT)
    assert decompressed(pack(pack(bytes(20 << 20))), f"{coding}, {coding}", LIMIT) is None


@pytest.mark.parametrize(("coding", "pack"), PACKERS[:5])
def test_what_is_cut_off_is_not_taken_for_all(coding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b'{"products":[1,2,3]}' * 100)
    assert all(decompressed(packed[:size], coding, LIMIT) is None for size in range(1, len(packed)))


def test_several_members_and_frames_are_one_body() -> None:
    assert decompressed(gzip.compress(b"a" * 9) + gzip.compress(b"b"), "gzip", LIMIT) == b"aaaaaaaaab"
    assert decompressed(_zstd(b"a" * 9) + _zstd(b"b"), "zstd", LIMIT) == b"aaaaaaaaab"


def test_the_limit_is_for_all_members_together() -> None:
    half = bytes(LIMIT // 2 + 1)
    assert decompressed(gzip.compress(half) + gzip.compress(half), "gzip", LIMIT) is None
    assert decompressed(_zstd(half) + _zstd(half), "zstd", LIMIT) is None


@given(st.binary(max_size=300), st.sampled_from([*CODINGS, "br", "gzip, br", "compress", "zstd,zstd,zstd,zstd,zstd"]))
def test_whatever_comes_nothing_is_raised(body: bytes, coding: str) -> None:
    said = decompressed(body, coding, LIMIT)
    assert said is None or len(said) <= LIMIT


def test_what_is_not_understood_is_not_unpacked() -> None:
    assert decompressed(b"abc", "br", LIMIT) is None
    assert decompressed(b"abc", ",".join(["gzip"] * 5), LIMIT) is None


@pytest.mark.parametrize(
    ("accepted", "kept"),
    [
        ("gzip, deflate, br, zstd", "gzip, deflate, zstd"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=0.8"),
        ("GZIP", "GZIP"),
        ("br", ""),
        ("", ""),
        ("identity", "identity"),
    ],
)
def test_only_codings_that_are_understood_are_offered(accepted: str, kept: str) -> None:
    """Not `*` either: it stands for all others, brotli among them."""
    assert offered(accepted) == kept
