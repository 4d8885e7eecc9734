"""The summary is what the format's page says it is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from feedrec.feeds import find_feed, rule_of
from feedrec.formats.facts.file_facts import FileFacts
from feedrec.formats.facts.index_builder import IndexBuilder
from feedrec.formats.line.index_marks import LineMarks

PAGE = (Path(__file__).parents[3] / "docs" / "format.md").read_text()
SECTION = PAGE[PAGE.index("### Summary") : PAGE.index("### Seek table")]


def test_the_example_is_the_summary_of_the_lines_at_the_top_of_the_page() -> None:
    example = re.search(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    said = re.search(r"```json\n(.*?)```", SECTION, re.DOTALL)
    assert example is not None
    assert said is not None
    header, *lines = example[1].encode().splitlines()
    feed = find_feed("coinbase-advanced")
    builder = IndexBuilder()
    builder.begin(header, rule_of(feed))
    builder.add(lines, LineMarks(feed.describe).of(lines))
    builder.end_block(1, 1, 1)
    assert builder.summary() == said[1].strip().encode()


def test_every_key_is_explained() -> None:
    explained = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", SECTION, re.MULTILINE)))
    assert explained == [field.name for field in msgspec.structs.fields(FileFacts)]
