"""What a command finds in its environment: what the recorder has, without the recorder's secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping

__all__ = ["environment_for_commands"]

_OWN = ("FEEDREC_RECORD_", "FEEDREC_PROXY_")
"""Beginnings of the names of a recorder's own options: headers and key files among them, and nothing for others."""

_SUPERVISOR = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}
"""With these the recorder alone speaks to its supervisor."""


def environment_for_commands(environment: Mapping[str, str], withheld: Collection[str] = ()) -> dict[str, str]:
    """
    Return the environment of a command.

    Args:
        environment: That of the recorder.
        withheld: Further names that are not handed on: those of the venues' credentials.

    """
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_OWN) and name not in _SUPERVISOR and name not in withheld
    }
