"""Requests with their answers, of all kinds."""

from __future__ import annotations

from hypothesis import strategies as st

from feedrec.http_messages import RECORDER, HttpAnswer, HttpExchange
from feedrec.model import NANOSECONDS

START = 1_795_280_400 * NANOSECONDS

texts = st.text(max_size=10) | st.sampled_from(
    ["application/json", '","conn":0,"dir":"in","frame":{', "\x1b[2J", "\u2028"]
)
json_bodies = [
    b"{}",
    b"null",
    b'{"a": 1.50,  "a": 2}',
    b'[1.50e+03,"\\u00fc","\xc3\xbc"]',
    b'{"time":"2026-11-21T17:00:00.123456789Z","conn":0,"dir":"in","frame":{}}',
    b'{"body":{"event":"http","rewritten":true}}',
]
odd_bodies = [
    b"",
    b" {}",
    b"{}\n",
    b"\n",
    b"[" * 100 + b"]" * 100,
    b"[" * 5000 + b"]" * 5000,
    b'{"a":NaN}',
    b'"\\ud800"',
    b'"\xff"',
    b"\x00" * 20,
    "<html>\u00fc\u2028</html>\r\n".encode(),
    b"\xef\xbb\xbf{}",
    b'}\n{"time":"2026-11-21T17:00:00.123456789Z","conn":0,"dir":"in","frame":{}}\n',
]
bodies = st.binary(max_size=30) | st.text(max_size=30).map(str.encode) | st.sampled_from([*json_bodies, *odd_bodies])
values = st.sampled_from(["", "7", "application/json", "text/html; charset=utf-8", '<a>; rel="next"', "\u00fc\tx"])
headers = st.dictionaries(st.sampled_from(["cb-before", "cb-after", "link", "x_y"]), values, max_size=3)
answers = st.builds(HttpAnswer, st.integers(200, 999), bodies, values, headers.map(lambda found: tuple(found.items())))
exchanges = st.builds(
    HttpExchange,
    st.integers(START, START + 10**10),
    st.integers(0, START),
    st.sampled_from(["GET", "POST", "M-SEARCH"]),
    st.builds("https://rest.test/{}".format, texts),
    answers,
    values,
    bodies,
    st.booleans(),
    st.sampled_from(["", RECORDER]),
)


def exchange(time: int = START, body: bytes = b"{}", url: str = "https://rest.test/products") -> HttpExchange:
    """Give an exchange, an answer of 200 to a GET that took a second."""
    return HttpExchange(time, time - NANOSECONDS, "GET", url, HttpAnswer(200, body))
