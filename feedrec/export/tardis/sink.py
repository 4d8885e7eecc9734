"""The files of all products, and what is missing in them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ...feeds.market.told import BookChanges, Ticker, Told, Trades
from ...formats.file.modes import USUAL, FileMode
from ..continuity import BookLost, Gap
from ..market_sink import ExportedFile
from ..product_names import ProductNames
from ..staged_folder import StagedFolder
from .layouts import GAPS, GAPS_NAME, MICROSECOND, SUFFIX, Kind, kinds_of
from .plain import plain_name, plain_token
from .product_files import ProductFiles
from .row_file import RowFile, RowFiles

__all__ = ["TardisSink", "begin"]


def begin(
    folder: Path, exchange: str, kinds: Collection[str] = (), *, overwrite: bool = False, mode: FileMode = USUAL
) -> TardisSink:
    """
    Begin to write the datasets of tardis.dev.

    Args:
        folder: Where they go; it is made if it does not exist.
        exchange: The name of the exchange, as tardis.dev has it.
        kinds: The kinds of files to write, as `layouts.HEADERS` has them; all if there are none.
        overwrite: Whether files of their names may be replaced.
        mode: Who may read them.

    Raises:
        UsageError: If there is no such kind.
        RecordingExistsError: If there is an export, and it may not be replaced.
        WriteError: If nothing can be written there.

    """
    wanted = kinds_of(kinds)
    stage = StagedFolder(folder, overwrite=overwrite, mode=mode)
    try:
        return TardisSink(stage, exchange, wanted)
    except BaseException:
        stage.discard()
        raise


class TardisSink:
    """
    Writes the datasets of tardis.dev: a `MarketSink`.

    Args:
        stage: The folder.
        exchange: The name of the exchange.
        kinds: The kinds of files to write.

    """

    def __init__(self, stage: StagedFolder, exchange: str, kinds: frozenset[Kind]) -> None:
        self._stage, self._exchange, self._kinds = stage, plain_name(exchange), kinds
        self._files = RowFiles(stage)
        self._gaps = RowFile(self._files, GAPS_NAME, GAPS, is_compressed=False)
        self._products: dict[str, ProductFiles] = {}
        self._names = ProductNames(plain_name)

    def take(self, time: int, told: Told | Gap | BookLost) -> None:
        """
        Take the next item; see `MarketSink`.

        Args:
            time: When it was received, in nanoseconds since 1970.
            told: The item; candles are in none of the datasets.

        Raises:
            RecordingError: If it cannot be written.

        """
        if isinstance(told, BookChanges):
            (self._products.get(told.product) or self._files_of(told.product)).take_book(time, told)
        elif isinstance(told, Trades):
            self._files_of(told.product).take_trades(time, told)
        elif isinstance(told, Ticker):
            self._files_of(told.product).take_ticker(time, told)
        elif isinstance(told, BookLost):
            self._files_of(told.product).lose_book()
        elif isinstance(told, Gap):
            self._take_gap(told)

    def finish(self) -> list[ExportedFile]:
        """
        Write what is left, and give the files their names; return them by name, the gaps first.

        Raises:
            RecordingError: If that fails; nothing is left behind then.

        """
        try:
            self._gaps.close()
            for files in self._products.values():
                files.close()
        except BaseException:
            self.discard()
            raise
        self._stage.commit()
        exported = [self._exported(self._gaps, notes=self._notes_of_all())]
        for product, files in self._products.items():
            exported += [self._exported(file, product, _notes(file, files)) for file in files.done]
        return sorted(exported, key=lambda file: (file.product != "", file.path.name))

    def discard(self) -> None:
        """Leave nothing behind."""
        self._stage.discard()

    def _take_gap(self, gap: Gap) -> None:
        cells = (self._files_of(gap.product).symbol, gap.of, plain_token(gap.reason))
        self._gaps.add(f"{','.join(cells)},{gap.start // MICROSECOND},{gap.end // MICROSECOND}\n", 1)

    def _files_of(self, product: str) -> ProductFiles:
        files = self._products.get(product)
        if files is None:
            name = self._names.of(product)
            files = self._products[product] = ProductFiles(self._files, self._exchange, product, name, self._kinds)
        return files

    def _notes_of_all(self) -> tuple[str, ...]:
        """Return what no other file tells: what was left out of files that there are not, and files of others."""
        written = {file.name for files in self._products.values() for file in files.done}
        others = len({path.name for path in self._stage.folder.glob(f"*{SUFFIX}")} - written)
        notes = []
        for kind, count in (("levels", "odd_levels"), ("trades", "odd_trades"), ("tickers", "odd_tickers")):
            left_out = sum(getattr(files, count) for files in self._products.values() if not _last(kind, files))
            if left_out:
                notes.append(f"{kind} that were left out: {left_out:,}; price or size is no number")
        if others:
            files = "1 file" if others == 1 else f"{others:,} files"
            notes.append(f"the folder has {files} of an earlier export, whose gaps are not in it")
        return tuple(notes)

    def _exported(self, file: RowFile, product: str = "", notes: tuple[str, ...] = ()) -> ExportedFile:
        return ExportedFile(self._stage.folder / file.name, file.rows, product, notes)


_TABLES = {"levels": "incremental_book_L2", "trades": "trades", "tickers": "quotes"}


def _last(kind: str, files: ProductFiles) -> RowFile | None:
    """Return the last file of a product that has levels, trades or tickers, if there is one."""
    return next((one for one in reversed(files.done) if f"_{_TABLES[kind]}_" in one.name), None)


def _notes(file: RowFile, files: ProductFiles) -> tuple[str, ...]:
    """Return what was left out, with the last file that it concerns."""
    notes = []
    counts = {"level": files.odd_levels, "trade": files.odd_trades, "ticker": files.odd_tickers}
    for what, count in counts.items():
        if count and file is _last(f"{what}s", files):
            were = f"1 {what} of it was" if count == 1 else f"{count:,} {what}s of it were"
            notes.append(f"{were} left out: price or size is no number")
    return tuple(notes)
