"""The URL of a recording, in the place of a path: `s3://bucket/prefix/x.jsonl.zst`; and what is asked of either."""

from __future__ import annotations

import os
import re
from pathlib import Path, PosixPath
from typing import Any, NoReturn, Self

from ...errors import UsageError

__all__ = ["UrlPath", "as_text", "bucket_of", "is_there", "place_of", "without_links"]

_SCHEMES = ("s3", "gs", "az", "https", "http")
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.ASCII | re.DOTALL | re.IGNORECASE)
_STORED = re.compile(r"(s3|gs|az|https|http):/([^/].*)", re.DOTALL)
_USER = re.compile(r"^(\w+:/*)?[^/?#]*@", re.ASCII)
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*", re.ASCII)
_HIDDEN = "…"


class UrlPath(PosixPath):
    """
    The URL of an object, or of the folder that a prefix is.

    Names are made of it as of any path: `with_name`, `parent`, `/`. What would look for it on this machine, such as
    `stat` or `os.path.exists`, raises UsageError in place of finding another file.

    As text, it has `…` for what gives access: a query, which may be a signature, and a name with a password. It is read
    again from `url`, which has them; names made of it have no query.
    """

    __slots__ = ("_query",)

    _query: str

    def __str__(self) -> str:
        text = super().__str__()
        match = _STORED.fullmatch(text)
        return (
            _without_secrets(f"{match[1]}://{match[2]}" + (f"?{self.query}" if self.query else "")) if match else text
        )

    def __fspath__(self) -> NoReturn:
        raise UsageError(f"{self}: this needs a file or folder of this machine, not a URL")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, UrlPath) and self.query != other.query:
            return False
        return super().__eq__(other)

    def __hash__(self) -> int:
        return hash((super().__hash__(), self.query))

    def __reduce__(self) -> Any:
        return _again, (self.parts, self.query)

    @property
    def query(self) -> str:
        """What stands behind `?`, as it was given; only for web servers."""
        return getattr(self, "_query", "")

    @property
    def scheme(self) -> str:
        """`s3`, `gs`, `az`, `https` or `http`."""
        return self.parts[0].removesuffix(":")

    @property
    def url(self) -> str:
        """All of it, with what gives access: never to be shown."""
        return f"{self.root_url}/{self.key}" if self.key else self.root_url

    @property
    def root_url(self) -> str:
        """The URL of the bucket, the container or the server; it may have a password."""
        return f"{self.scheme}://{self.parts[1]}"

    @property
    def key(self) -> str:
        """The name of the object in its bucket, of a web server with the query; empty for the bucket itself."""
        return "/".join(self.parts[2:]) + (f"?{self.query}" if self.query else "")

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
        UsageError: If it is a URL of another kind, one without a bucket, or one that no object can have.

    """
    if isinstance(name, Path):
        return name
    match = _URL.fullmatch(name)
    if match is None:
        return Path(name)
    scheme, rest = match[1].lower(), match[2]
    shown = _without_secrets(name)
    if scheme not in _SCHEMES:
        known = ", ".join(f"{one}://" for one in _SCHEMES[:-1])
        raise UsageError(f"{shown}: no recordings are read from or written to {scheme}://, only {known}")
    is_web = scheme.startswith("http")
    address, _, query = rest.partition("#")[0].partition("?") if is_web else (rest, "", "")
    root, _, key = address.partition("/")
    if not root.rpartition("@")[2]:
        raise UsageError(f"{shown}: names no {'server' if is_web else 'bucket'}")
    if why := _why_unusable(scheme, root, key, query):
        raise UsageError(f"{shown}: {why}")
    return _again((f"{scheme}:", root, *key.removesuffix("/").split("/")), query)


def as_text(path: Path) -> str:
    """Return what `place_of` makes the path or URL of again, elsewhere; not to be shown."""
    return path.url if isinstance(path, UrlPath) else str(path)


def bucket_of(path: UrlPath) -> UrlPath:
    """Return the URL of the bucket, container or server that an object is in."""
    return UrlPath(*path.parts[:2])


def is_there(path: Path, *, as_listed: bool = False) -> bool:
    """
    Return whether there is anything of a name: a file, a link, an object.

    Args:
        path: The name, here or as a URL.
        as_listed: Whether of a URL, what a listing told lately will do.

    Raises:
        PlaceError: If a store does not say.

    """
    if not isinstance(path, UrlPath):
        return os.path.lexists(path)
    from .seen_objects import is_object  # noqa: PLC0415  for URLs only

    return is_object(path, as_listed=as_listed)


def without_links(path: Path) -> Path:
    """Return the absolute name of a file to which links lead; a URL as it is."""
    return path if isinstance(path, UrlPath) else Path(os.path.realpath(path))


def _why_unusable(scheme: str, root: str, key: str, query: str) -> str:
    """Return why nothing can be at an address; empty if something can."""
    is_web = scheme.startswith("http")
    reasons = {
        "what gives access is hidden here: use the URL itself": _HIDDEN in root or query == _HIDDEN,
        "credentials do not belong in a URL but in the environment, or in a profile": not is_web and "@" in root,
        "this is no name of a bucket": not is_web and not _BUCKET.fullmatch(root),
        "a part of this name is empty or made of dots, which no recording can have": (
            key != "" and any(part in {"", ".", ".."} for part in key.removesuffix("/").split("/"))
        ),
        "Azure takes \\ for /": scheme == "az" and "\\" in key,
        "there is a control character in it": any(one < " " or one == "\x7f" for one in root + key + query),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _again(parts: tuple[str, ...], query: str) -> UrlPath:
    place = UrlPath(parts[0], *parts[1:])
    if query:
        place._query = query  # noqa: SLF001  of this module
    return place


def _without_secrets(text: str) -> str:
    """Return a URL with `…` in place of its query and of its user."""
    text = _USER.sub(lambda match: f"{match[1] or ''}{_HIDDEN}@", text)
    if text[:4].lower() == "http":
        address, mark, _ = text.partition("?")
        return address + (f"?{_HIDDEN}" if mark else "")
    return text
