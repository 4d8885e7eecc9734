"""Options of `feedrec record` that have what is recorded served live."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
import msgspec

from ....errors import UsageError
from ...options import SETTING, all_options
from .credential_options import secret_variables
from .listen_place import ListenPlace, ListenPlaceType

if TYPE_CHECKING:
    from ....recorder.serving.live_serving import LiveServing

__all__ = ["ServeOptions", "serve_options"]

_SERVING = "feedrec.replay.live.serve_process"
_STATES = "feedrec.replay.live.states.state_process"

serve_options = all_options(
    click.option(
        "--serve",
        metavar="HOST:PORT",
        type=ListenPlaceType("127.0.0.1:8765"),
        help="Serve the feed live to any number of clients, as the venue does, with the state on arrival, from a "
        "process beside the recorder, e.g. 127.0.0.1:8765; port 0 is a free one.",
    ),
    click.option(
        "--serve-subscribe",
        is_flag=True,
        help="Subscribe, and record, what these clients ask for and is not recorded, within the venue's limits.  "
        "[default: they are refused, as by the venue]",
    ),
    click.option(
        "--serve-set",
        "serve_settings",
        type=SETTING,
        multiple=True,
        help="Set a detail of how it is served, as `feedrec replay --set` does (docs/replay.md). Repeatable.",
    ),
)
"""Adds the options of `ServeOptions`, which are of the process."""


class ServeOptions(msgspec.Struct, frozen=True):
    """
    The values of the options.

    Attributes:
        serve: Where to serve; None for nowhere.
        serve_subscribe: Whether what clients ask for beyond what is recorded is subscribed.
        serve_settings: Details of the venues, by name.

    """

    serve: ListenPlace | None = None
    serve_subscribe: bool = False
    serve_settings: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse options that cannot be combined."""
        if self.serve is None and (self.serve_subscribe or self.serve_settings):
            raise UsageError("--serve-subscribe and --serve-set say how to --serve: add --serve, or leave them out")

    @property
    def said(self) -> str:
        """What is done, in a few words; empty if nothing is."""
        if self.serve is None:
            return ""
        from ....admission.listening import host_and_port

        place = host_and_port(self.serve) if self.serve.port else f"a free port of {self.serve.host}"
        more = ", and what clients ask for beyond it is subscribed" if self.serve_subscribe else ""
        return f"on {place}, from a process beside the recorder{more}"

    def refuse_unknown(self, endpoints: Iterable[str]) -> None:
        """
        Refuse feeds that cannot be served.

        Raises:
            UsageError: If nothing is known of how one of them answers clients.

        """
        if self.serve is None:
            return
        from ....feeds import venue_of

        for name in endpoints:
            if venue_of(name) is None:
                raise UsageError(
                    f"{name} cannot be served live: feedrec does not know how its venue answers; leave out --serve"
                )

    def open(self, allow_hosts: tuple[str, ...]) -> LiveServing | None:
        """Return what serves, `allow_hosts` being names by which it may be asked for; None if nothing is served."""
        if self.serve is None:
            return None
        from ....admission.allowed_hosts import parse_host_name
        from ....recorder.serving.live_serving import LiveServing, ServeSettings, ServingModules

        for name in allow_hosts:
            parse_host_name(name)

        how = ServeSettings(*self.serve, self.serve_subscribe, allow_hosts, dict(self.serve_settings))
        return LiveServing(how, ServingModules(_SERVING, _STATES), secret_variables())
