"""
No secrets in what is recorded, logged or shown; pure.

    secret_keys.py    the rule: which keys have secret values
    rules.py          what a person names besides: keys, paths, texts
    json_text.py      where each value stands in a JSON text
    messages.py       messages that are JSON
    texts.py          other messages, lines of a log
    addresses.py      addresses
    known_secrets.py  secrets that were found, in texts of any kind
    redaction.py      all of it for one run
"""

from __future__ import annotations

from .addresses import REDACTED
from .redaction import Address, Redaction, redact_message

__all__ = ["REDACTED", "Address", "Redaction", "redact_message"]
