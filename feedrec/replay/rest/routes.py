"""
Which endpoints a request may be for. Pure.

1. A path that begins with the name of an endpoint, `/NAME/...`, is for that one, and means what follows the name there.
2. Otherwise, a Host that only some endpoints have is for these: the hosts of their REST halves, and those of their
   feeds. So one server stands for all of them where their names lead to it.
3. Otherwise it may be for any of them. Of several, the first one that has an answer gives it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from ...http_messages import HttpRequest

__all__ = ["Route", "is_of_feed", "routes"]


class Route(NamedTuple):
    """
    An endpoint that a request may be for.

    Attributes:
        endpoint: Its name.
        request: The request as the venue would have got it, without that name.

    """

    endpoint: str
    request: HttpRequest


def routes(request: HttpRequest, hosts: Mapping[str, Collection[str]]) -> list[Route]:
    """
    Return the endpoints that a request may be for, at least one, the first one first.

    Args:
        request: The request.
        hosts: All endpoints, with the names of their hosts. An endpoint that several have become has all their names,
            joined by `+`.

    """
    _, name, rest = request.path.split("/", 2) if request.path.count("/") > 1 else ("", "", "")
    for endpoint in hosts:
        if name and name in (endpoint, *endpoint.split("+")):
            target = f"/{rest}{request.target[len(request.path) :]}"
            return [Route(endpoint, msgspec.structs.replace(request, target=target))]
    named = [endpoint for endpoint, its in hosts.items() if request.host in its]
    return [Route(endpoint, request) for endpoint in named or hosts]


def is_of_feed(request: HttpRequest, endpoints: Collection[str]) -> bool:
    """
    Tell whether a request is for a path at which WebSocket clients are served: `/`, or the name of an endpoint.

    So is that of the icon that browsers ask for by themselves.
    """
    path = request.path.strip("/")
    return not path or path in endpoints or path == "favicon.ico"
