"""What is printed of a batch."""

from __future__ import annotations

import pytest

from feedrec.batch.running import Total
from feedrec.batch.task import OutputFile, Result, Status, Task
from feedrec.cli.batching.report import code_of, json_of, json_of_all, lines_of

KEPT = "  done before:  2 (not changed since)"


@pytest.mark.parametrize(
    ("total", "code", "lines"),
    [
        (Total(), 0, ["converted no recordings to out/ in 2.0 s"]),
        (Total(done=1, size=1_500_000), 0, ["converted 1 recording to out/ (1.5 MB) in 2.0 s"]),
        (Total(kept=2), 0, ["nothing to do: 2 recordings converted to out/ before, not changed since"]),
        (Total(done=1, kept=2), 0, ["converted 1 recording to out/ in 2.0 s", KEPT]),
        (
            Total(kept=2, kept_loss=1),
            3,
            [
                "nothing to do: 2 recordings converted to out/ before, not changed since",
                "  LOSS:         1 (something is damaged or missing in the recording)",
            ],
        ),
        (
            Total(done=2, loss=1, failed=1, kept=2, deaths=3),
            3,
            [
                "converted 3 recordings to out/ in 2.0 s",
                KEPT,
                "  died:         3 workers",
                "  LOSS:         1 (something is damaged or missing in the recording)",
                "  FAILED:       1 (the same command tries again)",
            ],
        ),
    ],
)
def test_a_person_is_told_what_came_of_all(total: Total, code: int, lines: list[str]) -> None:
    """And the exit code tells whether that is all, and nothing is lost, now or before."""
    assert lines_of(total, "convert", "out/", "recording", 2.0) == lines
    assert code_of(total) == code


def test_a_program_is_told_of_each_and_of_all() -> None:
    task = Task("a", "convert", "in/a.jsonl", "a.parquet")
    file = OutputFile("a.parquet", 5, "00")
    done = json_of(task, Result("a", Status.DONE, size=5, facts={"frames": 3}, files=(file,)))
    told = {"source": "in/a.jsonl", "output": "a.parquet"}
    assert done == {**told, "status": "done", "bytes": 5, "files": 1, "facts": {"frames": 3}}
    failed = json_of(task, Result("a", Status.FAILED, "no such object", deaths=3))
    assert failed == {
        **told,
        "status": "failed",
        "bytes": 0,
        "files": 0,
        "reason": "no such object",
        "deaths": 3,
        "facts": {},
    }
    signed = Task("a", "info", "https://example.com/x.jsonl?signature=secret")
    assert json_of(signed, Result("a", Status.DONE))["source"] == "https://example.com/x.jsonl?…"
    counts = {"done": 1, "loss": 0, "failed": 0, "kept": 2, "kept_loss": 0, "deaths": 0, "swept": 0, "bytes": 5}
    assert json_of_all(Total(done=1, kept=2, size=5)) == {"total": counts}
