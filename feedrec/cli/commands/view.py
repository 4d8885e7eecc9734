"""`feedrec view`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..browser import open_page
from ..options import RECORDING_FILE, allow_host_option, logging_options
from ..replaying.recordings import chosen_recordings
from ..signals import end_signalled
from ..terminal import echo

if TYPE_CHECKING:
    from ...replay.page.viewing import ViewServer


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING_FILE)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port to listen on, on this machine alone.  [default: any free port]",
)
@click.option("--no-open", is_flag=True, help="Only print where the page is, and open no browser.")
@allow_host_option("see the recordings")
@logging_options
def view(files: tuple[Path, ...], port: int, no_open: bool, allow_hosts: tuple[str, ...]) -> None:
    """
    Look at recordings in the browser: a page of this machine, until Ctrl-C.

    It shows frames over time with gaps and reconnects, the order book's depth, trades, and all frames as a table. FILE
    is a recording in any format, finished or growing, or a folder of them. `feedrec replay --ui` shows the same, with
    what is being replayed.

    \b
      feedrec view FILE
      feedrec view FOLDER --port 8080 --no-open
    """
    import asyncio

    from ...replay.page.viewing import ViewServer

    server = ViewServer(chosen_recordings(files).paths, port, allow_hosts=allow_hosts)
    asyncio.run(_serve(server, opens=not no_open))


async def _serve(server: ViewServer, *, opens: bool) -> None:
    stop = end_signalled()
    async with server:
        echo(server.url)
        if opens and not await open_page(server.url):
            echo("no browser was found here: open that page yourself", err=True)
        await stop.wait()
