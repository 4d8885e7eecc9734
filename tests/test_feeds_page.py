"""docs/feeds.md has everything that the catalogue has, and its example is a venue that works."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest

from feedrec.feeds import Feed, endpoint_names, find_feed
from feedrec.feeds.server_half import describe_settings
from feedrec.feeds.server_half.closing import ClosingSettings
from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Event, Frame, Header

from .cli.command import background, feedrec, first_line, interrupt
from .feeds.test_plugins import install
from .shared import SHARED

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "feeds.md").read_text()
REPLAY_PAGE = (ROOT / "docs" / "replay.md").read_text()
SEEDS = SHARED / "seeds"
START = 1_795_280_400 * NANOSECONDS

each_endpoint = pytest.mark.parametrize("feed", list(map(find_feed, endpoint_names())), ids=endpoint_names())


def rows(text: str) -> dict[str, list[str]]:
    """Give the cells of each row of the tables, by the first one."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0]: cells[1:] for cells in lines}


def section_of(feed: Feed) -> str:
    """Give the section that is named after the venue."""
    heading = f"## {feed.summary.partition(',')[0]}\n"
    assert PAGE.count(heading) == 1
    return PAGE.partition(heading)[2].partition("\n## ")[0]


def block(language: str, word: str) -> str:
    (found,) = (one for one in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if word in one)
    return str(found)


@each_endpoint
def test_an_endpoint_has_its_row(feed: Feed) -> None:
    """With address, credentials and failover."""
    summary, address, credentials, failover = rows(PAGE)[f"`{feed.name}`"]
    assert summary == feed.summary
    assert address == (f"`{feed.url}`" if feed.url else "yours, by `--url`")
    assert credentials == ("none" if feed.credentials is None else "needed" if feed.needs_credentials else "optional")
    assert failover == (f"`{feed.failover}`" if feed.failover else "-")


@each_endpoint
def test_a_setting_has_its_row_in_the_page_of_the_replay(feed: Feed) -> None:
    """With its default and its meaning, in the section of its venue; those of every venue have one of their own."""
    sections = {"every venue": describe_settings(ClosingSettings)}
    if settings := getattr(feed, "settings", ()):
        sections[feed.summary.partition(",")[0]] = settings
    for whose, settings in sections.items():
        part = REPLAY_PAGE.partition(f"### Of {whose}\n")[2].partition("\n### ")[0]
        shown = {name: [cell.strip("`| ") for cell in cells] for name, cells in rows(part).items() if name[0] == "`"}
        assert shown == {f"`{one.name}`": [one.default or "none", one.meaning.strip("`")] for one in settings}


@each_endpoint
def test_a_channel_has_its_row_in_the_section_of_its_venue(feed: Feed) -> None:
    """With what it takes and needs; where all of an endpoint needs credentials, its text says so."""
    for channel in feed.channels.values():
        summary, takes, credentials = rows(section_of(feed))[f"`{channel.name}`"]
        assert summary == channel.summary
        assert ("products" in takes) == channel.takes_products
        assert ("[products]" in takes) == channel.products_optional
        params = [*channel.params, *(f"[{name}]" for name in channel.optional_params)]
        assert re.findall(r"`(.*?)`", takes) == params
        assert credentials == "needed" or not channel.needs_credentials
        if feed.needs_credentials and credentials != "needed":
            assert "each needs credentials" in section_of(feed)


@each_endpoint
def test_no_row_is_of_a_channel_that_is_not_there(feed: Feed) -> None:
    if feed.channels:
        siblings = [
            one for one in map(find_feed, endpoint_names()) if one.summary.startswith(feed.summary.split(",")[0])
        ]
        known = {f"`{name}`" for one in siblings for name in one.channels}
        assert {name for name in rows(section_of(feed)) if name.startswith("`")} <= known


@each_endpoint
def test_limits_are_told(feed: Feed) -> None:
    for number in (feed.connections_per_second, feed.messages_per_second):
        assert number is None or re.search(rf"\b{number} \w*( \w+)? ?a second", section_of(feed))
    for limit in feed.limits:
        assert re.findall(r"\d[\d.]*", limit)[0] in section_of(feed)


@each_endpoint
def test_every_variable_has_its_row(feed: Feed) -> None:
    table = PAGE.partition("## Credentials")[2].partition("\n## ")[0]
    for variable in feed.credentials.variables if feed.credentials else ():
        assert f"`{variable}`" in table


