"""`feedrec export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..command import DEMO, feedrec


def export(*arguments: object, code: int = 0) -> str:
    """Run it; give what it printed, or its error."""
    done = feedrec("export", *arguments)
    assert done.returncode == code, done.stderr.decode()
    return (done.stdout if code == 0 else done.stderr).decode()


@pytest.mark.parametrize("kind", ["pcapng", "har"])
def test_a_file_for_people_who_look_at_connections(tmp_path: Path, kind: str) -> None:
    target = tmp_path / f"x.{kind}"
    first, size = export(DEMO, "--to", kind, "-o", target).splitlines()
    assert first == f"wrote 1 connection and 1,550 frames to {target}"
    assert "MB" in size
    assert feedrec("export", DEMO, "--to", kind, "-o", "-").stdout == target.read_bytes()
    assert "already exists" in export(DEMO, "--to", kind, "-o", target, code=1)
    facts = json.loads(export(DEMO, "--to", kind, "-o", target, "--overwrite", "--json", "-c", "ticker"))
    assert 0 < facts["frames"] < 1_545


def test_json_and_stdout_exclude_each_other() -> None:
    assert "--json and -o - both write to stdout" in export(DEMO, "--to", "har", "-o", "-", "--json", code=2)
