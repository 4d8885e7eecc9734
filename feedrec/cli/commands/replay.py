"""`feedrec replay`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..child_process import CommandWithChild, check_command, choose_free_port
from ..logs import log_format_option
from ..options import RECORDING_FILE, as_json, logging_options
from ..replaying.dialogue import dialogue_options, tell_failure
from ..replaying.options.clock_options import clock_options
from ..replaying.options.fault_options import fault_options
from ..replaying.options.play_options import play_options
from ..replaying.options.server_options import server_options
from ..replaying.options.timing_options import allowed_lateness, timing_options
from ..replaying.options.venue_options import read_keys, venue_options
from ..replaying.recordings import chosen_recordings, chosen_window
from ..replaying.report import code_of, report, tell_of_client
from ..replaying.serving import serve, serve_command
from ..replaying.tls import ChosenTls, choose_tls, tls_options

if TYPE_CHECKING:
    from ...replay import ClientResult, ReplayOptions, ReplayServer


@click.command(
    cls=CommandWithChild,
    groups={
        "What is played, and when": "speed from to loop with-outages max-gap restamp clock start-after settle wait-for "
        "at-end max-lateness",
        "How the venue behaves": "mode set auth auth-key strict",
        "What goes wrong on purpose": "fault seed",
        "In a dialogue": "match match-timeout",
        "The server": "host port ui allow-host max-clients control-token write-deadline deflate no-cache",
        "TLS": "tls tls-name tls-folder tls-cert tls-key",
    },
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING_FILE)
@play_options
@timing_options
@clock_options
@server_options
@venue_options
@fault_options
@dialogue_options
@tls_options
@as_json
@logging_options
@log_format_option
def replay(
    files: tuple[Path, ...],
    command: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """
    Serve a recording from a local WebSocket server that behaves like the venue, at any speed.

    \b
      feedrec replay FILE                    on ws://127.0.0.1:8765, in real time
      feedrec replay FILE --speed 10
      feedrec replay FILE --speed max --at-end exit
      feedrec replay FILE -- pytest -q       with the URL in FEEDREC_URL
      feedrec replay FILE --tls              on wss://127.0.0.1:8765
      feedrec replay FILE --ui               with a page in the browser

    The first line on stdout is the URL. Clients subscribe as they would at the venue, and receive snapshots, acks and
    updates in the venue's order, with sequence numbers of their own. A late client first receives the market
    state. Requests over HTTP are answered, too; those for /_feedrec/ steer the replay (docs/replay.md). With --mode
    verbatim, every client receives every frame unchanged.

    Several FILEs, or a folder of recordings, are merged by time. Recordings of different endpoints are served side by
    side; each endpoint has its own path, and its own URL on stdout.

    In a terminal, space pauses, arrows go elsewhere, . steps, + and - change the speed, and h shows all keys.

    With --mode dialogue, the first client plays the first recorded connection, the next one the next: frames go out
    when it has said what was said then, and HTTP requests are answered as they were. All else makes the exit code 1.

    With COMMAND, the server runs on a free port until the command ends; stdout and the exit code are the command's, but
    never 0 if a replay failed. With --tls, COMMAND trusts the certificate; other clients need the lines after the URL.
    """
    import asyncio

    strict, ui = options["strict"], options.pop("ui")
    most_late = allowed_lateness(options.pop("max_lateness"), options["speed"])
    if command:
        _prepare(command, options, as_json=as_json)
    recordings, *span = chosen_recordings(files, options["start"], options["end"])
    tls = choose_tls(options)
    options |= dict(zip(("start", "end"), span, strict=True))
    server = _server_of(recordings, _replay_options(recordings[0], tls, options))
    code = asyncio.run(serve_command(server, command, tls, ui=ui) if command else serve(server, tls, ui=ui))
    report(server, as_json=as_json, to_log=bool(command))
    return code or code_of(server, strict=strict, most_late=most_late)


def _replay_options(first: Path, tls: ChosenTls, options: dict[str, Any]) -> ReplayOptions:
    """Return what was chosen by the options of the command; offsets count from the beginning of the first recording."""
    from ...replay import ReplayOptions

    chosen = chosen_window(first, options.pop("start"), options.pop("end"))
    chosen |= {"auth_keys": read_keys(options["auth"], options.pop("key_files")), "cache": not options.pop("no_cache")}
    return ReplayOptions(settings=dict(options.pop("settings")), tls=tls.files, **chosen, **options)


def _server_of(recordings: Sequence[Path], options: ReplayOptions) -> ReplayServer:
    """Return the server, which tells of its clients on stderr."""
    from ...replay import ReplayServer

    def tell(result: ClientResult) -> None:
        tell_of_client(server.client_log, result)

    server = ReplayServer(recordings, options, on_client_end=tell, on_request_failed=tell_failure)
    return server


def _prepare(command: Sequence[str], options: dict[str, Any], *, as_json: bool) -> None:
    """Check that a command can run, and choose a free port unless one was given."""
    ctx = click.get_current_context()
    if as_json:
        raise click.UsageError("--json and COMMAND both write to stdout: use only one of them", ctx)
    check_command(command)
    choose_free_port(options)
