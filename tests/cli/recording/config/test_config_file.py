"""A configuration: what it says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from feedrec.cli.recording.config.config_file import ConfigFile, FeedPlan
from feedrec.cli.recording.config.table_values import PATHS, TableReader
from feedrec.cli.recording.feed_options import FEED_OPTIONS
from feedrec.errors import UsageError
from feedrec.feeds.connections.limits import ConnectionLimits
from feedrec.feeds.connections.sharding import Shard
from feedrec.formats.file.rotation import RotateAfter

from ...record_options import RECORD, usual_values

DEFAULTS = {name: value for name, value in usual_values().items() if name in FEED_OPTIONS}


def read(folder: Path, text: str, **defaults: Any) -> dict[str, FeedPlan]:
    (folder / "r.toml").write_text(text)
    file = ConfigFile(folder / "r.toml", RECORD, {**DEFAULTS, **defaults})
    plans = file.read()
    file.refuse_unusable(plans, plans)
    return plans


def test_each_table_is_a_feed_and_what_stands_above_is_for_all(tmp_path: Path) -> None:
    """Values go through the types that the options have on the command line, lists for those that are repeatable."""
    plans = read(
        tmp_path,
        """
        rotate = "1h"
        level = 5
        channel = ["ticker", "level2:SOL-USD"]

        [feeds.btc]
        product = "BTC-USD, BTC-EUR"
        max-frames = 10

        [feeds."eth.2"]
        product = ["ETH-USD"]
        channel = []
        rotate = false
        no_heartbeats = true
        """,
    )
    btc, eth = plans.values()
    assert list(plans) == ["btc", "eth.2"]
    assert (btc.options.place.rotate, btc.options.place.level) == (RotateAfter(nanoseconds=3600 * 10**9), 5)
    assert (btc.options.limits.max_frames, eth.options.limits.max_frames) == (10, None)
    assert [(one.channel, one.products) for one in btc.source.subscriptions] == [
        ("ticker", ("BTC-USD", "BTC-EUR")),
        ("level2", ("SOL-USD",)),
        ("heartbeats", ()),
    ]
    assert [(one.channel, one.products) for one in eth.source.subscriptions] == [("level2", ("ETH-USD",))]
    assert (eth.options.place.rotate, eth.options.place.level) == (None, 5)


def test_a_table_wins_over_what_stands_above_and_that_over_the_environment(tmp_path: Path) -> None:
    text = "level = 2\n[feeds.a]\nlevel = 1\n[feeds.b]\n"
    a, b = read(tmp_path, text, level=9, fsync=5.0).values()
    assert (a.options.place.level, b.options.place.level) == (1, 2)
    assert a.options.place.fsync == 5.0


def test_paths_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    """Outputs, key files, and whatever follows an @."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "list.txt").write_text("BTC-USD\n")
    (tmp_path / "etc" / "secret.txt").write_text("hunter22\n")
    text = """
    [feeds.a]
    output = "../data.jsonl.zst"
    product = ["ETH-USD,@list.txt"]
    channel = ["ticker:@list.txt,SOL-USD", "level2"]
    redact = ["value:@secret.txt", "@type"]
    [feeds.b]
    endpoint = "raw"
    url = "wss://example.com"
    send = "@list.txt"
    output = "./"
    """
    a, b = read(tmp_path / "etc", text).values()
    assert a.options.place.output == str(tmp_path / "etc" / ".." / "data.jsonl.zst")
    assert [one.products for one in a.source.subscriptions] == [("BTC-USD", "SOL-USD"), ("ETH-USD", "BTC-USD"), ()]
    assert a.options.source.redacted == (f"value:@{tmp_path}/etc/secret.txt", "@type")
    assert (b.options.source.messages, b.options.place.output) == ((f"@{tmp_path}/etc/list.txt",), f"{tmp_path}/etc/")


