"""Do a batch: `python -m benchmarks.files.batch_run KIND OPTIONS SOURCE TARGET WORKERS`; prints the seconds it took."""

from __future__ import annotations

import json
import sys
import time

from feedrec.batch.planning import plan_batch
from feedrec.batch.processes import ProcessEngine
from feedrec.batch.running import run_batch


def main() -> None:
    """Do it."""
    kind, options, source, target, workers = sys.argv[1:]
    begun = time.perf_counter()
    total = run_batch(plan_batch(kind, [source], target, json.loads(options)), ProcessEngine(int(workers)))
    assert total.is_good, total.results
    print(json.dumps({"seconds": time.perf_counter() - begun, "done": total.done, "kept": total.kept}))


if __name__ == "__main__":
    main()
