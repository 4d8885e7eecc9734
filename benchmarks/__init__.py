"""
Measure feedrec as ratios against a baseline that runs right before it on the same machine.

    python -m benchmarks [ROW ...]     `make bench` runs all rows; --quick runs them on fewer frames
"""
