"""`feedrec ls`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.formats import create_recording
from feedrec.model import Header

from ....formats.catalogue.hourly import run, write
from ...command import feedrec

if TYPE_CHECKING:
    from tests.object_server import Bucket


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a run, a file without a summary, and one of nothing."""
    folder = tmp_path_factory.mktemp("ls") / "place"
    run(folder, 2)
    write(folder / "a-name-for-which-there-is-no-room.jsonl", [])
    (folder / "nothing.jsonl.zst").write_bytes(b"")
    return folder


def test_it_lists_what_is_there(place: Path) -> None:
    """With the same figures as `info`, and in the same order each time; what cannot be read makes the exit code 1."""
    done = feedrec("ls", "place", cwd=place.parent)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert text == feedrec("ls", "place", cwd=place.parent).stdout.decode()
    assert "place: 4 recordings\n" in text
    assert "coinbase-advanced  heartbeats, level2  BTC-USD\n" in text
    assert "  x-0002.jsonl.zst      2026-11-21 18:01:00  18:02:00          2     0" in text
    assert "  a-name-for-which-there-is-no-room.jsonl\n" in text
    assert "unreadable: " in text
    assert text.endswith("  not counted: 1 without a summary, 1 unreadable\n")
    assert max(map(len, text.splitlines())) <= 80


def test_the_same_as_json(place: Path) -> None:
    facts = json.loads(feedrec("ls", place, "--json").stdout)
    by_name = {Path(one["path"]).name: one for one in facts["recordings"]}
    assert len(by_name) == 4
    assert by_name["x-0002.jsonl.zst"]["first_time"] == "2026-11-21T18:01:00.000000000Z"
    assert by_name["x-0002.jsonl.zst"]["channels"][0]["channel"] == "level2"
    assert by_name["nothing.jsonl.zst"]["problem"]
    assert facts["total"]["frames"] == sum(one["frames"] or 0 for one in facts["recordings"]) == 5
    assert facts["total"]["states"] == {"finished": 2, "no summary": 1, "unreadable": 1}


def test_one_recording_is_listed_by_itself(place: Path) -> None:
    done = feedrec("ls", place / "x-0001.jsonl.zst")
    assert done.returncode == 0
    assert b"x-0001.jsonl.zst: 1 recording\n" in done.stdout


def test_text_from_files_is_visible(tmp_path: Path) -> None:
    """An endpoint may be anything in the first line of a file, and a name too."""
    create_recording(tmp_path / "\x1b[2Jx.jsonl", Header("\x1b]0;mine\x07\nfake", created=1)).finish()
    text = feedrec("ls", tmp_path).stdout.decode()
    assert "\x1b" not in text
    assert "\\x1b[2Jx.jsonl" in text
    assert "\\nfake" in text


def test_a_catalogue_is_written_when_it_is_asked_for(place: Path, tmp_path: Path) -> None:
    done = feedrec("ls", place, "--write-catalogue", "-o", tmp_path / "there", "--json")
    assert b"catalogue: 1 written" in done.stderr
    assert len(list((tmp_path / "there").iterdir())) == 1
    assert not (place / ".catalogue").exists()
    again = feedrec("ls", place, "--write-catalogue", "-o", tmp_path / "there", "--json")
    assert b"catalogue: 1 unchanged" in again.stderr
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["-o", "there", "."], "add --write-catalogue"),
        (["--write-catalogue", "-o", "there", ".", "."], "of one folder"),
        (["--write-catalogue", "x-0001.jsonl.zst"], "of a folder or a prefix"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(arguments: list[str], problem: str, place: Path) -> None:
    done = feedrec("ls", *arguments, cwd=place)
    assert done.returncode == 2
    assert problem in done.stderr.decode()


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    done = feedrec("ls", tmp_path)
    assert done.returncode == 1
    assert b"no recording in this folder" in done.stderr


def test_a_bucket_is_listed_and_gets_its_catalogue(bucket: Bucket, tmp_path: Path) -> None:
    for path in run(tmp_path, 2):
        bucket.store.create(f"p/{path.name}", path)
    done = feedrec("ls", f"{bucket.url}/p/", "--write-catalogue")
    assert done.returncode == 0, done.stderr
    assert f"{bucket.url}/p: 2 recordings\n" in done.stdout.decode()
    assert b"x-0002.jsonl.zst" in done.stdout
    assert [one.key for one in bucket.store.list("p/.catalogue/")]
    again = feedrec("ls", f"{bucket.url}/p/", "--json")
    assert all(one["etag"] for one in json.loads(again.stdout)["recordings"])
