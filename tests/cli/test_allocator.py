"""Memory goes back to the operating system, whatever the size of a message."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
import sys
from pathlib import Path
from feedrec.cli.allocator import return_large_blocks

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