@pytest.mark.skipif(not SEEDS.exists(), reason="needs ../shared")
def test_every_address_and_channel_of_the_seeds_is_told() -> None:
    text = "\n".join(path.read_text() for path in sorted(SEEDS.glob("00[0-4]_*.txt")))
    addresses = set(re.findall(r"wss://[\w./-]*\w", text))
    assert len(addresses) >= 7
    assert {address for address in addresses if f"`{address}`" not in PAGE} == set()
    channels = set(re.findall(r"`((?:market|onchain)@\w+)`", text)) | set(re.findall(r'"channel": "(\w+)"', text))
    copra = text.partition("The current channels provided")[2].partition("currently hosts")[0]
    channels |= set(re.findall(r"^  • (\w+) - ", copra, re.MULTILINE))
    channels -= {"heartbeart", "l2_data", "subscriptions"}  # a slip of the pen, and names that only frames have
    assert len(channels) >= 20
    assert {channel for channel in channels if f"| `{channel}` |" not in PAGE} == set()


def installed(folder: Path, package: str, code: str, *offers: str) -> dict[str, str]:
    """Install a venue of the page as a package; return the environment in which it is there."""
    folder.mkdir()
    install(folder, package, code, *offers)
    return {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"}


@pytest.fixture
def acme(tmp_path: Path) -> dict[str, str]:
    offers = tomllib.loads(block("toml", "entry-points"))["project"]["entry-points"]["feedrec.feeds"]
    (package,) = {value.partition(":")[0] for value in offers.values()}
    entry_points = (f"{name} = {value}" for name, value in offers.items())
    return installed(tmp_path / "packages", package, block("python", "class Acme("), *entry_points)


@pytest.fixture
def examplex(tmp_path: Path) -> dict[str, str]:
    code = block("python", "class Examplex(")
    return installed(tmp_path / "packages", "examplex_feed", code, "examplex = examplex_feed:FEED")


def trade(symbol: str, number: int) -> bytes:
    return json.dumps({"op": "trade", "symbol": symbol, "price": f"{number}.50"}).encode()


def recording_of_acme(path: Path) -> Path:
    """Write what Acme would have sent to a client that takes both symbols."""
    recording = create_recording(path, Header("acme", created=START))
    recording.write(Event(START, 0, "open", {}))
    recording.write(Frame(START, 0, b'{"op":"subscribed","symbols":["ANVIL","ROCKET"]}'))
    for number in range(20):
        recording.write(Frame(START + number, 0, trade("ROCKET" if number % 4 == 0 else "ANVIL", number)))
    return recording.finish()


def test_the_venue_of_the_page_records_and_replays(tmp_path: Path, acme: dict[str, str]) -> None:
    """Its client half from its server half, through real sockets, by the command line."""
    market = recording_of_acme(tmp_path / "market.jsonl")
    target = tmp_path / "x.jsonl.zst"
    with background("replay", market, "--port", 0, "--speed", "max", env=acme) as server:
        url = first_line(server.stdout)
        options = ("--url", url, "-p", "ANVIL", "--max-frames", 16, "-o", target)
        done = feedrec("record", "-e", "acme", *options, env=acme)
        assert done.returncode == 0, done.stderr.decode()
        refused = feedrec("record", "-e", "acme", "--url", url, "-p", "FEATHER", cwd=tmp_path, env=acme)
    assert refused.returncode == 1
    assert b"acme refuses: no symbol FEATHER; check the symbols" in refused.stderr
    anvil = [trade("ANVIL", number) for number in range(20) if number % 4]
    with open_recording(target) as recording:
        assert recording.header.subscriptions == [{"channel": "trades", "products": ["ANVIL"]}]
        frames = [one for one in recording if isinstance(one, Frame)]
    assert [one.payload for one in frames if one.direction == "out"] == [b'{"op":"subscribe","symbols":["ANVIL"]}']
    assert [one.payload for one in frames if one.direction == "in"] == [
        b'{"op":"subscribed","symbols":["ANVIL"]}',
        *anvil,
    ]
    shown = feedrec("cat", "--raw", "-c", "trades", target, env=acme)
    assert shown.stdout.splitlines() == anvil
    assert b"Acme, the market" in feedrec("feeds", "acme", env=acme).stdout


def test_a_recording_of_a_venue_that_is_not_installed_is_replayed_as_it_is(tmp_path: Path) -> None:
    market = recording_of_acme(tmp_path / "market.jsonl")
    with background("replay", market, "--port", 0, "--speed", "max") as server:
        options = ("--url", first_line(server.stdout), "--max-frames", 21, "-o", tmp_path / "x.jsonl")
        done = feedrec("record", "-e", "raw", *options)
    assert done.returncode == 0, done.stderr.decode()
    with open_recording(tmp_path / "x.jsonl") as recording:
        assert sum(isinstance(one, Frame) for one in recording) == 21


def book(op: str, symbol: str, number: int, bids: list[list[str]], asks: list[list[str]]) -> bytes:
    message = {"op": op, "symbol": symbol, "number": number, "bids": bids, "asks": asks}
    return json.dumps({name: value for name, value in message.items() if value != []}, separators=(",", ":")).encode()


BOOKS = [
    book("snapshot", "GOLD", 10, [["9.5", "2"], ["10.0", "1"]], [["10.5", "3"]]),
    book("snapshot", "SILVER", 5, [["1.0", "1"]], []),
    book("update", "GOLD", 11, [["10.00", "0"]], [["10.4", "7"]]),
    book("update", "SILVER", 6, [["1.1", "4"]], []),
    book("update", "GOLD", 12, [["9.75", "5"]], []),
    book("update", "GOLD", 14, [], [["10.5", "0"]]),
]
"""What Examplex sent in a second each; the recorder lost number 13 of GOLD."""


def recording_of_examplex(path: Path) -> Path:
    recording = create_recording(path, Header("examplex", created=START))
    recording.write(Event(START, 0, "open", {}))
    recording.write(Frame(START, 0, b'{"op":"subscribed","symbols":["GOLD","SILVER"]}'))
    for second, payload in enumerate(BOOKS):
        recording.write(Frame(START + second * NANOSECONDS, 0, payload))
    return recording.finish()


def test_the_book_venue_of_the_page_fits_on_a_page_or_two() -> None:
    assert len(block("python", "class Examplex(").splitlines()) <= 130


def test_the_book_venue_of_the_page_records_and_replays_with_state_on_arrival(
    tmp_path: Path, examplex: dict[str, str]
) -> None:
    """A client that comes after three seconds gets the ack, the book of that moment, and what is new."""
    market = recording_of_examplex(tmp_path / "market.jsonl")
    target = tmp_path / "x.jsonl"
    with background("replay", market, "--from", "+3s", "--port", 0, "--speed", "max", env=examplex) as server:
        options = ("--url", first_line(server.stdout), "-o", target, "--max-frames", 4)
        done = feedrec("record", "-e", "examplex", "-p", "GOLD,LEAD", *options, env=examplex)
    assert done.returncode == 0, done.stderr.decode()
    assert b"the venue did not accept book LEAD" in done.stderr
    with open_recording(target) as recording:
        records = list(recording)
    arrived = [one.payload for one in records if isinstance(one, Frame) and one.direction == "in"]
    assert arrived == [
        b'{"op":"subscribed","symbols":["GOLD"]}',
        book("snapshot", "GOLD", 11, [["9.5", "2"]], [["10.4", "7"], ["10.5", "3"]]),
        *BOOKS[4:],
    ]
    events = {one.name: one.details for one in records if isinstance(one, Event)}
    assert events["missing"]["subscriptions"] == [{"channel": "book", "products": ["LEAD"]}]
    assert events["gap"]["missing"] == 1


def test_the_book_venue_of_the_page_refuses_as_a_venue_does(tmp_path: Path, examplex: dict[str, str]) -> None:
    """What the recording lacks ends a recording, and the person who runs the replay learns what there is."""
    market = recording_of_examplex(tmp_path / "market.jsonl")
    with background("replay", market, "--port", 0, env=examplex) as server:
        options = ("--url", first_line(server.stdout), "-o", tmp_path / "x.jsonl")
        failed = feedrec("record", "-e", "examplex", "-p", "LEAD", *options, env=examplex)
        assert failed.returncode == 1
        _, _, told = interrupt(server)
        assert b"asks for book LEAD, which the recording lacks; it has GOLD, SILVER" in told
        assert b"the venue accepted nothing of what was asked for" in failed.stderr
    verified = feedrec("verify", market, env=examplex)
    assert (verified.returncode, b"expected 13, received 14" in verified.stdout) == (3, True)
