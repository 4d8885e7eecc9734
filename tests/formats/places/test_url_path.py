from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from feedrec.errors import NotARecordingError, UsageError
from feedrec.formats.file.names import part_path, state_path
from feedrec.formats.places.url_path import UrlPath, place_of


def test_a_url_is_shown_as_it_was_given_and_keeps_its_kind_through_names() -> None:
    place = place_of("s3://bucket/a/x.jsonl.zst")
    assert isinstance(place, UrlPath)
    assert str(place) == "s3://bucket/a/x.jsonl.zst"
    assert (place.scheme, place.root_url, place.key) == ("s3", "s3://bucket", "a/x.jsonl.zst")
    for made in (state_path(place), part_path(place), place.parent / "y", place.with_name("y"), place.resolve()):
        assert isinstance(made, UrlPath)
        assert str(made).startswith("s3://bucket/a/")
    assert pickle.loads(pickle.dumps(place)) == place
    assert NotARecordingError(place, "gone").path == place


def test_what_is_no_url_is_a_path() -> None:
    for text in ("x.jsonl.zst", "/a/b", "a:b", "s3:/bucket/x"):
        assert type(place_of(text)) is type(Path())
    assert place_of(Path("a")) == Path("a")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ftp://host/x", "no recordings are read from or written to ftp://"),
        ("s3://", "no bucket"),
        ("s3:///x", "no bucket"),
        ("https://", "no server"),
    ],
)
def test_a_url_of_another_kind_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        place_of(text)


@pytest.mark.parametrize(
    "look", [os.path.exists, os.path.lexists, os.path.isdir, os.stat, Path.exists, Path.open, Path.stat, os.fspath]
)
def test_nothing_looks_for_it_on_this_machine(look: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s3:/bucket").mkdir(parents=True)
    with pytest.raises(UsageError, match="s3://bucket: this needs a file or folder of this machine"):
        look(place_of("s3://bucket"))  # type: ignore[operator]


def test_the_query_of_a_signed_url_is_part_of_its_name() -> None:
    place = place_of("https://host/a/x.jsonl.zst?Signature=a/b//c&x=1")
    assert isinstance(place, UrlPath)
    assert place.root_url == "https://host"
    assert str(place) == "https://host/a/x.jsonl.zst?Signature=a%2Fb%2F%2Fc&x=1"
