"""`feedrec view`, as a process."""

from __future__ import annotations

import json
import signal
import urllib.request

import click
from click.testing import CliRunner

from feedrec.cli.commands.view import view

from ...timing import HANG_TIMEOUT
from ..command import DEMO, background, first_line, interrupt


def test_it_prints_where_the_page_is_and_serves_it_until_ctrl_c() -> None:
    with background("view", DEMO, "--no-open") as process:
        url = first_line(process.stdout)
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}api/info", timeout=HANG_TIMEOUT) as answer:
            assert json.load(answer)["files"] == ["demo.jsonl.zst"]
        assert interrupt(process, signal.SIGINT) == (0, b"", b"")


def test_without_a_screen_it_says_that_it_found_no_browser() -> None:
    before = "import os\nfor name in ('DISPLAY', 'WAYLAND_DISPLAY'): os.environ.pop(name, None)\nsys.platform = 'linux'"
    with background("view", DEMO, before=before) as process:
        first_line(process.stdout)
        assert first_line(process.stderr) == "no browser was found here: open that page yourself"
        assert interrupt(process)[0] == 0


def test_its_help_shows_it_in_use() -> None:
    text = CliRunner().invoke(view, ["--help"]).output
    assert "feedrec view FOLDER --port 8080 --no-open" in text
    assert isinstance(view, click.Command)
