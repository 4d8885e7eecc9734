"""`feedrec replay`."""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import UsageError
from .. import output
from ..child_process import CommandWithChild, address_variables, check_command, choose_free_port, run_command
from ..logs import log_format_option
from ..memory import long_lived
from ..options import (
    DURATION,
    RECORDING_FILE,
    SETTING,
    SPEED,
    allow_host_option,
    as_json,
    host_option,
    logging_options,
    max_clients_option,
    port_option,
    time_options,
)
from ..recording.options.credential_options import read_key_text
from ..replaying.dialogue import dialogue_options, tell_failure
from ..replaying.tls import ChosenTls, choose_tls, tls_options
from ..terminal import echo, echo_json, echo_prose

if TYPE_CHECKING:
    from ...admission.log_limit import Log
    from ...feeds.auth import AuthKey
    from ...replay import ClientResult, LatenessSummary, ReplayOptions, ReplayServer, ReplayTotal
    from ...times import Moment

log = logging.getLogger("feedrec")


@click.command(
    cls=CommandWithChild,
    groups={
        "What is played, and when": "speed from to loop clock start-after settle at-end",
        "How the venue behaves": "mode set auth auth-key strict",
        "In a dialogue": "match match-timeout",
        "The server": "host port allow-host max-clients write-deadline deflate no-cache",
        "TLS": "tls tls-name tls-folder tls-cert tls-key",
    },
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING_FILE)
@click.option("--speed", type=SPEED, default="1", show_default=True, help="A factor such as 10 or 0.5, or max.")
@host_option
@port_option(8765)
@allow_host_option("read the replay")
@max_clients_option(None, "  [default: 1000, or fewer if few files may be open]")
@click.option(
    "--clock",
    type=click.Choice(["each", "shared"]),
    help="each: every client has its own timeline, from the start. shared: one timeline for all; clients join at its "
    "current time.  [default: each; with several endpoints, shared]",
)
@click.option(
    "--at-end",
    type=click.Choice(["close", "hold", "exit"]),
    default="close",
    show_default=True,
    help="After the last frame: close the connection (code 1000); hold it open, where time and heartbeats go on; or "
    "close it and exit.",
)
@click.option(
    "--write-deadline",
    type=DURATION,
    default="30s",
    show_default=True,
    help="Drop a client that has not read anything for this long.",
)
@click.option(
    "--mode",
    type=click.Choice(["venue", "verbatim", "dialogue"]),
    help="venue: answer like the venue. verbatim: send every frame to every client. dialogue: send what was recorded "
    "when the client has said what it said then; anything else fails.  [default: venue, if it is known, else verbatim]",
)
@click.option(
    "--start-after",
    metavar="CHANNEL[:PRODUCT,...]",
    multiple=True,
    help="Start a client's replay as soon as it has subscribed this. Repeatable.  [default: all that is recorded]",
)
@click.option(
    "--settle",
    type=DURATION,
    default="100ms",
    show_default=True,
    help="Otherwise, start a client's replay once it has sent no further subscribe for this long.",
)
@time_options
@click.option("--loop", is_flag=True, help="Start over at the end, forever.")
@click.option(
    "--set",
    "settings",
    type=SETTING,
    multiple=True,
    help="Set a detail that the venue does not document, or a limit, e.g. close_after=30s; `feedrec feeds ENDPOINT` "
    "lists them (docs/replay.md). Repeatable.",
)
@click.option(
    "--auth",
    type=click.Choice(["any", "none", "strict"]),
    default="any",
    show_default=True,
    help="Where the venue requires credentials: accept any, require none, or check them against --auth-key.",
)
@click.option(
    "--auth-key",
    "key_files",
    metavar="FILE",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --auth strict: a PEM key, public or private, or a CDP or Exchange key file. Repeatable.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 1 if a client was refused, or asked for data not recorded; guess nothing that is asked over HTTP.",
)
@click.option("--deflate", is_flag=True, help="Compress messages to clients that offer permessage-deflate.")
@click.option(
    "--no-cache",
    is_flag=True,
    help="Neither keep books that took long to rebuild in the user's cache folder, nor use those that are there.",
)
@dialogue_options
@tls_options
@as_json
@logging_options
@log_format_option
def replay(
    files: tuple[Path, ...],
    command: tuple[str, ...],
    as_json: bool,
    strict: bool,
    start: Moment | None,
    end: Moment | None,
    settings: tuple[tuple[str, str], ...],
    key_files: tuple[Path, ...],
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

    The first line on stdout is the URL. Clients subscribe as they would at the venue, and receive snapshots, acks and
    updates in the venue's order, with sequence numbers of their own. A late client first receives the market
    state. Requests over HTTP are answered, too. With --mode verbatim, every client receives every frame unchanged.

    Several FILEs, or a folder of recordings, are merged by time. Recordings of different endpoints are served side by
    side; each endpoint has its own path, and its own URL on stdout.

    With --mode dialogue, the first client plays the first recorded connection, the next one the next: frames go out
    when it has said what was said then, and HTTP requests are answered as they were. All else makes the exit code 1.

    With COMMAND, the server runs on a free port until the command ends; stdout and the exit code are the command's, but
    never 0 if a replay failed. With --tls, COMMAND trusts the certificate; other clients need the lines after the URL.
    """
    import asyncio

    from ...replay import ReplayOptions

    if command:
        _prepare(command, options, as_json=as_json)
    recordings = _recordings(files)
    options |= _window(recordings[0], start, end)
    options |= {"auth_keys": _read_keys(options["auth"], key_files), "cache": not options.pop("no_cache")}
    tls = choose_tls(options)
    choices = ReplayOptions(settings=dict(settings), tls=tls.files, strict=strict, **options)
    server = _server_of(recordings, choices)
    code = asyncio.run(_serve_command(server, command, tls) if command else _serve(server, tls))
    _report(server, as_json=as_json, to_log=bool(command))
    return code or _code_of(server, strict=strict)


def _server_of(recordings: Sequence[Path], options: ReplayOptions) -> ReplayServer:
    """Return the server, which tells of its clients on stderr."""
    from ...replay import ReplayServer

    def tell(result: ClientResult) -> None:
        _tell(server.client_log, result)

    server = ReplayServer(recordings, options, on_client_end=tell, on_request_failed=tell_failure)
    return server


def _report(server: ReplayServer, *, as_json: bool, to_log: bool) -> None:
    """Report the totals on stdout, or in the log if stdout belongs to a command."""
    if to_log:
        log.info("%s", _in_words(server.total))
    else:
        echo_json(_facts(server)) if as_json else echo_prose(_in_words(server.total))


def _prepare(command: Sequence[str], options: dict[str, Any], *, as_json: bool) -> None:
    """Check that a command can run, and choose a free port unless one was given."""
    ctx = click.get_current_context()
    if as_json:
        raise click.UsageError("--json and COMMAND both write to stdout: use only one of them", ctx)
    check_command(command)
    choose_free_port(options)


def _window(file: Path, start: Moment | None, end: Moment | None) -> dict[str, Any]:
    """Return the start and end times; offsets count from the beginning of the first recording."""
    from ...formats import open_recording

    moments = {name: moment for name, moment in (("start", start), ("end", end)) if moment is not None}
    if not moments:
        return {}
    with open_recording(file) as recording:
        return {name: moment.within(recording.header.created, is_end=name == "end") for name, moment in moments.items()}


def _recordings(paths: Sequence[Path]) -> list[Path]:
    """Return the recordings, including those in folders; refuse one that is given twice."""
    from ...formats import open_recording
    from ...formats.file.opening import under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import inspect_recording, refuse_doubles

    for path in paths[1:]:
        if not os.path.lexists(path) and shutil.which(path):
            raise UsageError(f"{path}: no such file; if it is the command to run, write -- before it")
    files = find_recordings(paths)
    if len(files) > 1:
        refuse_doubles([inspect_recording(partial(under_current_name, file, open_recording)) for file in files])
    return files


def _read_keys(mode: str, files: Sequence[Path]) -> tuple[AuthKey, ...]:
    """Read the keys to check credentials against."""
    from ...feeds.auth import parse_auth_key

    if mode == "strict" and not files:
        raise UsageError("--auth strict needs --auth-key FILE: the key to check credentials against")
    keys = []
    for file in files:
        text = read_key_text(file, is_secret=False, what="key")
        try:
            keys.append(parse_auth_key(text))
        except UsageError as error:
            raise UsageError(f"{file}: {error}") from None
    return tuple(keys)


async def _serve(server: ReplayServer, tls: ChosenTls) -> int:
    """Serve until Ctrl-C, SIGTERM, or the end of the replay."""
    import asyncio

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with server:
        echo(*server.urls.values(), *tls.lines)
        waiting = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(server.wait_finished())}
        with long_lived():
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
    return 0


async def _serve_command(server: ReplayServer, command: Sequence[str], tls: ChosenTls) -> int:
    """Serve until a command ends; return its exit code."""
    async with server:
        with long_lived():
            return await run_command(command, {**address_variables(server.url), **tls.variables})


def _code_of(server: ReplayServer, *, strict: bool) -> int:
    """Return the exit code of a replay by itself; if it is not 0, say why."""
    if server.failures:
        log.error("a dialogue was not as recorded: exit code 1")
    elif server.has_failed or "recording damaged" in server.total.outcomes:
        log.error("the replay failed: exit code 1")
    elif strict and server.has_lacked:
        log.error("a client was refused, or asked for data not recorded: exit code 1")
    else:
        return 0
    return 1


def _tell(client_log: Log, result: ClientResult) -> None:
    if result.failure is not None:
        tell_failure(result.failure)
    facts = [output.count(result.frames, "frame"), output.size(result.size), output.duration(result.seconds)]
    facts += _pace(result)
    client_log.log(logging.INFO, "client %d (%s): %s", result.client, result.outcome, ", ".join(facts))


def _pace(result: ClientResult | ReplayTotal) -> list[str]:
    facts = []
    speed = result.achieved_speed
    if speed is not None:
        facts.append(f"speed {speed:,.0f}" if speed >= 1000 else f"speed {speed:.4g}")
    if result.lateness is not None:
        facts.append(_lateness(result.lateness))
    return facts


def _lateness(lateness: LatenessSummary) -> str:
    figures = ", ".join(f"{name} {value / 1e6:.2f} ms" for name, value in _quantiles(lateness).items())
    return f"lateness {figures}"


def _quantiles(lateness: LatenessSummary) -> dict[str, int]:
    return {"p50": lateness.p50, "p99": lateness.p99, "max": lateness.max}


def _in_words(total: ReplayTotal) -> str:
    if not total.clients:
        return "replayed to no client"
    facts = [output.count(total.frames, "frame"), output.size(total.size), *_pace(total)]
    outcomes = ", ".join(f"{number} {outcome}" for outcome, number in total.outcomes.items())
    return f"replayed to {output.count(total.clients, 'client')} ({outcomes}): {', '.join(facts)}"


def _facts(server: ReplayServer) -> dict[str, Any]:
    from msgspec.structs import asdict

    endpoints = {name: _as_dict(total) for name, total in server.totals.items()}
    return {**_as_dict(server.total), "endpoints": endpoints, "failures": list(map(asdict, server.failures))}


def _as_dict(total: ReplayTotal) -> dict[str, Any]:
    speed, lateness = total.achieved_speed, total.lateness
    return {
        "clients": total.clients,
        "outcomes": total.outcomes,
        "frames": total.frames,
        "bytes": total.size,
        "speed": round(speed, 6) if speed is not None and math.isfinite(speed) else None,
        "lateness_ns": _quantiles(lateness) if lateness is not None else None,
    }
