"""`feedrec proxy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from ...errors import UsageError
from ..child_process import CommandWithChild, address_variables, check_command, choose_free_port, run_command
from ..logs import log_format_option
from ..options import (
    allow_host_option,
    as_json,
    complete_endpoint,
    host_option,
    limit_options,
    logging_options,
    max_clients_option,
    port_option,
)
from ..recording.options.files.output_options import OutputOptions, output_options
from ..recording.options.redaction_options import redaction_of, redaction_options
from ..recording.output import Output, open_output
from ..recording.source import checked_address
from ..terminal import echo, echo_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...recorder import ProxyOptions, RecordingProxy, Source, Summary

LOSS = 3
"""Exit code of a run during which frames were passed on that are not in the recording."""


@click.command(
    cls=CommandWithChild,
    groups={
        "Where it leads": "to endpoint rest-to",
        "The server": "host port allow-host max-clients",
        "What is secret": "redact no-redact",
        "Where to write it": "output format rotate keep level fsync disk-patience min-free overwrite file-mode",
        "When to stop": "duration max-frames",
    },
)
@click.option(
    "--to",
    metavar="ENDPOINT|URL",
    required=True,
    shell_complete=complete_endpoint,
    help="Where to pass connections on to: an endpoint that `feedrec feeds` lists, or an address.",
)
@click.option(
    "-e",
    "--endpoint",
    metavar="NAME",
    shell_complete=complete_endpoint,
    help="What is spoken at a URL.  [default: by its host; else raw]",
)
@click.option(
    "--rest-to",
    metavar="URL",
    help="Where to pass plain HTTP on to.  [default: where the venue's clients send it; for a URL, the same host]",
)
@host_option
@port_option(8766)
@allow_host_option("connect")
@max_clients_option(100)
@output_options
@limit_options
@redaction_options
@as_json
@logging_options
@log_format_option
def proxy(command: tuple[str, ...], to: str, endpoint: str | None, as_json: bool, **options: Any) -> int:
    """
    Pass an application's own connections on to a venue, byte for byte, and record both directions, until Ctrl-C.

    \b
      feedrec proxy --to coinbase-advanced -o bot.jsonl.zst
      feedrec proxy --to wss://host/ws --port 9000
      feedrec proxy --to coinbase-exchange -- COMMAND   (URL in FEEDREC_URL)

    The first line on stdout is the URL: have the application connect to it instead of the venue, and send its requests
    of plain HTTP to the same host and port. Its headers, messages and closes reach the venue unchanged; its keys and
    signatures are passed on, but not recorded. Each client is a connection of the recording, which can be replayed. If
    the disk fails, the connections go on, and the exit code is 3. With COMMAND, the proxy runs on a free port until the
    command ends, and the exit code is the command's.
    """
    from ...recorder import ProxyOptions, source_to
    from ...recorder.proxy.options import rest_base

    place = OutputOptions(**{name: options.pop(name) for name in OutputOptions.__struct_fields__})
    _check(place, command, as_json=as_json)
    redaction = redaction_of(options.pop("redacted"), options.pop("kept_keys"))
    if command:
        choose_free_port(options)
    choices = ProxyOptions(**options)
    source = source_to(checked_address(to, redaction) if "://" in to else to, endpoint, redaction)
    rest_base(source, choices.rest_to)  # refused before anything is written
    code, summary, error = _run(source, place, choices, command)
    _tell(summary, error, as_json=as_json, to_stderr=bool(command) or place.output == "-")
    if error is not None and not summary.lost:
        raise error
    return code or (LOSS if summary.lost or error is not None else 0)


def _check(place: OutputOptions, command: Sequence[str], *, as_json: bool) -> None:
    if command:
        check_command(command)
    if sum((bool(command), as_json, place.output == "-")) > 1:
        raise UsageError("--json, -o - and COMMAND all write to stdout: use only one of them")


def _run(
    source: Source, place: OutputOptions, choices: ProxyOptions, command: Sequence[str]
) -> tuple[int, Summary, BaseException | None]:
    """Run the proxy; return the exit code of the command, what came of the recording, and what ended it early."""
    import asyncio

    from ...formats.file.modes import PRIVATE
    from ...recorder import RecordingProxy
    from ..recording.run import run_to_end

    # What an application says and hears is its own: nothing tells beforehand whether it signs in.
    target = open_output(source, msgspec.structs.replace(place, mode=place.mode or PRIVATE))
    server = RecordingProxy(
        source, target.writer, choices, on_listening=lambda url: _tell_url(url, place, has_command=bool(command))
    )
    code = 0
    if command:
        code, summary, error = *asyncio.run(_run_with(server, command)), None
    else:
        summary, error = run_to_end(server, target.writer)
    return code, *_settle(target, server, summary, error)


def _settle(
    target: Output, server: RecordingProxy, summary: Summary, error: BaseException | None
) -> tuple[Summary, BaseException | None]:
    """Find the names of the recording, and count what is missing in it."""
    summary, error = target.settle(summary, error or server.failure)
    return msgspec.structs.replace(summary, lost=summary.lost + server.lost), error


async def _run_with(server: RecordingProxy, command: Sequence[str]) -> tuple[int, Summary]:
    async with server:
        code = await run_command(command, address_variables(server.url))
    if server.summary is None:
        raise AssertionError("it was closed")
    return code, server.summary


def _tell_url(url: str, place: OutputOptions, *, has_command: bool) -> None:
    if not has_command:
        echo(url, err=place.output == "-")


def _tell(summary: Summary, error: BaseException | None, *, as_json: bool, to_stderr: bool) -> None:
    from ..recording.run import facts_of, report

    if as_json:
        echo_json(facts_of(summary, error))
    else:
        report(summary, error, err=to_stderr)
