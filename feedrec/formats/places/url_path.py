"""The URL of a recording, in the place of a path: `s3://bucket/prefix/x.jsonl.zst`."""

from __future__ import annotations

import re
from pathlib import Path, PosixPath
from typing import NoReturn, Self

from ...errors import UsageError

__all__ = ["UrlPath", "place_of"]

_SCHEMES = ("s3", "gs", "az", "https", "http")
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.ASCII | re.DOTALL | re.IGNORECASE)
_STORED = re.compile(r"(s3|gs|az|https|http):/([^/].*)", re.DOTALL)


class UrlPath(PosixPath):
    """
    The URL of an object, or of the folder that a prefix is.

    Names are made of it as of any path: `with_name`, `parent`, `/`. What would look for it on this machine, such as
    `stat` or `os.path.exists`, raises UsageError in place of finding another file.
    """

    __slots__ = ()

    def __str__(self) -> str:
        text = super().__str__()
        match = _STORED.fullmatch(text)
        return f"{match[1]}://{match[2]}" if match else text

    def __fspath__(self) -> NoReturn:
        raise UsageError(f"{self}: this needs a file or folder of this machine, not a URL")

    @property
    def scheme(self) -> str:
        """`s3`, `gs`, `az`, `https` or `http`."""
        return self.parts[0].removesuffix(":")

    @property
    def root_url(self) -> str:
        """The URL of the bucket, the container or the server."""
        return f"{self.scheme}://{self.parts[1]}"

    @property
    def key(self) -> str:
        """The name of the object in its bucket; empty for the bucket itself."""
        return "/".join(self.parts[2:])

    @property
    def is_web(self) -> bool:
        """Whether it is of a web server: what is there can be read, and nothing else."""
        return self.scheme in {"https", "http"}

    def is_absolute(self) -> bool:
        return True

    def absolute(self) -> Self:
        return self

    def resolve(self, strict: bool = False) -> Self:  # noqa: ARG002, FBT001, FBT002  as Path has it
        return self


def place_of(name: Path | str) -> Path:
    """
    Return where a recording is: a path, or a `UrlPath` for a URL.

    Args:
        name: A path; or a URL that begins with `s3://bucket`, `gs://bucket`, `az://container` or `https://`.

    Raises:
        UsageError: If it is a URL of another kind, or one without a bucket.

    """
    if isinstance(name, Path):
        return name
    match = _URL.fullmatch(name)
    if match is None:
        return Path(name)
    scheme, rest = match[1].lower(), match[2]
    if scheme not in _SCHEMES:
        known = ", ".join(f"{one}://" for one in _SCHEMES[:-1])
        raise UsageError(f"{name}: no recordings are read from or written to {scheme}://, only {known}")
    if not rest.strip("/") or rest.startswith("/"):
        raise UsageError(f"{name}: names no {'server' if scheme.startswith('http') else 'bucket'}")
    address, mark, query = rest.partition("?") if scheme.startswith("http") else (rest, "", "")
    return UrlPath(f"{scheme}:/{address}{mark}{query.replace('/', '%2F')}")