def test_a_feed_is_another_one_when_a_file_that_it_names_has_changed(tmp_path: Path) -> None:
    text = "[feeds.a]\nproduct = '@list.txt'\n[feeds.b]\n"
    (tmp_path / "list.txt").write_text("BTC-USD\n")
    before = read(tmp_path, text)
    assert read(tmp_path, f"# a comment\n{text}") == before
    (tmp_path / "list.txt").write_text("BTC-USD ETH-USD\n")
    after = read(tmp_path, text)
    assert (after["a"] == before["a"], after["b"] == before["b"]) == (False, True)


def test_runs_by_two_plans_are_on_at_once_unless_files_or_the_venue_forbid_it(tmp_path: Path) -> None:
    """Where each run has names of its own, those of the old plan and of the new one may well be alike."""
    text = "[feeds.a]\noutput = '{}'\nrotate = '1h'\n[feeds.b]\n"

    def plan(output: str) -> FeedPlan:
        return read(tmp_path, text.format(output))["a"]

    assert plan("x.jsonl").collides(plan("x.jsonl"))
    assert not plan("x.jsonl").collides(plan("y.jsonl"))
    assert not plan("./").collides(plan("./"))
    assert not plan("{channel}-{time}.jsonl").collides(plan("{channel}-{time}.jsonl"))
    one = plan("./")
    full = msgspec.structs.replace(one, use=one.use._replace(connections=2, limits=ConnectionLimits(3)))
    assert full.collides(full)


SAMPLES = {
    "boolean": True,
    "channel[:product,...]": "ticker",
    "command": "echo {path}",
    "duration": "10m",
    "duration or size": "1h",
    "integer range": 5,
    "mode": "0600",
    "path": "key.txt",
    "product": "BTC-USD",
    "size": "2GB",
    "text": "x",
}
"""A value of each type, as it may stand in the file."""


def error(key: str, why: str) -> UsageError:
    return UsageError(f"{key}: {why}")


def test_each_option_of_a_feed_is_a_key(tmp_path: Path) -> None:
    """Named with - or _; a list where it is repeatable; and whatever is a path is relative to the file."""
    reader = TableReader(RECORD, tmp_path)
    options = [one for one in RECORD.params if isinstance(one, click.Option) and one.name in FEED_OPTIONS]
    assert len(options) > 30
    for option in options:
        sample = option.type.choices[0] if isinstance(option.type, click.Choice) else SAMPLES[option.type.name]
        sample = option.default is not True if sample is True else sample
        key = option.opts[-1].removeprefix("--")
        values = [reader.read({name: sample}, error) for name in (key, key.replace("-", "_"))]
        assert values[0] == values[1]
        assert values[0][option.name] not in (None, (), option.default)
        if option.multiple:
            assert reader.read({key: [sample]}, error) == values[0]
        assert (str(tmp_path) in str(values[0][option.name])) == (option.name in PATHS)
        assert option.name in PATHS or not isinstance(option.type, click.Path)


