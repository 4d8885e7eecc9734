"""The same for the process that knows the states: see `fake_process`."""

from __future__ import annotations

import sys

from .fake_process import main

if __name__ == "__main__":
    sys.argv.insert(1, "states")
    main()
