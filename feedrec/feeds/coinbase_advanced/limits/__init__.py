"""
Limits that the venue sets.

    documented.py  what they are, each with its source
    silence.py     channels that close because nothing came
"""

from .documented import (
    CONNECTIONS_PER_SECOND,
    MAX_LEVEL2_PRODUCTS,
    MESSAGES_PER_SECOND,
    ONE_CONNECTION,
    SUBSCRIBE_WITHIN,
)

__all__ = ["CONNECTIONS_PER_SECOND", "MAX_LEVEL2_PRODUCTS", "MESSAGES_PER_SECOND", "ONE_CONNECTION", "SUBSCRIBE_WITHIN"]
