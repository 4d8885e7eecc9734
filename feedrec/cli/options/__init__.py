"""
Options: what their texts mean, and those that several commands share.

    param_types.py     what texts mean
    grouping.py        how options are put together, and shown in groups
    shared_options.py  options of several commands
    completion.py      what the shell offers
"""

from __future__ import annotations

from .completion import complete_channel, complete_endpoint
from .grouping import GroupedCommand, OptionDecorator, all_options
from .param_types import (
    AGE,
    CHANNEL,
    DURATION,
    FILE_MODE,
    LINES,
    PRODUCTS,
    RECORDING,
    RECORDING_FILE,
    ROTATE_AFTER,
    SETTING,
    SIZE,
    SPEED,
    TIME,
)
from .shared_options import (
    allow_host_option,
    as_json,
    file_mode_option,
    host_option,
    limit_options,
    logging_options,
    max_clients_option,
    overwrite_option,
    port_option,
    time_options,
)

__all__ = [
    "AGE",
    "CHANNEL",
    "DURATION",
    "FILE_MODE",
    "LINES",
    "PRODUCTS",
    "RECORDING",
    "RECORDING_FILE",
    "ROTATE_AFTER",
    "SETTING",
    "SIZE",
    "SPEED",
    "TIME",
    "GroupedCommand",
    "OptionDecorator",
    "all_options",
    "allow_host_option",
    "as_json",
    "complete_channel",
    "complete_endpoint",
    "file_mode_option",
    "host_option",
    "limit_options",
    "logging_options",
    "max_clients_option",
    "overwrite_option",
    "port_option",
    "time_options",
]
