"""A connection takes the place of another one soon, in tests."""

from __future__ import annotations

import pytest

from feedrec.recorder.session.handover import replacing, rules

from ...timing import MS


@pytest.fixture(autouse=True)
def quick_handover(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what a handover waits for."""
    monkeypatch.setattr(rules, "OVERLAP", 50 * MS)
    monkeypatch.setattr(rules, "UNTOLD_AFTER", 50 * MS)
    monkeypatch.setattr(rules, "PATIENCE", 300 * MS)
    monkeypatch.setattr(replacing, "LOOK_EVERY", 0.01)
