from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.places.faults import Fault, fault_of

_SIGNED = "https://host/x?X-Amz-Signature=secret"


@pytest.mark.parametrize(
    ("text", "said", "is_transient"),
    [
        (
            f"Error performing GET {_SIGNED} in 1s - Server returned non-2xx status code: 503 Slow Down: ",
            "503 Slow",
            True,
        ),
        (
            f"Error performing GET {_SIGNED} in 1s - Server returned non-2xx status code: 501 Not Implemented: ",
            "501",
            False,
        ),
        (
            "Server returned non-2xx status code: 403 Forbidden: <Code>ExpiredToken</Code>",
            "credentials have expired",
            False,
        ),
        (
            "PUT http://169.254.169.254/latest/api/token - HTTP error\nkind: Connect",
            "there are no credentials: set AWS",
            False,
        ),
        (
            "PUT http://169.254.169.254/latest/api/token - status code: 500 Oh",
            "there are no credentials: set AWS",
            True,
        ),
        (
            "GET http://169.254.169.254/computeMetadata/v1/x - status code: 403",
            "set GOOGLE_APPLICATION_CREDENTIALS",
            False,
        ),
        (
            "External AWS credential provider: ProfileError: sso\nTraceback",
            "gives no credentials: ProfileError: sso",
            False,
        ),
        ("HTTP error\n kind: Connect, dns error", "is not found by name", True),
        ("HTTP error: error sending request\nkind: Timeout", "no answer in time", True),
        ("HTTP error: builder error\n BadScheme", "AWS_ALLOW_HTTP=true", False),
        (
            "Generic S3 error: something \x1b[2J else at https://me:word@host/?sig=secret (1)",
            r"something \x1b[2J else at …",
            False,
        ),
    ],
)
def test_a_fault_is_a_line_that_shows_nothing_secret(text: str, said: str, *, is_transient: bool) -> None:
    fault = fault_of(RuntimeError(text))
    assert said in fault.reason
    assert fault.is_transient is is_transient
    assert "secret" not in fault.reason
    assert "word" not in fault.reason


@given(st.text())
def test_whatever_is_said_is_one_short_line(text: str) -> None:
    fault = fault_of(RuntimeError(text))
    assert isinstance(fault, Fault)
    assert fault.reason
    assert len(fault.reason.splitlines()) == 1
    assert len(fault.reason) <= 300


def test_what_says_nothing_is_told_by_its_kind() -> None:
    assert fault_of(RuntimeError("")).reason == "RuntimeError"
