"""The room as such: what is loaded when."""

from __future__ import annotations

import subprocess
import sys

from ..timing import HANG_TIMEOUT
from .feeds import DEMO


def loaded_by(code: str) -> set[str]:
    """Return the modules that a program has loaded at its end."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=HANG_TIMEOUT)
    return set(done.stdout.decode().split())


def test_importing_it_loads_nothing_until_something_is_used() -> None:
    loaded = loaded_by("import feedrec.testing")
    assert {name for name in loaded if name.startswith("feedrec")} == {"feedrec", "feedrec.lazy", "feedrec.testing"}
    assert {"feedrec.replay", "websockets"} <= loaded_by("from feedrec.testing import FeedReplay")


def test_the_command_line_does_not_load_it() -> None:
    help_text = "from feedrec.cli import main\ntry: main(['--help'])\nexcept SystemExit: print()"
    assert "feedrec.testing" not in loaded_by(help_text)


def test_a_replay_loads_no_feed_but_its_own() -> None:
    """And no format that it does not read."""
    code = f"from feedrec.testing import FeedReplay\nwith FeedReplay({str(DEMO)!r}): pass"
    loaded = loaded_by(code)
    assert "feedrec.feeds.coinbase_advanced" in loaded
    assert {"feedrec.feeds.coinbase_exchange", "feedrec.feeds.coinmarketcap", "pyarrow"} & loaded == set()
