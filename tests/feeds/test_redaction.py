"""No secret of a message is recorded, and nothing else of it is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import REDACTED, SECRET_KEYS, redact_message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            '{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2","jwt":"s"}',
            '{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2","jwt":"[redacted]"}',
        ),
        (
            '{"signature":"s","key":"s","passphrase":"s","timestamp":"1"}',
            '{"signature":"[redacted]","key":"[redacted]","passphrase":"[redacted]","timestamp":"1"}',
        ),
        ('{"jwt":{"a":["s"]},"b":1.50e+3}', '{"jwt":"[redacted]","b":1.50e+3}'),
        ('{"a":[{"key":1},[2.0]]}', '{"a":[{"key":"[redacted]"},[2.0]]}'),
        ('{"jwt":"s","jwt":"s"}', '{"jwt":"[redacted]"}'),
        ('{"a":{"jwt":"s"},"a":1}', '{"a":1}'),
        (r'{"\u006awt":"s"}', '{"jwt":"[redacted]"}'),
        ('{"type": "subscribe",  "n": 1.0}', '{"type": "subscribe",  "n": 1.0}'),
        ("ping", "ping"),
        ('{"jwt":"s"', '"[redacted]"'),
        ('{"a":"\\ud800","jwt":"s"}', '"[redacted]"'),
        ("jwt=s", '"[redacted]"'),
        ('{"jwt":"s"}{"jwt":"s"}', '"[redacted]"'),
        ('{"jwt":' + "[" * 100_000, '"[redacted]"'),
    ],
)
def test_the_values_of_secret_keys_are_replaced(message: str, shown: str) -> None:
    assert redact_message(message.encode()).decode() == shown


def test_the_keys_can_be_others() -> None:
    assert redact_message(b'{"jwt":"a","token":"b"}', {"token"}) == b'{"jwt":"a","token":"[redacted]"}'
    assert redact_message(b'{"jwt":"a"}', ()) == b'{"jwt":"a"}'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(SECRET_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


def without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: REDACTED if name in SECRET_KEYS else without_secrets(inner) for name, inner in value.items()}
    return [without_secrets(inner) for inner in value] if isinstance(value, list) else value


@given(VALUES, st.booleans(), st.booleans())
def test_all_else_of_any_message_is_kept(value: Any, ascii_only: bool, spaces: bool) -> None:  # noqa: FBT001
    message = json.dumps(value, ensure_ascii=ascii_only, indent=1 if spaces else None)
    assert json.loads(redact_message(message.encode())) == without_secrets(value)


@given(st.binary())
def test_any_bytes_are_taken(payload: bytes) -> None:
    assert redact_message(payload, ("a",)) == payload or b"a" in payload or b"\\" in payload
