"""
Print the peak memory of a command, in bytes: `python -m benchmarks.peak MODULE ARGUMENT...`.

This is a separate process because a child starts with the peak of its parent, which must therefore be small.
"""

from __future__ import annotations

import resource
import subprocess
import sys

if __name__ == "__main__":
    subprocess.run([sys.executable, "-m", *sys.argv[1:]], stdout=subprocess.DEVNULL, check=True)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