RAW = "[feeds.a]\nendpoint = 'raw'\nurl = 'ws://127.0.0.1:1'\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", ": it names no feed: begin a table [feeds.NAME] for each one"),
        ("[feeds]\n", ": it names no feed: begin a table [feeds.NAME] for each one"),
        ("a = [\n1", ":2: no TOML: Unclosed array"),
        ("\n\na = = 1", ":3: no TOML: Invalid value"),
        ("[btc]\n", ":1: btc: there is no such table; that of a feed is [feeds.btc]"),
        ("[feed.btc]\n", ":1: feed: there is no such table; did you mean 'feeds'?"),
        ("[[feeds]]\n", ":1: feeds: it is not a table: begin one, [feeds.NAME], for each feed"),
        ("\nfeeds = 1\n", ":2: feeds: it is not a table: begin one, [feeds.NAME], for each feed"),
        ("[feeds]\n'a b' = {}\n", ":2: feeds.a b: a feed's name has up to 64 letters, digits and . _ - of ASCII"),
        ("feeds.rotate = '1h'\n", ":1: feeds.rotate: it is no option; a feed is a table [feeds.rotate]"),
        ("[feeds.a]\n\nrotte = 1", ":3: feeds.a.rotte: there is no such option; did you mean 'rotate'?"),
        ("\ufeff[feeds.a]\n\nx = 1", ":3: feeds.a.x: there is no such option"),
        ("p = 'X'\n[feeds.a]\n", ":1: p: there is no such option; did you mean 'product'?"),
        ("json = true\n[feeds.a]\n", ":1: json: it is an option of the whole process: give --json on the command line"),
        ("[feeds.a]\nmax_frames = 1\n max-frames = 2", ":3: feeds.a.max-frames: it is given twice"),
        ("[feeds.a]\nrotate = 'x'", ":2: feeds.a.rotate: 'x' is neither a duration such as 1h "),
        ("[feeds.a]\nlevel = 99", ":2: feeds.a.level: 99 is not in the range 1<=x<=19"),
        ("[feeds.a]\noverwrite = 'yes'", ":2: feeds.a.overwrite: it is a switch: write true or false"),
        ("[feeds.a]\nfsync = ['1s']", ":2: feeds.a.fsync: it takes a text or a number"),
        ('[feeds.a]\noutput = "a\\u0000b.jsonl"', ":2: feeds.a.output: it has a NUL character"),
        ('[feeds.a]\nproduct = ["A", "B\\u0000"]', ":2: feeds.a.product: it has a NUL character"),
        ("[feeds.a]\nheader = [['x']]", ":2: feeds.a.header: it takes a text, or a list of texts"),
        ("[feeds.a]\nproduct = '@-'", ":2: feeds.a.product: stdin cannot be read again"),
        ("[feeds.a]\nproduct = '@no.txt'", ":2: feeds.a.product: cannot read the product list {folder}/no.txt: "),
        ("[feeds.a]\nchannel = 'tickr'", ":2: feeds.a.channel: coinbase-advanced has no channel 'tickr'"),
        ("endpoint = 'x'\n[feeds.a]\n", ":1: endpoint, for feeds.a: there is no endpoint 'x'"),
        ("[feeds.a]\nrest-every = '1m'", ":2: feeds.a.rest-every: --rest-every and --rest-url say how --rest asks"),
        ("[feeds.a]\nurl = 'http://x?token=hunter2'", ":2: feeds.a.url: 'http://x?token=[redacted]' is not a"),
        ("output = '-'\n[feeds.a]\n", ":1: output, for feeds.a: several feeds may be recorded, so none goes to stdout"),
        ("[feeds.a]\noutput = 'no/x.jsonl'", ":2: feeds.a.output: {folder}/no is no folder: create it first"),
        (RAW + "verify-books = true", ":4: feeds.a.verify-books: nothing that raw sends can be checked: leave out"),
        ("[feeds.a]\noutput = 'x.txt'", ":2: feeds.a.output: {folder}/x.txt: the name of a recording must end in"),
        ("[feeds.a]\noutput = 'there.jsonl'", ":2: feeds.a.output: {folder}/there.jsonl is there already"),
        ("[feeds.a]\noutput = '{x}.jsonl'", ":2: feeds.a.output: {folder}/{{x}}.jsonl: {{x}} stands for nothing"),
        ("connections = 99\n[feeds.a]\nendpoint = 'coinmarketcap'\nchannel='x'", ":4: feeds.a.channel: "),
        ("output = 'x.jsonl'\n[feeds.a]\n[feeds.b]\n", ":1: output, for feeds.b: feeds.a writes to files of the same"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line_and_its_key(text: str, error: str, tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").touch()
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)
    assert str(raised.value).startswith(f"{tmp_path}/r.toml{error.format(folder=tmp_path)}")
    assert "hunter2" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_bytes(b"\xff")
    file = ConfigFile(tmp_path / "r.toml", RECORD, DEFAULTS)
    with pytest.raises(UsageError, match=r"cannot read the configuration .*r\.toml: not UTF-8 text"):
        file.read()


def shared(folder: Path, text: str, number: int, machines: int = 3) -> tuple[dict[str, FeedPlan], ConfigFile]:
    (folder / "r.toml").write_text(text)
    file = ConfigFile(folder / "r.toml", RECORD, DEFAULTS, Shard(number, machines))
    return file.read(), file


MANY = "[feeds.a]\nproduct = ['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8']\n[feeds.b]\nproduct = 'X'\n"


def test_a_machine_has_plans_for_what_it_records_alone(tmp_path: Path) -> None:
    found = [shared(tmp_path, MANY, number) for number in (1, 2, 3)]
    products = [plan.source.subscriptions[0].products for plans, _ in found for plan in plans.values()]
    assert sorted(one for its in products for one in its) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "X"]
    assert sorted("b" in plans for plans, _ in found) == [False, False, True]
    assert all(list(file.everything) == ["a", "b"] for _, file in found)
    assert all(file.everything["a"][1].subscriptions[0].products[7] == "P8" for _, file in found)


