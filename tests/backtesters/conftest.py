"""What is exported, for each of the backtesters that is installed."""

from __future__ import annotations

import importlib.util

import pytest

from .recordings import NAMES, Recorded, record

_MODULES = {"hftbacktest": "test_hftbacktest.py", "nautilus_trader": "test_nautilus.py"}

collect_ignore = [test for module, test in _MODULES.items() if importlib.util.find_spec(module) is None]


@pytest.fixture(scope="session", params=NAMES)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return record(request.param, tmp_path_factory.mktemp("recorded"))
