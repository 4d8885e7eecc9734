"""Removes what shipping left in a place when it was killed: temporary objects, and uploads that were never finished."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import PlaceError, UsageError
from ...formats.file.names import RECORDING_SUFFIXES, STATE_SUFFIX
from ...formats.places.url_path import UrlPath
from ...model import NANOSECONDS
from .destination import TEMPORARY, Destination

__all__ = ["Swept", "check_can_sweep", "sweep"]

_ASIDE = ".feedrec-"  # what a file is called in a folder until all of it is there


class Swept(NamedTuple):
    """
    What was removed.

    Attributes:
        key: The key of the object, or the one that the upload was for.
        is_upload: Whether it was an upload that was never finished: a bucket shows it to nobody, and it is paid for.

    """

    key: str
    is_upload: bool


def check_can_sweep(to: Destination) -> None:
    """
    See that what is needed is installed.

    Raises:
        UsageError: If it is not.

    """
    if isinstance(to.place, UrlPath) and to.place.scheme == "s3":
        _boto3(to.place)


def sweep(to: Destination, older_than: int, wall: Callable[[], int] = time.time_ns) -> Iterator[Swept]:
    """
    Remove what was left, and yield each thing that was.

    Stores other than S3 remove unfinished uploads by themselves, after a week.

    Args:
        to: The place.
        older_than: Nanoseconds: what is younger may be in use.
        wall: Returns the wall time, in nanoseconds.

    Raises:
        PlaceError: If that cannot be done.
        UsageError: If boto3 is needed, and not installed.

    """
    before = wall() - older_than
    for one in list(to.store.list(f"{TEMPORARY}/")):
        if one.modified <= before:
            to.store.delete(one.key)
            yield Swept(one.key, is_upload=False)
    if not isinstance(to.place, UrlPath):
        yield from _sweep_folder(to.place, before)
    elif to.place.scheme == "s3":
        yield from _sweep_uploads(to.place, before)


def _sweep_folder(folder: Path, before: int) -> Iterator[Swept]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            try:
                if name.startswith(_ASIDE) and path.lstat().st_mtime_ns <= before:
                    path.unlink()
                    yield Swept(path.relative_to(folder).as_posix(), is_upload=False)
            except OSError as error:
                raise PlaceError(path, f"cannot be removed: {error.strerror}") from error


def _sweep_uploads(place: UrlPath, before: int) -> Iterator[Swept]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  the extra `profiles`

    bucket, prefix = place.parts[1], f"{place.key}/" if place.key else ""
    try:
        client = _client(place)
        pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        for upload in [one for page in pages for one in page.get("Uploads", [])]:
            key = upload["Key"].removeprefix(prefix)
            if _is_of_feedrec(key) and _nanoseconds(upload["Initiated"]) <= before:
                client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                yield Swept(key, is_upload=True)
    except (BotoCoreError, ClientError) as error:
        raise PlaceError(
            place, f"uploads that were never finished stay there: {' '.join(str(error).split())}"
        ) from error


def _is_of_feedrec(key: str) -> bool:
    """Return whether feedrec may have begun an upload for a key: others may have their own in the same bucket."""
    return key.startswith(f"{TEMPORARY}/") or key.removesuffix(STATE_SUFFIX).endswith(RECORDING_SUFFIXES)


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * NANOSECONDS


def _boto3(place: UrlPath) -> Any:
    try:
        import boto3  # noqa: PLC0415  the extra `profiles`
    except ImportError as error:
        raise UsageError(f"{place}: to sweep a bucket needs boto3: pip install 'feedrec[profiles]'") from error
    return boto3


def _client(place: UrlPath) -> Any:
    """Return a client of the bucket, by the settings in the environment that obstore takes too."""
    from botocore.config import Config  # noqa: PLC0415  the extra `profiles`

    has_endpoint = bool(os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT_URL_S3"))
    is_hosted = os.environ.get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "").lower() in {"true", "1"}
    style = "path" if has_endpoint and not is_hosted else "auto"
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return _boto3(place).client(
        "s3", region_name=region, config=Config(s3={"addressing_style": style}, retries={"mode": "standard"})
    )
