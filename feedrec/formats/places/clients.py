"""The clients of obstore that one store is used with: they differ in how long a request may take and what it asks."""

from __future__ import annotations

import functools
import os
from datetime import timedelta
from typing import Any

from ...errors import UsageError
from .faults import fault_of
from .patience import Patience
from .protection import Protection
from .settings import check_address, client_settings, store_settings
from .url_path import UrlPath

__all__ = ["LARGEST_READ", "Clients"]

LARGEST_READ = 16 << 20
"""Bytes that one request asks for at most: the time that it may take follows from that."""

_PART_RETRIES = 5

_used_by: set[int] = set()


class Clients:
    """
    The clients of a store.

    Args:
        root: Its URL.
        protection: How what is written is to be kept.
        patience: How long a request may take.

    Attributes:
        obstore: The package.

    Raises:
        UsageError: If obstore is not installed, or the settings are wrong.

    """

    def __init__(self, root: UrlPath, protection: Protection, patience: Patience) -> None:
        try:
            import obstore  # noqa: PLC0415  the extra `cloud`
        except ImportError as error:
            raise UsageError(f"{root}: recordings at URLs need obstore: pip install 'feedrec[cloud]'") from error
        check_address(root)
        self.obstore = obstore
        self._root, self._protection, self._patience = root, protection, patience
        self._settings = store_settings(root)
        self._of = functools.lru_cache(maxsize=16)(self._opened)
        if not root.is_web:
            self._of(patience.timeout(LARGEST_READ), is_reading=True)

    def reading(self, key: str) -> tuple[Any, str]:
        """Return the client that reads an object, and what that calls it."""
        self._check_process()
        timeout = self._patience.timeout(LARGEST_READ)
        if self._root.is_web:  # named by all of its URL, in which everything stays as it was given
            return self._of(timeout, is_reading=True, key=key), ""
        return self._of(timeout, is_reading=True), key

    def writing(self, size: int) -> Any:
        """Return the client that writes an object of some bytes in one request."""
        self._check_process()
        return self._of(self._patience.timeout(size), has_acl=True)

    def in_parts(self, size: int) -> Any:
        """Return the client that writes parts of some bytes, each several times; the ACL is asked for with the copy."""
        self._check_process()
        return self._of(self._patience.timeout(size), retries=_PART_RETRIES)

    def _opened(
        self, timeout: int, *, is_reading: bool = False, has_acl: bool = False, retries: int = 0, key: str = ""
    ) -> Any:
        from obstore import store  # noqa: PLC0415

        root = self._root
        client: dict[str, Any] = client_settings(root) | {"timeout": f"{timeout}s", "connect_timeout": "10s"}
        settings = dict(self._settings)
        if is_reading:
            client["read_timeout"] = timedelta(seconds=self._patience.stall)
        else:
            settings |= self._protection.settings()
        if has_acl and (headers := self._protection.headers()):
            client["default_headers"] = headers
        longest = timedelta(seconds=timeout if retries else 0)
        retrying: Any = {"max_retries": retries, "retry_timeout": longest}
        try:
            if root.is_web:
                return store.HTTPStore(f"{root.url}/{key}", client_options=client, retry_config=retrying)  # type: ignore[arg-type]
            kind: Any = {"s3": store.S3Store, "gs": store.GCSStore, "az": store.AzureStore}[root.scheme]
            prefix = root.key or None  # not in a URL, of which # and ? would end it
            return kind(root.parts[1], prefix=prefix, client_options=client, retry_config=retrying, **settings)
        except Exception as error:
            raise UsageError(f"{root}: {fault_of(error).reason}") from error

    def _check_process(self) -> None:
        """See that obstore was not used before this process was forked: its threads are not here, and it would hang."""
        _used_by.add(os.getpid())
        if len(_used_by) > 1:
            raise UsageError(
                f"{self._root}: no store can be used in a process that was forked after one was: begin it with spawn"
            )
