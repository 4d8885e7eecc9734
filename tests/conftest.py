"""What tests of several modules share."""

from __future__ import annotations

import collections
import gc
import io
import json
import logging
import os
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import zstandard
from _pytest.terminal import TerminalReporter

from .shared import SHARED

if TYPE_CHECKING:
    from .cloud.seaweed import Seaweed
    from .object_server import Bucket, ObjectServer

pytest_plugins = ["pytester"]  # for tests of the plug-in, which run suites

# How many examples a test draws that does not say so itself. A busy machine is no defect of the code: no deadline.
for _profile, _examples in {"feedrec": 30, "thorough": 100, "thin": 10}.items():
    hypothesis.settings.register_profile(_profile, deadline=None, max_examples=_examples)
hypothesis.settings.load_profile("feedrec")  # others with --hypothesis-profile, as the Makefile does


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--store", choices=("moto", "seaweedfs"), default="moto", help="what speaks S3 in the tests")


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # pytest-xdist would begin with the files that have the most tests
    if not hasattr(config, "workerinput"):  # of pytest-xdist, whose workers have no terminal
        config.pluginmanager.register(_FailuresAsTheyHappen(config))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let no search for garbage look through ten thousand tests: many ask for one, which took a quarter of a second."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


_LONGEST = [
    f"test_{name}.py"
    for name in (
        "docs",
        "large_messages",
        "dedupe",
        "endurance",
        "capture",
        "three_days",
        "kill",
        "secrets",
        "full_disk",
    )
]
"""Files that take longest, however few tests they have: a worker that got one last would be waited for."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, and go on with those that have the most tests."""
    tests = collections.Counter(item.path for item in items)
    ranks = {path: _LONGEST.index(path.name) if path.name in _LONGEST else len(_LONGEST) for path in tests}
    items.sort(key=lambda item: (ranks[item.path], -tests[item.path]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Have a worker save what it measured of coverage: it is killed if its end takes longer than ten seconds."""
    coverage = sys.modules.get("coverage")
    measuring = None if coverage is None else coverage.Coverage.current()
    if measuring is not None and hasattr(session.config, "workerinput"):
        measuring.save()


class _FailuresAsTheyHappen:
    """Names each test that fails at once: the report comes only at the end of a run of minutes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            terminal = self._config.pluginmanager.get_plugin("terminalreporter")
            assert isinstance(terminal, TerminalReporter)
            terminal.write_line("")
            terminal.write_line(f"FAILED {report.nodeid}", red=True)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Undo what a command that ran in this process has set: other tests look at what is logged."""
    logs = [logging.getLogger(), logging.getLogger("feedrec"), logging.getLogger("feedrec.replay")]
    before = [(log, log.level, list(log.handlers), log.propagate) for log in logs]
    yield
    logging.captureWarnings(capture=False)
    for log, level, handlers, propagate in before:
        log.setLevel(level)
        log.handlers[:] = handlers
        log.propagate = propagate


_MEMORY = Path("/dev/shm")


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """Give a folder in memory, where that can be had: for thousands of files that are each synchronized to the disk."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="feedrec-", dir=place) as folder:
        yield Path(folder)


_CAPTURE = SHARED / "samples" / "advanced_2026-08-09.frames.jsonl.zst"


@pytest.fixture(scope="session")
def capture_path() -> Path:
    """Give a real capture of Advanced Trade: one JSON object a line with `ts`, `dir` and `data`."""
    if not _CAPTURE.exists():
        pytest.skip(f"{_CAPTURE} is not there")
    return _CAPTURE


@pytest.fixture(scope="session")
def capture_frames(capture_path: Path) -> list[bytes]:
    """Give the frames that the venue sent in the real capture, in order."""
    with capture_path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        rows = [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]
    return [row["data"].encode() for row in rows if row["dir"] == "recv"]


@pytest.fixture(scope="session")
def object_server(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    """Run a store of objects on loopback, which speaks S3."""
    from .cloud.forwarding import forwarding_to  # noqa: PLC0415
    from .object_server import object_server  # noqa: PLC0415  loads moto, for the tests that need it

    app = None
    if request.config.getoption("store") == "seaweedfs":
        seaweed: Seaweed = request.getfixturevalue("seaweed")
        app = forwarding_to(seaweed.url)
    with object_server(app) as server:
        yield server


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """Run a real server of objects: `make test-cloud` has it."""
    from .cloud.seaweed import Seaweed  # noqa: PLC0415

    server = Seaweed(tmp_path_factory.mktemp("seaweed"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture
def bucket(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Give an empty bucket in it, which this process and those that it starts find at its URL."""
    from .object_server import new_bucket  # noqa: PLC0415

    return new_bucket(object_server, monkeypatch)
