"""Records of a recording as lines for a person: time, channel, product, sequence number, size, and how it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from ..formats.line.http_events import exchange_of
from ..http_messages import HttpExchange
from ..model import Event, Frame, FrameInfo, Header, Record, describe_nothing, format_time
from . import output
from .terminal import GAP, coloured, printable

__all__ = ["frame_lines"]

_MARKS = {"in": "<", "out": ">"}
_LONGEST_START = 400  # bytes of a payload that may be shown
_CHANNEL, _PRODUCT = (8, 16), (7, 12)  # columns if nothing was asked for, and at most, where a cell does not need more
_SEQUENCE, _SIZE, _METHOD = 6, 8, 4


def frame_lines(
    header: Header, records: Iterable[Record], describe: Callable[[bytes], FrameInfo], width: int
) -> Iterator[str]:
    """
    Yield a line for each record, and one with the date before the first one of each day.

    Args:
        header: The header of the recording.
        records: Its records.
        describe: Describes a received text frame.
        width: Columns of the terminal; what is longer is cut.

    """
    yield _cut(f"{header.endpoint}  {header.url}  {header.software}", width)
    asked = header.subscriptions
    widths = (
        _width(_CHANNEL, (str(one.get("channel")) for one in asked)),
        _width(_PRODUCT, (str(product) for one in asked for product in _listed(one.get("products")))),
    )
    date = ""
    for record in records:
        day, _, clock = format_time(record.time).partition("T")
        if day != date:
            date = day
            yield f"{date} (UTC)"
        conn = " " if record.conn is None else record.conn
        line = _cut(f"{clock[:12]} {conn} {_rest(record, describe, widths)}", width)
        yield coloured(line, line, GAP) if isinstance(record, Event) and record.name == "gap" else line


def _listed(products: object) -> list[object]:
    return products if isinstance(products, list) else []


def _width(bounds: tuple[int, int], cells: Iterable[str]) -> int:
    least, most = bounds
    return min(max(map(len, cells), default=least), most)


def _rest(record: Record, describe: Callable[[bytes], FrameInfo], widths: tuple[int, int]) -> str:
    if isinstance(record, Event):
        exchange = exchange_of(record)
        return f"- {_event(record)}" if exchange is None else f"- {_exchange(exchange)}"
    is_received = record.direction == "in" and not record.binary
    info = (describe if is_received else describe_nothing)(record.payload)
    products = info.products[0] if info.products else ""
    if len(info.products) > 1:
        products += f"+{len(info.products) - 1}"
    sequence = "" if info.sequence is None else str(info.sequence)
    cells = (
        _MARKS[record.direction],
        info.channel.ljust(widths[0]),
        products.ljust(widths[1]),
        sequence.rjust(_SEQUENCE),
        output.size(len(record.payload)).rjust(_SIZE),
        _start_of(record),
    )
    return " ".join(cells)


def _event(event: Event) -> str:
    details = msgspec.json.encode(event.details).decode(errors="backslashreplace") if event.details else ""
    return f"{event.name} {details}"


def _exchange(exchange: HttpExchange) -> str:
    answer = exchange.answer
    cells = exchange.method.ljust(_METHOD), str(answer.status), output.size(len(answer.body)).rjust(_SIZE)
    origin = exchange.url.removesuffix(exchange.target).removeprefix("https://")
    return " ".join((*cells, exchange.target, origin))  # where it was sent comes last: it is mostly the same


def _start_of(frame: Frame) -> str:
    start = frame.payload[:_LONGEST_START]
    return f"binary {start[:16].hex(' ')}" if frame.binary else start.decode(errors="backslashreplace")


def _cut(line: str, width: int) -> str:
    shown = printable(line).rstrip()
    return shown if len(shown) <= width else f"{shown[: width - 1]}…"
