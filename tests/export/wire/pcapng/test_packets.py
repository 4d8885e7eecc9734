"""Checksums are right whatever a packet holds, as another reader finds."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.export.wire.pcapng.addresses import Host
from feedrec.export.wire.pcapng.capture_file import beginning, packet_block
from feedrec.export.wire.pcapng.packets import ACK, LARGEST, Route

from .packet_reader import read_capture

numbers = st.integers(0, 2**32 - 1)
ports = st.integers(1, 65_535)
families = st.sampled_from([4, 16]).flatmap(
    lambda size: st.tuples(st.binary(min_size=size, max_size=size), st.binary(min_size=size, max_size=size))
)


@given(families, ports, ports, numbers, numbers, st.integers(0, 63), st.binary(max_size=99))
@example((bytes(4), bytes(4)), 1, 1, 0, 0, 0, b"")
@example((b"\xff" * 16, b"\xff" * 16), 65_535, 65_535, 2**32 - 1, 2**32 - 1, 63, b"\xff" * 99)
@example((bytes(4), bytes(4)), 1, 1, 0, 0, ACK, bytes(LARGEST))
def test_a_packet_is_read_as_it_was_made(
    addresses: tuple[bytes, bytes], first: int, second: int, sequence: int, acknowledged: int, flags: int, data: bytes
) -> None:
    source, target = Host(addresses[0], first), Host(addresses[1], second)
    packet = Route(source, target, is_by_client=True).packet(sequence, acknowledged, flags, data)
    (read,) = read_capture(beginning("feedrec", "") + packet_block(7, packet)).packets
    assert (read.source, read.target) == (source, target)
    assert (read.sequence, read.acknowledged, read.flags, read.data) == (sequence, acknowledged, flags, data)


@given(st.integers(0, 40_000))
def test_a_checksum_that_would_be_zero_is_zero(word: int) -> None:
    """A sum of 0xFFFF is what two words make that complement each other."""
    data = word.to_bytes(2, "big") + (0xFFFF - word).to_bytes(2, "big")
    host = Host(bytes(4), 1)
    packet = Route(host, host, is_by_client=True).packet(0, 0, 0, data)
    read_capture(beginning("feedrec", "") + packet_block(0, packet))
