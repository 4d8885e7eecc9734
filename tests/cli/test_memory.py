"""Memory goes back to the operating system, and what was there from the start holds nobody up."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from feedrec.cli.memory import long_lived

PROGRAM = """
import os
import sys
from pathlib import Path
from feedrec.cli.memory import return_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

if sys.argv[1] == "returned":
    return_large_blocks()
size = 24 << 20
del_first = bytes(size) + b"x"  # glibc keeps blocks of this size from now on
del del_first
before = resident()
large = bytearray(b"x") * size
small = bytearray(b"x") * 100_000  # above it on the heap
del large
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_large_block_is_returned_as_soon_as_it_is_freed() -> None:
    def left(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True)
        return int(done.stdout)

    assert left("returned") < 4 << 20


def test_what_is_there_from_the_start_is_collected_again_only_at_the_end() -> None:
    """A full collection of it would hold up the frames of all clients."""
    there: list[list[int]] = [[] for _ in range(1000)]
    with long_lived():
        assert gc.get_freeze_count() > len(there)
        assert not any(thing is there for thing in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert any(thing is there for thing in gc.get_objects())
