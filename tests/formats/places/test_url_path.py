from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import NotARecordingError, UsageError
from feedrec.formats.file.names import part_path, state_path
from feedrec.formats.places.url_path import UrlPath, as_text, bucket_of, is_there, place_of, without_links

if TYPE_CHECKING:
    from tests.object_server import Bucket


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


def test_the_signature_of_a_url_is_kept_and_never_shown() -> None:
    url = "https://host/a/x.jsonl.zst?Signature=a/b//c&x=1"
    place = place_of(f"{url}#part")
    assert isinstance(place, UrlPath)
    assert (place.url, place.root_url, place.name) == (url, "https://host", "x.jsonl.zst")
    assert str(place) == f"{place!s}" == "https://host/a/x.jsonl.zst?…"
    assert repr(place) == "UrlPath('https://host/a/x.jsonl.zst?…')"
    assert str(NotARecordingError(place, "gone")) == "https://host/a/x.jsonl.zst?…: gone"
    again = pickle.loads(pickle.dumps(place))
    assert (again, again.url) == (place, url)
    assert place_of(f"{url}2") != place
    assert str(state_path(place)) == "https://host/a/x.jsonl.zst.state"
    with pytest.raises(UsageError, match="hidden here"):
        place_of(str(place))
    root = place_of("https://host?x=1")
    assert isinstance(root, UrlPath)
    for one in (place, root):
        assert (str(bucket_of(one)), bucket_of(one).url) == ("https://host", "https://host")


def test_a_password_in_a_url_is_never_shown() -> None:
    place = place_of("https://me:word@host/x")
    assert isinstance(place, UrlPath)
    assert (str(place), place.url) == ("https://…@host/x", "https://me:word@host/x")
    for text in ("s3://key:word@bucket/x", "ftp://me:word@host/x", "https://me:word@host/../x?word"):
        with pytest.raises(UsageError) as caught:
            place_of(text)
        assert "word" not in str(caught.value).partition(": ")[0]


@pytest.mark.parametrize(
    "text", ["s3://b/a//x", "s3://b/../x", "s3://b/./x", "s3://b//x", "gs://b/x\n", "az://b b/x", r"az://b/a\b"]
)
def test_a_name_that_no_object_can_have_is_refused(text: str) -> None:
    """Not taken for another object, as `a/x` would be for `a//x`."""
    with pytest.raises(UsageError, match=r"part of this name|control character|no name of a bucket|Azure"):
        place_of(text)


_PART = st.text(st.characters(exclude_characters="?#"), min_size=1)
_QUERY = st.text(st.characters(exclude_characters="#…", exclude_categories=["Cc", "Cs"]), min_size=1)


@given(st.sampled_from(["s3", "gs", "az", "https"]), st.lists(_PART, min_size=1), _QUERY)
def test_a_url_is_itself_again_or_refused(scheme: str, parts: list[str], query: str) -> None:
    address, mark = f"{scheme}://host/{'/'.join(parts)}", f"?{query}" if scheme == "https" else ""
    try:
        place = place_of(address + mark)
    except UsageError:
        return
    assert isinstance(place, UrlPath)
    assert place.url == address.removesuffix("/") + mark
    assert place_of(place.url) == place
    assert pickle.loads(pickle.dumps(place)) == place
    assert str(place) == address.removesuffix("/") + ("?…" if mark else "") or "@" in address


def test_a_file_a_broken_link_and_an_object_are_there(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    bucket.store.create("object", b"x")
    names = (tmp_path / "file", tmp_path / "link", tmp_path / "none", bucket.url / "object", bucket.url / "none")
    assert list(map(is_there, names)) == [True, True, False, True, False]


def test_links_are_followed_and_a_url_stays_as_it_is(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert without_links(tmp_path / "link") == (tmp_path / "file").resolve()
    assert without_links(bucket.url / "x") is not None
    assert str(without_links(bucket.url / "x")) == f"{bucket.url}/x"


def test_a_url_as_text_is_read_as_the_same_again() -> None:
    for text in ("s3://b/a/x.jsonl", "https://user:pass@host/x.jsonl?sign=1%2F2", "a/x.jsonl", "/a/x"):
        assert place_of(as_text(place_of(text))) == place_of(text)
