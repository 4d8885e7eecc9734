"""
The credentials of requests to Advanced Trade.

A JWT as `Authorization: Bearer`, which names the request in `uri` (`jwt_generator.build_rest_jwt` of
coinbase-advanced-py 1.8.4) or in `uris` (`coinbase.create_auth_token` of ccxt 4.5.90, for Ed25519 keys): method, host
and path, without the query. Keys of the older kind sign with three headers (`coinbase.sign` of ccxt 4.5.90,
`get_private_parameters` of cryptofeed 2.4.1).
"""

from __future__ import annotations

from collections.abc import Collection

from ....http_messages import HttpRequest, first_value
from ...auth import Auth

__all__ = ["fault_of"]

_OLD_HEADERS = ("cb-access-key", "cb-access-sign", "cb-access-timestamp")


def fault_of(request: HttpRequest, auth: Auth, hosts: Collection[str]) -> str | None:
    """
    Return why the credentials of a request are refused, in words that follow "refused: "; None if they are not.

    Args:
        request: The request.
        auth: What is demanded.
        hosts: The venue's hosts, which a token may name besides that of the request.

    """
    if auth.mode == "any" and all(first_value(request.headers, name) for name in _OLD_HEADERS):
        return None
    if auth.mode == "strict" and first_value(request.headers, _OLD_HEADERS[0]):
        return "it is signed with a key of the older kind (CB-ACCESS-KEY), which cannot be checked"
    kind, _, token = (first_value(request.headers, "authorization") or "").partition(" ")
    return auth.check_jwt(token.strip() if kind.lower() == "bearer" else None, lambda uri: _names(uri, request, hosts))


def _names(uri: str, request: HttpRequest, hosts: Collection[str]) -> bool:
    """Tell whether a token names a request; before the path may be what a replay with several endpoints adds."""
    method, _, place = uri.partition(" ")
    host, slash, path = place.partition("/")
    asked = first_value(request.headers, "host") or ""
    return method == request.method and host in {*hosts, asked} and f"{slash}{path}".endswith(request.path)
