"""What a compressed body says, within bounds; pure."""

from __future__ import annotations

import zlib

import zstandard

__all__ = ["CODINGS", "decompressed", "offered"]

CODINGS = ("gzip", "deflate", "zstd")
"""The content codings that are understood here, as they are written in Accept-Encoding (RFC 9110, 8.4.1; RFC 8878)."""

_LARGEST_WINDOW = 8 << 20
"""Bytes of memory that a zstd frame may take to unpack as a content coding (RFC 9659, 3)."""

_MOST_CODINGS = 4
_AT_ONCE = 512  # bytes of zstd, which may say 22 MB
_GZIP = b"\x1f\x8b"
_WBITS_GZIP = 16 + zlib.MAX_WBITS


def decompressed(body: bytes, coding: str, limit: int) -> bytes | None:
    """
    Return what a body says that is compressed.

    Args:
        body: The body, as it was sent.
        coding: Its Content-Encoding: names of codings, in the order in which they were applied.
        limit: Bytes that it may have, unpacked.

    Returns:
        What it says; None if it has more than that, is damaged or cut off, or has a coding that is not understood.

    """
    names = [name for part in coding.split(",") if (name := part.strip().lower()) not in {"", "identity"}]
    if len(names) > _MOST_CODINGS:
        return None
    said: bytes | None = body
    for name in reversed(names):
        if said:
            said = _unpacked(said, name, limit)
    return said


def offered(accepted: str) -> str:
    """
    Return an Accept-Encoding without the codings that are not understood here; empty if nothing is left.

    Args:
        accepted: The value of the header, as a client sent it.

    """
    kept = [part.strip() for part in accepted.split(",") if _is_understood(part.partition(";")[0].strip().lower())]
    return ", ".join(kept)


def _is_understood(coding: str) -> bool:
    return coding in {*CODINGS, "x-gzip", "identity"}


def _unpacked(body: bytes, coding: str, limit: int) -> bytes | None:
    try:
        if coding in {"gzip", "x-gzip"}:
            return _gunzipped(body, limit)
        if coding == "deflate":
            return _inflated(body, limit)
        return _unpacked_zstd(body, limit) if coding == "zstd" else None
    except (zlib.error, zstandard.ZstdError):
        return None


def _gunzipped(body: bytes, limit: int) -> bytes | None:
    """Unpack all members of a gzip file; what stands behind them and is none is left out."""
    pieces, size = list[bytes](), 0
    while body.startswith(_GZIP) or not pieces:
        member = zlib.decompressobj(_WBITS_GZIP)
        pieces.append(member.decompress(body, limit + 1 - size))
        size += len(pieces[-1])
        if not member.eof or size > limit:
            return None
        body = member.unused_data
    return b"".join(pieces)


def _inflated(body: bytes, limit: int) -> bytes | None:
    """Unpack zlib, or bare deflate, which some servers send under that name."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        stream = zlib.decompressobj(wbits)
        try:
            said = stream.decompress(body, limit + 1)
        except zlib.error:
            continue
        return said if stream.eof and len(said) <= limit else None
    return None


def _unpacked_zstd(body: bytes, limit: int) -> bytes | None:
    """Unpack all zstd frames, a little at a time: three bytes may say 128 KiB, and nothing else bounds what comes."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    frame, pieces, size = decompressor.decompressobj(), list[bytes](), 0
    for start in range(0, len(body), _AT_ONCE):
        rest = body[start : start + _AT_ONCE]
        while rest:
            if frame.eof:
                frame = decompressor.decompressobj()
            pieces.append(frame.decompress(rest))
            size += len(pieces[-1])
            if size > limit:
                return None
            rest = frame.unused_data
    return b"".join(pieces) if frame.eof else None
