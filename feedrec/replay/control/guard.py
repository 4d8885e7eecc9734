"""
Who may steer. Pure.

Host and Origin of a request were looked at before it came here, as for any other (`admission`). Beyond that,

1. where there is a token, each request must have it. There is one if a person gave one, and else as soon as others than
   this machine reach the server;
2. what a browser sends for a page of another site is refused, unless an Origin says whose page that is: then it was
   found to be allowed. Browsers say so in `Sec-Fetch-Site` (W3C, Fetch Metadata Request Headers). A link to the page
   itself may stand anywhere: it changes nothing.
"""

from __future__ import annotations

import http

from ...admission.bearer_token import has_token, new_token
from ...admission.handshakes import Refusal
from ...http_messages import HttpRequest, first_value

__all__ = ["Guard"]

_FOREIGN = "pages of other sites may not steer: open the page of this server, or ask without a browser"
_NOT_TOLD = (
    "the control token is missing or wrong: send it as Authorization: Bearer TOKEN, or as ?token=TOKEN; it is that of "
    "--control-token, or else was printed when the replay began"
)


class Guard:
    """
    Looks at requests.

    Args:
        token: What they must have; None for nothing, unless `expose` is called.

    Attributes:
        token: The same.
        is_made: Whether the token was made here.

    """

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.is_made = False

    def expose(self) -> None:
        """Require a token, since others than this machine reach the server: make one if there is none."""
        if self.token is None:
            self.token = new_token()
            self.is_made = True

    def refusal(self, request: HttpRequest, *, is_public: bool = False) -> Refusal | None:
        """
        Return why a request is refused; None if it is not.

        Args:
            request: The request.
            is_public: Whether it asks for what everybody may read: that needs no token.

        """
        if _is_of_other_site(request):
            return Refusal(http.HTTPStatus.FORBIDDEN, _FOREIGN)
        if self.token is None or is_public or has_token(request, self.token):
            return None
        return Refusal(http.HTTPStatus.UNAUTHORIZED, _NOT_TOLD)


def _is_of_other_site(request: HttpRequest) -> bool:
    headers = request.headers
    if first_value(headers, "sec-fetch-site") != "cross-site" or first_value(headers, "origin") is not None:
        return False
    kind = first_value(headers, "sec-fetch-mode"), first_value(headers, "sec-fetch-dest")
    return kind != ("navigate", "document") or request.method not in ("GET", "HEAD")
