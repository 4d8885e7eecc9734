"""Writes what recordings tell of the market as files that hftbacktest reads: one for each product and day."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ...errors import WriteError
from ...feeds.market.told import BookChanges, Told, Trades
from ...formats.file.modes import USUAL, FileMode
from ..continuity import BookLost, Gap
from ..days import DAY, date_of, day_of
from ..market_sink import ExportedFile
from ..product_names import ProductNames
from ..staged_folder import StagedFolder
from .collecting import LATEST
from .product_day import ProductDay
from .spool import Spool

__all__ = ["HftbacktestSink", "begin"]

_MOST_COLLECTED = 1 << 17
"""Levels and trades that are kept as texts, of all products together: 20 MB."""

_MOST_AT_ONE_TIME = 1 << 20
"""The same if all were received at one time, and their order is not known before the next one."""


def begin(
    folder: Path,
    exchange: str,  # noqa: ARG001  no file has it
    *,
    fix_latency: bool = False,
    base_latency: int = 0,
    overwrite: bool = False,
    mode: FileMode = USUAL,
) -> HftbacktestSink:
    """
    Begin to write files for hftbacktest.

    Args:
        folder: Where they go; it is made if it does not exist.
        exchange: The name of the exchange.
        fix_latency: Whether to put off all times of the local clock, by as much as none is before its time of the
            exchange; of all files by the same. All rows wait in the folder until that is known.
        base_latency: By how much more, in nanoseconds, if any are put off.
        overwrite: Whether files of their names may be replaced.
        mode: Who may read them.

    Raises:
        WriteError: If nothing can be written there.

    """
    stage = StagedFolder(folder, overwrite=overwrite, mode=mode)
    try:
        return HftbacktestSink(stage, base_latency if fix_latency else None)
    except BaseException:
        stage.discard()
        raise


class _Days(NamedTuple):
    """
    A day of all products.

    Attributes:
        begin: When it begins, in nanoseconds.
        spool: Where its rows wait.
        of: What is known of each product.
        paths: Where the file is written, of each product of which anything is told.

    """

    begin: int
    spool: Spool
    of: dict[str, ProductDay]
    paths: dict[str, Path]


class HftbacktestSink:
    """
    Writes files for hftbacktest: a `MarketSink`.

    Args:
        stage: The folder.
        base_latency: None if the times of the local clock stay as they are; see `begin`.

    """

    def __init__(self, stage: StagedFolder, base_latency: int | None = None) -> None:
        self._stage, self._base_latency = stage, base_latency
        self._days = _Days(0, Spool(stage.folder), {}, {})
        self._past: list[_Days] = []
        self._told: dict[str, ProductDay] = {}
        self._time = self._day_end = 0
        self._collected = 0
        self._names = ProductNames()
        self._exported: list[ExportedFile] = []

    def take(self, time: int, told: Told | Gap | BookLost) -> None:
        """
        Take the next item; see `MarketSink`.

        Args:
            time: When it was received, in nanoseconds since 1970. If it is earlier than the item before, the clock was
                set back: it counts as received at the time of that one, so that the order stays.
            told: The item; tickers and candles are in no file.

        Raises:
            RecordingError: If it cannot be written.

        """
        time = min(time, LATEST)  # from when on rows are left out
        if time > self._time:
            if time >= self._day_end:
                self._begin_day(day_of(time))
            elif self._collected >= _MOST_COLLECTED:
                self._spool()
            self._time = time
        if isinstance(told, BookChanges):
            self._day_of(told.product).take_changes(self._time, told)
        elif isinstance(told, Trades):
            if told.is_snapshot:  # from before the recording
                return
            self._day_of(told.product).take_trades(self._time, told)
        else:
            if isinstance(told, BookLost) and told.product in self._days.of:
                self._days.of[told.product].lose_book()
            return
        self._collected += len(told.prices)
        if time < self._time:
            self._days.of[told.product].set_back(self._time - time, len(told.prices))
        if self._collected >= _MOST_AT_ONE_TIME:
            self._spool()

    def finish(self) -> list[ExportedFile]:
        """
        Write what is left, and give the files their names; return them by name.

        Raises:
            RecordingError: If that fails; nothing is left behind then.

        """
        try:
            self._leave_day(self._days)
            shift = self._shift()
            for days in self._past:
                self._write(days, shift)
            self._past = []
            self._stage.commit()
        finally:
            self.discard()
        return sorted(self._exported, key=lambda file: file.path)

    def discard(self) -> None:
        """Leave nothing behind."""
        for days in (self._days, *self._past):
            days.spool.close()
        self._stage.discard()

    def _day_of(self, product: str) -> ProductDay:
        day = self._told.get(product)
        return day or self._begin_file(product)

    def _begin_file(self, product: str) -> ProductDay:
        days = self._days
        days.paths[product] = self._stage.create(f"{self._names.of(product)}_{date_of(days.begin):%Y%m%d}.npz")
        day = self._told[product] = days.of.setdefault(product, ProductDay(days.spool, self._time))
        return day

    def _spool(self) -> None:
        for day in self._told.values():
            day.spool()
        self._collected = 0

    def _begin_day(self, begin: int) -> None:
        days = self._days
        may_stay = self._base_latency is not None  # then no file is open for each day that waits
        following = _Days(begin, days.spool if may_stay else Spool(self._stage.folder), {}, {})
        for product, day in days.of.items():
            next_day = day.next_day(following.spool, begin)
            if next_day is not None:
                following.of[product] = next_day
        self._days, self._told, self._collected = following, {}, 0
        self._day_end = begin + DAY
        self._leave_day(days)

    def _leave_day(self, days: _Days) -> None:
        if self._base_latency is None:
            self._write(days, 0)
            days.spool.close()
        else:
            for day in days.of.values():
                day.spool()
            self._past.append(days)

    def _shift(self) -> int:
        """Return by how much all are put off."""
        lowest = min((day.latencies.lowest for days in self._past for day in days.of.values()), default=0)
        return 0 if self._base_latency is None or lowest >= 0 else self._base_latency - lowest

    def _write(self, days: _Days, shift: int) -> None:
        for product, path in days.paths.items():
            day = days.of[product]
            try:
                with path.open("wb") as file:
                    rows = day.write(file, shift)
            except OSError as error:
                raise WriteError(self._stage.folder / path.name, f"cannot be written: {error.strerror}") from error
            self._exported.append(ExportedFile(self._stage.folder / path.name, rows, product, day.notes(shift)))
