"""Rows come back from one gzip member, however they were written, and many files need few descriptors."""

from __future__ import annotations

import gzip
import random
import resource
import zlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedrec.export.staged_folder import StagedFolder
from feedrec.export.tardis import row_file
from feedrec.export.tardis.row_file import RowFile, RowFiles


def members(data: bytes) -> list[bytes]:
    """Return what each member of a gzip file holds."""
    texts = []
    while data:
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        texts.append(member.decompress(data))
        assert member.eof
        data = member.unused_data
    return texts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 90_000)), max_size=12))
def test_each_file_is_one_member_with_its_rows(memory_path: Path, parts: list[tuple[int, int]]) -> None:
    stage = StagedFolder(memory_path, overwrite=True)
    files = RowFiles(stage)
    all_files = [RowFile(files, f"{number}.csv.gz", "head\n") for number in range(3)]
    texts = ["head\n"] * 3
    draw = random.Random(len(parts))
    for number, size in parts:
        row = f"{draw.randbytes(size // 2).hex()}\n"
        all_files[number].add(row, 1)
        texts[number] += row
    assert [file.rows for file in all_files] == [sum(one == number for one, _ in parts) for number in range(3)]
    for file in all_files:
        file.close()
    assert files.held == 0
    for path, text in zip(stage.commit(), texts, strict=True):
        assert members(path.read_bytes()) == [text.encode()]


def test_a_file_that_is_not_compressed_is_text_and_one_that_is_removed_is_none(tmp_path: Path) -> None:
    stage = StagedFolder(tmp_path)
    files = RowFiles(stage)
    plain, gone = RowFile(files, "a.csv", "head\n", is_compressed=False), RowFile(files, "b.csv.gz", "head\n")
    plain.add("1\n2\n", 2)
    gone.add("1\n", 1)
    gone.remove()
    plain.close()
    assert stage.commit() == [tmp_path / "a.csv"]
    assert (tmp_path / "a.csv").read_text() == "head\n1\n2\n"
    assert files.held == 0


def test_thousands_of_files_need_few_descriptors_and_hold_little(memory_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    stage = StagedFolder(memory_path)
    files = RowFiles(stage)
    before, row_file._MOST = row_file._MOST, 200_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(128, soft), hard))
    try:
        all_files = [RowFile(files, f"{number}.csv.gz", "head\n") for number in range(2_000)]
        for turn in range(5):
            for file in all_files:
                file.add(f"{turn}\n", 1)
                assert files.held <= 200_000
        for file in all_files:
            file.close()
        paths = stage.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        row_file._MOST = before
    assert {gzip.decompress(path.read_bytes()) for path in paths} == {b"head\n0\n1\n2\n3\n4\n"}
