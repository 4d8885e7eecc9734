"""
What pytest loads in every run: options, a marker and fixtures.

Nothing else of feedrec is imported here, and nothing that pytest has not loaded: a suite pays only for what it uses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .feeds_of_test import Feed, FeedsOfTest

__all__ = [
    "feed",
    "feed_dir",
    "feed_replay",
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
]

_MODES = ("none", "once", "all")
_MARKER = (
    "feed(*recordings, to=None, endpoint=None, rest_to=None, **options): what the fixture `feed` replays; `to` is the "
    "endpoint or address from which --feed-record records it, `rest_to` that of its REST half if it is another, "
    "`options` are those of feedrec.testing.FeedReplay"
)
_BEGAN = "feedrec_began"
"""Under this key, the workers of pytest-xdist learn when the run began."""

_began: pytest.StashKey[int] = pytest.StashKey()
_feeds: pytest.StashKey[FeedsOfTest] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options."""
    _leave_feedrec_as_it_is(pluginmanager)
    group = parser.getgroup("feedrec", "recorded WebSocket feeds")
    group.addoption(
        "--feed-record",
        choices=_MODES,
        help="When to record through a connection to the live endpoint: `none` for never (default), `once` where a "
        "recording is missing, `all` for each anew.",
    )
    group.addoption(
        "--feed-max-age",
        metavar="TIME",
        help="Warn of recordings that are older than this, e.g. 30d.",
    )
    group.addoption(
        "--feed-block-network",
        action="store_true",
        default=None,
        help="Refuse connections to other machines in tests that use a feed.",
    )
    parser.addini("feed_dir", "folder of recordings (default: that of the test file)")
    parser.addini("feed_record", "the default of --feed-record", default="none")
    parser.addini("feed_max_age", "the default of --feed-max-age")
    parser.addini("feed_block_network", "the default of --feed-block-network", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the options, and take the time: what was recorded since then is of this run."""
    config.addinivalue_line("markers", _MARKER)
    if config.getini("feed_record") not in _MODES:
        raise pytest.UsageError(f"feed_record is one of {', '.join(_MODES)}, not {config.getini('feed_record')!r}")
    if age := _chosen(config, "feed_max_age"):
        from ...errors import UsageError
        from .record_modes import parse_age

        try:
            parse_age(age)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
    config.stash[_began] = getattr(config, "workerinput", {}).get(_BEGAN) or time.time_ns()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist when the run began."""
    node.workerinput[_BEGAN] = node.config.stash[_began]


@pytest.fixture
def feed_dir(request: pytest.FixtureRequest) -> Path:
    """Give the folder of the recordings: the option `feed_dir`, else that of the test file; override it as you like."""
    chosen: str | None = request.config.getini("feed_dir")
    if not chosen:
        return request.path.parent
    base = request.config.inipath
    from ...formats.places.url_path import UrlPath, place_of

    folder = place_of(chosen)
    return (
        folder if isinstance(folder, UrlPath) else (request.config.rootpath if base is None else base.parent) / folder
    )


@pytest.fixture
def feed_replay(request: pytest.FixtureRequest, feed_dir: Path | str) -> Iterator[Callable[..., Feed]]:
    """
    Give a function that replays recordings until the end of the test: `feed_replay("btc.jsonl.zst", speed="max")`.

    Its arguments are those of feedrec.testing.FeedReplay, which it returns, started; recordings are looked for in
    `feed_dir`. With `to=`, an endpoint or an address, a recording can be made (--feed-record).
    """
    from ...formats.places.url_path import place_of  # nothing of feedrec is loaded before
    from .feeds_of_test import FeedsOfTest, Settings, servers_of

    config = request.config
    mode, age, blocks = (_chosen(config, f"feed_{name}") for name in ("record", "max_age", "block_network"))
    settings = Settings.of(mode, age, config.stash[_began], blocks_network=blocks)
    with FeedsOfTest(place_of(feed_dir), settings, servers_of(config)) as feeds:
        request.node.stash[_feeds] = feeds
        yield feeds.start
        del request.node.stash[_feeds]  # with all messages: pytest keeps its tests to the end


@pytest.fixture
def feed(request: pytest.FixtureRequest, feed_replay: Callable[..., Feed]) -> Feed:
    """Give the replay of what the marker of the test names: `@pytest.mark.feed("btc.jsonl.zst", speed="max")`."""
    from .feeds_of_test import start_marked

    return start_marked(request.node, feed_replay)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test, when it has passed so far, with what its feeds know to be wrong."""
    feeds = item.stash.get(_feeds, None)
    if feeds is not None:
        feeds.check()


@pytest.hookimpl(hookwrapper=True)  # the old form, which each version has
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show in the report of a failure what the feeds of the test have sent and heard."""
    outcome: Any = yield
    feeds = item.stash.get(_feeds, None)
    if feeds is not None:
        feeds.take_report(outcome.get_result())


def _chosen(config: pytest.Config, name: str) -> Any:
    """Return an option as it was given, else as the configuration file has it."""
    given = config.getoption(name)
    return config.getini(name) if given is None else given


def _leave_feedrec_as_it_is(pluginmanager: pytest.PytestPluginManager) -> None:
    """
    Keep pytest from compiling all of feedrec anew, as it does with what comes in one package with a plug-in.

    That is for assertions in plug-ins. Here it would cost half a second in each environment that is new, as those of
    CI are. There is no official way to decline.
    """
    hook = getattr(pluginmanager, "rewrite_hook", None)
    marked, cache = getattr(hook, "_must_rewrite", None), getattr(hook, "_marked_for_rewrite_cache", None)
    if isinstance(marked, set) and isinstance(cache, dict):
        marked.discard("feedrec")
        cache.clear()
