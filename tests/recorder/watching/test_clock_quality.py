"""What `struct timex` says, in nanoseconds."""

from __future__ import annotations

import sys

import pytest

from feedrec.recorder.watching.clock_quality import ClockQuality, quality_of, read_clock_quality


@pytest.mark.parametrize(
    ("fields", "quality"),
    [
        ((0, 0x2001, 1500, 2000, 30), ClockQuality(True, 1500, 2_000_000, 30_000)),
        ((0, 0x0001, 1500, 2000, 30), ClockQuality(True, 1_500_000, 2_000_000, 30_000)),
        ((5, 0x2040, 0, 16_000_000, 16_000_000), ClockQuality(False, 0, 16_000_000_000, 16_000_000_000)),
        ((5, 0x2001, 0, 1, 1), ClockQuality(False, 0, 1000, 1000)),
        ((0, 0x2001, -7, 1, 1), ClockQuality(True, -7, 1000, 1000)),
        ((-1, 0, 0, 0, 0), None),
    ],
    ids=["nanoseconds", "microseconds", "unsynchronized", "error", "ahead", "forbidden"],
)
def test_the_fields_of_the_kernel(fields: tuple[int, int, int, int, int], quality: ClockQuality | None) -> None:
    assert quality_of(*fields) == quality


@pytest.mark.skipif(sys.platform != "linux", reason="the structure of Linux")
def test_linux_says_how_its_clock_is() -> None:
    """In any state; but the structure is read where it is, so that the error is one that the kernel could mean."""
    found = read_clock_quality()
    assert found is None or 0 <= found.estimated_error <= 16_000_000_000
