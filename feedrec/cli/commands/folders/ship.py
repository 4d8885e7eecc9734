"""`feedrec ship`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ....errors import UsageError
from ...options import AGE, as_json, logging_options

_MOST_AT_ONCE = 64


@click.command()
@click.argument("names", metavar="[FOLDER|FILE...] URL", nargs=-1, required=True)
@click.option(
    "--keep",
    metavar="DURATION",
    type=AGE,
    help="Remove here what was last written this long ago, e.g. 1d or 0s, once it was looked at there again.  "
    "[default: all stays]",
)
@click.option(
    "--at-once",
    metavar="N",
    type=click.IntRange(1, _MOST_AT_ONCE),
    default=4,
    show_default=True,
    help="Ship so many recordings at the same time.",
)
@click.option("--pending", is_flag=True, help="Also ship recordings with which a recorder that is gone was not done.")
@click.option("--sweep", is_flag=True, help="Remove there what was left by who was killed while shipping.")
@click.option(
    "--sweep-age",
    metavar="DURATION",
    type=AGE,
    default="1d",
    show_default=True,
    help="Leave what is younger: it may be in use.",
)
@click.option("--encryption", metavar="NAME", help="Have S3 encrypt them so: AES256, aws:kms or aws:kms:dsse.")
@click.option("--kms-key", metavar="ID", help="The key of KMS for that.")
@click.option("--acl", metavar="NAME", help="Whom S3 gives access, e.g. bucket-owner-full-control.")
@as_json
@logging_options
def ship(names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """
    Send the finished recordings of a folder to a bucket, and check them there. URL may be a folder of another disk.

    Each keeps its path below FOLDER, and its checkpoints go with it. What is there already is compared and not sent;
    another object of the same name stays, and is told of. Files that are being written are left for the next run, which
    also goes on where one was killed.

    The exit code is 0 if all are there, 3 if some are not, 1 if none could be shipped.

    \b
      feedrec ship recordings/ s3://bucket/prefix/
      feedrec ship recordings/ s3://bucket/prefix/ --keep 1d
      feedrec ship s3://bucket/prefix/ --sweep
    """
    from ....formats.places.protection import Protection
    from ...shipping.shipping import Asked, destination_of, ship_and_report

    *paths, url = names
    if not paths and not options["sweep"]:
        raise UsageError(f"what is to be shipped to {url}? Name a folder of recordings before it")
    missing = next((path for path in paths if "://" not in path and not Path(path).exists()), None)
    if missing is not None:
        raise UsageError(f"{missing}: no such file or folder")
    protection = Protection(options["encryption"] or "", options["kms_key"] or "", options["acl"] or "")
    asked = Asked(
        options["keep"],
        options["at_once"],
        options["pending"],
        options["sweep_age"] if options["sweep"] else None,
        as_json,
    )
    raise click.exceptions.Exit(ship_and_report(_places(paths), destination_of(url, protection), asked))


def _places(paths: list[str]) -> list[Path]:
    from ....formats.places.url_path import place_of

    return [place_of(path) for path in paths]
