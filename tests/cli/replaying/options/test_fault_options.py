"""`--fault` and `--seed` of `feedrec replay`, as a process."""

from __future__ import annotations

import json

import pytest

from ....timing import HANG_TIMEOUT
from ...client import receive_all
from ...command import DEMO, background, feedrec, first_line

FAULTS = ("--fault", "drop=5%:level2", "--fault", "dup=2%")


def replayed(*arguments: str) -> tuple[str, str]:
    """Replay to one client; return what is printed and what is logged."""
    with background("replay", DEMO, "--port", 0, "--speed", "max", "--at-end", "exit", *arguments) as process:
        receive_all(first_line(process.stdout))
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == 0, err.decode()
    return out.decode(), err.decode()


def test_what_was_hit_is_told_as_json_and_is_the_same_again() -> None:
    out, err = replayed(*FAULTS, "--seed", "7", "--json")
    faults = json.loads(out)["faults"]
    assert "faults: drop=5%:level2, dup=2%; the same ones again with --seed 7" in err
    assert faults["seed"] == 7
    assert list(faults["counts"]) == ["drop=5%:level2", "dup=2%"]
    assert sum(faults["counts"].values()) == len(faults["hits"]) > 20
    first = faults["hits"][0]
    assert first["endpoint"] == "coinbase-advanced"
    assert first["time"].startswith("2026-11-21T17:02:00.")
    assert first["channel"]
    assert first["products"]
    assert first["position"] > 0
    assert json.loads(replayed(*FAULTS, "--seed", "7", "--json")[0])["faults"] == faults


def test_the_summary_counts_them() -> None:
    out, err = replayed("--fault", "drop=100%:ticker")
    assert "; faults of seed " in out
    assert out.rstrip().endswith(": drop=100%:ticker 197")
    assert "drop=100%:ticker hits coinbase-advanced ticker BTC-USD at 2026-11-21T17:02:00." in err


def test_a_replay_without_faults_has_none() -> None:
    out, _ = replayed("--json")
    assert json.loads(out)["faults"] is None


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            "drop=200%",
            "feedrec: error: 'drop=200%' is no fault: 200% is more than 100%; write it as drop=0.1% or drop=1%:level2",
        ),
        ("dropp=1%", "feedrec: error: unknown fault 'dropp'; did you mean 'drop'?"),
    ],
)
def test_a_bad_fault_gets_one_clear_line(fault: str, why: str) -> None:
    done = feedrec("replay", DEMO, "--port", "0", "--fault", fault)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [why]