def test_products_that_come_and_go_change_the_plans_of_their_machines_alone(tmp_path: Path) -> None:
    """Also if they stand in a file; any other change is one of all machines."""
    (tmp_path / "list.txt").write_text("P1 P2 P3 P4 P5 P6 P7 P8")
    listed = "[feeds.a]\nproduct = '@list.txt'\n"
    before = [shared(tmp_path, text, number)[0]["a"] for text in (MANY, listed) for number in (1, 2, 3)]
    (tmp_path / "list.txt").write_text("P1 P2 P3 P4 P5 P6 P7 P8 NEW")
    more = MANY.replace("'P8'", "'P8', 'NEW'")
    after = [shared(tmp_path, text, number)[0]["a"] for text in (more, listed) for number in (1, 2, 3)]
    changed = [one != other for one, other in zip(before, after, strict=True)]
    assert [sum(changed[:3]), sum(changed[3:])] == [1, 1]
    other = [shared(tmp_path, f"level = 5\n{MANY}", number)[0]["a"] for number in (1, 2, 3)]
    assert all(one != plan for one, plan in zip(before, other, strict=False))


def test_what_is_wrong_is_wrong_on_each_machine_whatever_it_records(tmp_path: Path) -> None:
    """Two feeds that would write to the same file, and an option that is none."""
    for number in range(1, 6):
        for text, said in (
            ("output = 'x.jsonl'\n[feeds.a]\nproduct = 'A'\n[feeds.b]\nproduct = 'B'", "feeds.a writes to files of"),
            ("[feeds.a]\nrotte = 1", "there is no such option"),
        ):
            with pytest.raises(UsageError, match=said):
                shared(tmp_path, text, number, 5)


def test_files_of_two_feeds_must_differ_on_this_machine_too(tmp_path: Path) -> None:
    """As a whole their names do; but on some machine, both have the same product alone."""
    text = """
    output = "{product}-{time}.jsonl"
    channel = "ticker"
    [feeds.a]
    product = ["BTC-USD", "ETH-USD"]
    [feeds.b]
    product = ["BTC-USD", "SOL-USD", "ADA-USD"]
    """
    assert shared(tmp_path, text, 1, 1)[0].keys() == {"a", "b"}
    refused = 0
    for number in range(1, 10):
        try:
            shared(tmp_path, text, number, 9)
        except UsageError as error:
            refused += "feeds.a writes to files of the same name" in str(error)
    assert refused == 1


def test_a_raw_feed_is_on_the_machine_of_its_name(tmp_path: Path) -> None:
    text = "".join(f"[feeds.k{number}]\nendpoint = 'raw'\nurl = 'wss://example.com'\n" for number in range(12))
    found = [list(shared(tmp_path, text, number)[0]) for number in (1, 2, 3)]
    assert sorted(name for names in found for name in names) == sorted(f"k{number}" for number in range(12))
    assert all(found)
