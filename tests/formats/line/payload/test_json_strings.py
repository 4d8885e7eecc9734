"""Payloads as JSON strings: what msgspec and base64 make of them whole, whatever the size of the pieces."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.payload import json_strings
from feedrec.formats.line.payload.json_strings import (
    base64_pieces,
    base64_size,
    from_base64,
    is_utf8,
    joined,
    string_pieces,
    string_size,
    text_of,
)

texts = st.text('"\\/\x00\x01\x08\t\n\x0b\x0c\r\x1f\x7fa1u\u00e9\u2028\U0001f600\U0010ffff') | st.text()


@pytest.fixture(params=[3, 12, 3 << 18], autouse=True, scope="module")
def _pieces(request: pytest.FixtureRequest) -> object:
    """Cut payloads into pieces of so many bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_strings, "_PIECE", request.param)
        yield


def is_whole_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.binary() | texts.map(str.encode) | texts.map(lambda text: text.encode()[:-1]))
def test_utf8_is_what_decodes_as_a_whole(payload: bytes) -> None:
    assert is_utf8(payload) == is_whole_utf8(payload)


@given(texts)
def test_text_is_escaped_as_msgspec_does(text: str) -> None:
    whole = msgspec.json.encode(text)[1:-1]
    assert joined(string_pieces(text.encode())) == whole
    assert string_size(text.encode()) == len(whole)


@given(st.binary())
def test_base64_is_that_of_the_whole(payload: bytes) -> None:
    whole = base64.b64encode(payload)
    assert joined(base64_pieces(payload)) == whole
    assert base64_size(payload) == len(whole)
    assert from_base64(memoryview(b'"%b"' % whole)) == payload


@given(st.binary())
def test_slashes_of_base64_may_be_escaped(payload: bytes) -> None:
    string = json.dumps(base64.b64encode(payload).decode()).replace("/", "\\/")
    assert from_base64(memoryview(string.encode())) == payload


@pytest.mark.parametrize("ascii_only", [False, True])
@given(text=texts)
def test_a_json_string_of_any_writer_is_read(ascii_only: object, text: str) -> None:
    string = json.dumps(text, ensure_ascii=bool(ascii_only)).encode()
    assert text_of(memoryview(string)) == text.encode()


@given(texts, st.sampled_from([b"\xff", rb"\ud83d", rb"\ude00", b"\xed\xa0\x80", rb"\x", b"\n", b'"']), st.integers(0))
def test_what_is_no_json_string_is_refused(text: str, wrong: bytes, place: int) -> None:
    plain = text.replace("\\", "").replace('"', "").encode()
    place %= len(plain) + 1
    string = b'"%b%b%b"' % (plain[:place], wrong, plain[place:])
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        text_of(memoryview(string))


@pytest.mark.parametrize("read", [text_of, from_base64])
@pytest.mark.parametrize("value", [b"5", b"null", b"{}", b"[" + b'"a",' * 20 + b'"a"]'])
def test_what_is_another_value_is_refused(read: Callable[[memoryview], bytes], value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read(memoryview(value))


@pytest.mark.parametrize("string", [b'"YQ="', b'"YQ==YQ=="', b'"Y Q=="', b'"=="', b'"\xc3\xa9"', b'"YWI=="'])
def test_what_rfc_4648_does_not_allow_is_refused(string: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_base64(memoryview(string))
