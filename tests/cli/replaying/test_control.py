"""How programs steer a replay of the command line."""

from __future__ import annotations

import json
import re
import sys

from ...replay.control.test_control import ask_now
from ..command import DEMO, background, feedrec, first_line

STEERS = """
import json, os, urllib.request
def ask(method, name):
    headers = {"Authorization": "Bearer " + os.environ.get("FEEDREC_CONTROL_TOKEN", "")}
    request = urllib.request.Request(os.environ["FEEDREC_CONTROL_URL"] + "/" + name, method=method, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
print(json.dumps([ask("POST", "pause"), ask("GET", "status"), os.environ["FEEDREC_URL"]]))
"""


def test_a_command_finds_where_it_steers_its_replay() -> None:
    done = feedrec("replay", DEMO, "--", sys.executable, "-c", STEERS)
    assert done.returncode == 0, done.stderr.decode()
    paused, status, url = json.loads(done.stdout)
    assert (paused["state"], status["endpoints"]) == ("paused", ["coinbase-advanced"])
    assert url.startswith("ws://127.0.0.1:")
    assert b"token" not in done.stderr


def test_beyond_this_machine_a_token_is_made_and_the_command_has_it() -> None:
    """It is printed once, on stderr, also for those who want little to be told."""
    done = feedrec("replay", DEMO, "--host", "0.0.0.0", "-q", "--", sys.executable, "-c", STEERS)
    assert done.returncode == 0, done.stderr.decode()
    assert len(re.findall(rb"steering needs the token [\w-]{32} \(--control-token sets another\)", done.stderr)) == 1


def test_a_token_can_be_given_and_is_not_printed() -> None:
    token = "a-token-of-some-length"
    with background("replay", DEMO, "--port", 0, env={"FEEDREC_REPLAY_CONTROL_TOKEN": token}) as process:
        port = int(first_line(process.stdout).rpartition(":")[2])
        assert ask_now(port, "GET", "/_feedrec/status", {})[0] == 401
        assert ask_now(port, "GET", "/_feedrec/status", {"Authorization": f"Bearer {token}"})[0] == 200
        process.terminate()
        _, told = process.communicate()
    assert token.encode() not in told


def test_a_token_that_is_easily_guessed_is_a_usage_error() -> None:
    done = feedrec("replay", DEMO, "--control-token", "secret")
    assert done.returncode == 2
    assert b"a control token has 16 to 200 characters" in done.stderr
    assert b"secret" not in done.stderr


def test_ui_says_where_the_page_is_if_there_is_no_browser() -> None:
    before = "import os\nfor name in ('DISPLAY', 'WAYLAND_DISPLAY'): os.environ.pop(name, None)\nsys.platform = 'linux'"
    with background("replay", DEMO, "--port", "0", "--ui", before=before) as process:
        url = first_line(process.stdout)
        while "no browser" not in (line := first_line(process.stderr)):
            pass
        assert line.endswith(f"no browser was found here: open http{url.removeprefix('ws')}/_feedrec/")


def test_ui_opens_the_page_with_the_token() -> None:
    before = "import webbrowser, feedrec.cli.browser as browser\nbrowser.has_display = lambda: True\n"
    before += "webbrowser.open = lambda url: print(url, flush=True) or True"
    with background("replay", DEMO, "--port", "0", "--ui", "--control-token", "x" * 20, before=before) as process:
        url = first_line(process.stdout)
        assert first_line(process.stdout) == f"http{url.removeprefix('ws')}/_feedrec/?token={'x' * 20}"
