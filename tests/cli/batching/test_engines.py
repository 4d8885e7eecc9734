"""Where a batch is done."""

from __future__ import annotations

import logging
import os
import sys
from types import ModuleType

import pytest

from feedrec.batch.processes import ProcessEngine
from feedrec.cli.batching.engines import cpus, engine_of
from feedrec.errors import UsageError

ADDRESS = "tcp://127.0.0.1:1"


def nothing() -> None:
    """Do nothing while tasks are done."""


def test_processes_of_this_machine_do_it_if_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of Dask is needed for that."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with engine_of(None, None, nothing) as engine:
        assert isinstance(engine, ProcessEngine)
    assert 1 <= cpus() <= (os.cpu_count() or 1)


def test_a_cluster_has_its_own_workers() -> None:
    with pytest.raises(UsageError, match="leave one of them out"), engine_of(2, ADDRESS, nothing):
        pass


def test_without_dask_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"feedrec\[dask\]"), engine_of(None, ADDRESS, nothing):
        pass


def test_what_dask_logs_goes_where_all_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own handler would write over the line that says how far it has come."""
    logger = logging.getLogger("distributed")
    monkeypatch.setattr(logger, "handlers", [logging.StreamHandler()])
    monkeypatch.setattr(logger, "propagate", False)

    def refuse(*_: object, **__: object) -> None:
        raise OSError("nobody is there")

    module = ModuleType("distributed")
    vars(module)["Client"] = refuse
    monkeypatch.setitem(sys.modules, "distributed", module)
    with pytest.raises(Exception, match="nobody is there"), engine_of(None, ADDRESS, nothing):
        pass
    assert (logger.handlers, logger.propagate) == ([], True)
