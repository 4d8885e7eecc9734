"""A TLS handshake without a socket."""

from __future__ import annotations

import ssl

__all__ = ["handshake", "strict_client"]


def strict_client(authority: bytes) -> ssl.SSLContext:
    """Give the context of a client that trusts an authority only, as strict as Python 3.13 is by itself."""
    context = ssl.create_default_context(cadata=authority.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> None:
    """Connect a client to a host; raise what the client raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            if side is theirs:
                return
