"""Arrays are replaced where they stand."""

from __future__ import annotations

from feedrec.feeds.rewriting.arrays import entries_of, with_arrays


def test_entries_are_as_they_stand() -> None:
    assert entries_of(b'[ {"a": 1.50} ,[2],"x"]') == [b'{"a": 1.50}', b"[2]", b'"x"']
    assert entries_of(b"{}") == entries_of(b"[") == []


def test_everything_around_an_array_stays() -> None:
    payload = b'{ "a" : [1,2], "b":[1,2],"c":[3] , "d":"x"}'
    assert with_arrays(payload, [(b"[1,2]", None), (b"[1,2]", [b"2"]), (b"[3]", [])]) == (
        b'{ "a" : [1,2], "b":[2],"c":[] , "d":"x"}'
    )


def test_an_array_that_is_not_there_is_not_replaced() -> None:
    assert with_arrays(b'{"a":[1]}', [(b"[2]", [])]) is None
    assert with_arrays(b'{"a":[1],"b":[2]}', [(b"[2]", None), (b"[1]", [])]) is None
    assert with_arrays(b'{"a":[1]}', [(b"", [])]) is None
