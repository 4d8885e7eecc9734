"""Options of `feedrec record` that have each finished file shipped to a bucket."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from .....errors import UsageError
from .....model import NANOSECONDS
from ....options import AGE, all_options
from ....output import duration
from ..faults import about

if TYPE_CHECKING:
    from .....formats.file.naming.file_naming import FileNaming
    from .....recorder.keeping.keep_rule import Keep
    from .....recorder.keeping.retention import IsShipped
    from .....recorder.output.file_chain import FileChain
    from .....recorder.uploading.messages import ShipPlace

__all__ = ["ShipOptions", "ship_options"]

_ROTATE_AT = 256_000_000
"""Bytes of a file where nothing else is said: what is sent in one piece, and so appears at once."""

_MOST_AT_ONCE = 64


ship_options = all_options(
    click.option(
        "--ship",
        metavar="URL",
        help="Upload each finished file below this, s3://BUCKET/PREFIX/ or a folder, several at once; over none that "
        "is there.",
    ),
    click.option(
        "--ship-keep",
        type=AGE,
        help="Remove here what is older than this, e.g. 1d or 0s, once it is shipped and checked there.  "
        "[default: all stays]",
    ),
    click.option(
        "--ship-at-once",
        metavar="N",
        type=click.IntRange(1, _MOST_AT_ONCE),
        default=4,
        show_default=True,
        help="Upload so many files at the same time.",
    ),
    click.option(
        "--ship-encryption",
        metavar="NAME",
        help="Have S3 encrypt them so: AES256, aws:kms or aws:kms:dsse.  [default: as the bucket says]",
    ),
    click.option("--ship-kms-key", metavar="ID", help="The key of KMS for that.  [default: that of the account]"),
    click.option(
        "--ship-acl",
        metavar="NAME",
        help="Whom S3 gives access, e.g. bucket-owner-full-control.  [default: as the bucket says]",
    ),
)
"""Adds the options of `ShipOptions`."""


class ShipOptions(msgspec.Struct, frozen=True):
    """
    The values of the options.

    Attributes:
        ship: Where finished files are uploaded to; None for nowhere.
        ship_keep: Seconds after which what is shipped is removed here; None for never.
        ship_at_once: How many are uploaded at the same time.
        ship_encryption: How S3 is to encrypt them; None for what is set there.
        ship_kms_key: The key for that; None for that of the account.
        ship_acl: Whom S3 gives access; None for what is set there.

    """

    ship: str | None = None
    ship_keep: float | None = None
    ship_at_once: int = 4
    ship_encryption: str | None = None
    ship_kms_key: str | None = None
    ship_acl: str | None = None

    def __post_init__(self) -> None:
        """Refuse options that cannot be combined."""
        if self.ship is not None:
            return
        if self.ship_keep is not None:
            raise UsageError("--ship-keep removes what is shipped: add --ship URL, or use --keep")
        if self.ship_encryption or self.ship_kms_key or self.ship_acl:
            raise UsageError("--ship-encryption, --ship-kms-key and --ship-acl say how to --ship: add --ship URL")

    @property
    def place(self) -> ShipPlace | None:
        """Where to; None for nowhere."""
        if self.ship is None:
            return None
        from .....formats.places.protection import Protection
        from .....recorder.uploading.messages import ShipPlace

        protection = Protection(self.ship_encryption or "", self.ship_kms_key or "", self.ship_acl or "")
        return ShipPlace(self.ship, self.ship_at_once, protection)

    @property
    def kept(self) -> tuple[Keep, ...]:
        """How much of what is shipped is kept here; empty for all."""
        from .....recorder.keeping.keep_rule import Keep

        return () if self.ship_keep is None else (Keep(round(self.ship_keep * NANOSECONDS)),)

    @property
    def said(self) -> str:
        """What is done with a finished file, in a few words; empty if nothing is."""
        if self.ship is None:
            return ""
        if self.ship_keep is None:
            return f"to {self.ship}"
        return f"to {self.ship}, and removed here{f' after {duration(self.ship_keep)}' if self.ship_keep else ''}"

    def completed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """
        Return the values of all options, with those that shipping implies where nothing else was said.

        Files of a folder are named by when they begin, so that the next recorder finds those of this one; a new one
        begins before it is too large to be sent in one piece.
        """
        if self.ship is None or values.get("output") == "-":
            return values
        from .....formats.file.names import PARQUET_SUFFIX, ZSTD_SUFFIX
        from .....formats.file.naming.template import has_fields, parse_template
        from .....formats.file.rotation import RotateAfter

        suffix = PARQUET_SUFFIX if values.get("kind") == "parquet" else ZSTD_SUFFIX
        output: str = values.get("output") or "./"
        if Path(output).is_dir():
            output = f"{output.rstrip('/')}/"
        if output.endswith("/") and not has_fields(output):
            output += "{endpoint}_{channel}_{time}" + suffix
        rotate = values.get("rotate")
        if rotate is None and not (has_fields(output) and "time" not in parse_template(output, suffix).fields):
            rotate = RotateAfter(size=_ROTATE_AT)
        return {**values, "output": output, "rotate": rotate}

    def check(self, output: str | None) -> None:
        """
        Refuse a place where nothing can be shipped to; nothing is asked of it.

        Raises:
            UsageError: If it is none, what reaches it is not installed, or nothing is written that could be shipped.

        """
        if (place := self.place) is None:
            return
        if output == "-":
            raise UsageError("-o - writes no file that could be shipped: leave out --ship, or name a file or a folder")
        from .....formats.places.opening import store_at
        from .....formats.places.url_path import place_of
        from .....recorder.shipping.destination import Destination

        with about("ship"):
            to = Destination(place_of(place.url)).place
            store_at(to, place.protection)

    def add_step(self, chain: FileChain, naming: FileNaming) -> IsShipped | None:
        """Add the step that ships; return what tells whether a file is there; None if nothing is shipped."""
        if self.place is None:
            return None
        from .....recorder.uploading.ship_finisher import ShipFinisher
        from .....recorder.uploading.uploader import Uploader

        uploader = Uploader.of(self.place)
        is_waited_for = lambda: chain.is_waited_for()  # noqa: E731, PLW0108  who runs it sets that later
        step = ShipFinisher(uploader, naming.depth, chain.is_wanted, is_waited_for)
        chain.append(step)
        return step.is_there
