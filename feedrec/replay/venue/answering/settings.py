"""What is not known of venues, as a person sets it, shared out to those that are served."""

from __future__ import annotations

from collections.abc import Mapping

from ....errors import UsageError
from ....feeds.auth import Auth
from ....feeds.server_half.closing import COMMON_SETTINGS
from ....feeds.venue import VenueFeed

__all__ = ["parted_settings", "settings_of"]


def settings_of(
    feeds: Mapping[str, VenueFeed], given: Mapping[str, str], auth: Auth
) -> Mapping[str, Mapping[str, str]]:
    """
    Return for each feed the settings that it has: of several feeds, not each has all of them.

    Args:
        feeds: The feeds, by name.
        given: Texts by name of the setting.
        auth: How credentials are checked.

    Raises:
        UsageError: If none of several has a setting; what is wrong with those of a single one is found out later.

    """
    if len(feeds) < 2:
        return dict.fromkeys(feeds, given)
    common, own = parted_settings(given)
    taken = {name: dict(common) for name in feeds}
    for setting, text in own.items():
        refusals = []
        for name, feed in feeds.items():
            try:
                feed.server({}, {setting: text}, auth)
            except UsageError as refusal:
                refusals.append(str(refusal))
            else:
                taken[name][setting] = text
        if len(refusals) == len(feeds):
            raise UsageError("; ".join(refusals))
    return taken


def parted_settings(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that every venue has, and the others, which are a venue's own."""
    common = {name: text for name, text in settings.items() if name in COMMON_SETTINGS}
    return common, {name: text for name, text in settings.items() if name not in common}
