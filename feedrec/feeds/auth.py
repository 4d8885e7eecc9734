"""
How the server halves check the credentials that clients send.

JWTs and Exchange signatures are valid in wall time, while a replay lives in the past: so the wall clock is a parameter.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec

from ..errors import UsageError
from ..model import NANOSECONDS, TIME_LIMIT
from .api_key import ApiKey, parse_api_key_file
from .credentials import EXCHANGE_REQUEST, CdpKey, ExchangeKey, parse_cdp_key_file, parse_exchange_key_file
from .decoding import decoder_of

__all__ = ["AUTH_MODES", "SIGNATURE_WINDOW", "Auth", "AuthKey", "AuthMode", "PublicKey", "parse_auth_key"]

AuthMode = Literal["any", "none", "strict"]

AUTH_MODES: tuple[AuthMode, ...] = get_args(AuthMode)
"""`any`: credentials must be present. `none`: none are needed. `strict`: they must match the given keys."""

SIGNATURE_WINDOW = 30
"""Seconds by which the time of an Exchange signature may differ from the venue's (Exchange authentication pages)."""

ISSUERS = ("cdp", "coinbase-cloud")
"""`iss` of the official SDK, and of older samples in "Advanced Trade WebSocket Overview"."""

_FAILS = "that it fails was asked for"

_SIGNED_FIELDS = ("signature", "key", "passphrase", "timestamp")
_API_KEY = re.compile(r"[0-9a-zA-Z_-]{16,64}", re.ASCII)
_TIMESTAMP = re.compile(r"(\d{1,12})(?:\.(\d{1,18}))?", re.ASCII)

_Second = (
    Annotated[int, msgspec.Meta(ge=0, lt=TIME_LIMIT // NANOSECONDS)]
    | Annotated[float, msgspec.Meta(ge=0, lt=TIME_LIMIT // NANOSECONDS)]
)


class _JwtHeader(msgspec.Struct):
    alg: str
    kid: str
    crit: Any = None


class _JwtClaims(msgspec.Struct):
    sub: str
    iss: str
    nbf: _Second
    exp: _Second
    uri: Any = None
    uris: Any = None


_decode_header = decoder_of(_JwtHeader)
_decode_claims = decoder_of(_JwtClaims)
_decode_fields = decoder_of(dict[str, Any])


class PublicKey:
    """
    The public half of a CDP key, which tokens are checked against.

    Args:
        text: EC on P-256 or Ed25519, as PEM.
        name: The name of the key, which tokens must have; None for any name.

    Raises:
        UsageError: If the text is not such a key.

    """

    __slots__ = ("_key", "name")

    def __init__(self, text: str, name: str | None = None) -> None:
        from .signing import verifying_key  # noqa: PLC0415  loads cryptography

        key = verifying_key(text)
        if key is None:
            raise UsageError("the public key is neither an EC key on P-256 nor an Ed25519 key, as PEM")
        self._key = key
        self.name = name

    @property
    def algorithm(self) -> str:
        """The one algorithm whose signatures it accepts: `ES256` or `EdDSA`."""
        return self._key.algorithm

    def accepts(self, token: str) -> bool:
        """Tell whether the signature of a token is of this key. Never raises."""
        return self._key.accepts(token)

    def __repr__(self) -> str:
        return f"PublicKey({self.algorithm})"


AuthKey = PublicKey | ExchangeKey | ApiKey
"""What credentials can be checked against."""


class Auth:
    """
    Checks of the credentials of clients that ask for something that needs them.

    The checks return the reason for a refusal, in words that follow "refused: ", for the person who runs the replay, or
    None if there is no reason to refuse. They reveal nothing of what the client sent, and never raise.

    Args:
        mode: See `AUTH_MODES`.
        now: Returns the wall clock, nanoseconds.
        keys: What `strict` checks against: a public key for JWTs, an Exchange key for its signatures, an API key that
            goes with the handshake; one of each at most.
        fails: Tells whether credentials that are there are refused, whatever they are.

    Raises:
        UsageError: If the mode and the keys do not fit together.

    """

    def __init__(
        self,
        mode: AuthMode = "any",
        *,
        now: Callable[[], int],
        keys: Sequence[AuthKey] = (),
        fails: Callable[[], bool] = lambda: False,
    ) -> None:
        if mode not in AUTH_MODES:
            raise UsageError(f"unknown mode {mode!r} of checking credentials (known: {', '.join(AUTH_MODES)})")
        if mode == "strict" and not keys:
            raise UsageError("strict checking of credentials needs a key to check them against")
        if mode != "strict" and keys:
            raise UsageError(f"a key to check credentials against is only for 'strict', not for {mode!r}")
        public_keys = [key for key in keys if isinstance(key, PublicKey)]
        exchange_keys = [key for key in keys if isinstance(key, ExchangeKey)]
        api_keys = [key for key in keys if isinstance(key, ApiKey)]
        if len(public_keys) > 1 or len(exchange_keys) > 1 or len(api_keys) > 1:
            raise UsageError("two keys of one kind to check credentials against; give one")
        self.mode = mode
        self._now = now
        self._fails = fails
        self._venue_time: int | None = None
        self._public_key = public_keys[0] if public_keys else None
        self._exchange_key = exchange_keys[0] if exchange_keys else None
        self._api_key = api_keys[0] if api_keys else None

    def also_at(self, time: int) -> Auth:
        """
        Return the same checks for a moment at which the venue's clock shows a time, in nanoseconds.

        A client that asks the venue for its time signs by that, which in a replay is the recorded one
        (coinbase-pro-node 9.1.0, `signRequest`).
        """
        other = copy.copy(self)
        other._venue_time = time  # noqa: SLF001
        return other

    def check_jwt(
        self, token: object, names_request: Callable[[str], bool] | None = None, *, is_needed: bool = True
    ) -> str | None:
        """
        Check the `jwt` of a client's message or of its HTTP request, None if it has none.

        Args:
            token: The token.
            names_request: Of an HTTP request, which the token must name: tells whether a `uri` does.
            is_needed: Whether the answer depends on it.

        """
        if self.mode == "none":
            return None
        if token is None or token == "":
            return "it has no jwt"
        if not isinstance(token, str):
            return "its jwt is not a string"
        if is_needed and self._fails():
            return _FAILS
        return None if self.mode == "any" else self._refuse_jwt(token, names_request)

    def check_exchange(self, message: Mapping[str, object], request: bytes = EXCHANGE_REQUEST) -> str | None:
        """
        Check `signature`, `key`, `passphrase` and `timestamp` of a client.

        Args:
            message: What has these: a message, or the headers of a request under those names.
            request: What is signed along with the timestamp; see `ExchangeKey.signature`.

        """
        if self.mode == "none":
            return None
        fields = {name: _text(message.get(name), or_number=name == "timestamp") for name in _SIGNED_FIELDS}
        absent = [name for name, text in fields.items() if not text]
        if absent:
            return f"it has no {', no '.join(absent)}"
        if self._fails():
            return _FAILS
        return None if self.mode == "any" else self._refuse_signature(fields, request)

    def check_api_key(self, key: str | None) -> str | None:
        """Check the API key of a client's handshake, None if it has none."""
        if self.mode == "none":
            return None
        if not key:
            return "it has no API key"
        if self._fails():
            return _FAILS
        if self.mode == "any":
            return None
        if self._api_key is None:
            return "its API key cannot be checked: no API key was given"
        return None if _equal(key, self._api_key.key) else "its API key is a different one"

    def _refuse_jwt(self, token: str, names_request: Callable[[str], bool] | None) -> str | None:
        key = self._public_key
        if key is None:
            return "its jwt cannot be checked: no public key was given"
        parts = _parse_jwt(token)
        if parts is None:
            return "its jwt is malformed"
        header, claims = parts
        if header.crit is not None:
            return "its jwt requires an extension (crit) that the venue does not support"
        if header.alg != key.algorithm:
            return f"its jwt is not signed with {key.algorithm}, the algorithm of the key"
        if not key.accepts(token):
            return "its jwt is signed with another key, or was altered"
        return (
            _refuse_names(header, claims, key.name)
            or _refuse_request(claims, names_request)
            or _refuse_time(claims, self._now())
        )

    def _refuse_signature(self, fields: Mapping[str, str], request: bytes) -> str | None:
        key = self._exchange_key
        if key is None:
            return "its signature cannot be checked: no Exchange key was given"
        time = _parse_timestamp(fields["timestamp"])
        if time is None:
            return "its timestamp is not in seconds since 1970, such as 1700000000 or 1700000000.123"
        apart = self._now() - time
        if not self._is_near(apart) and (self._venue_time is None or not self._is_near(self._venue_time - time)):
            side = "behind" if apart > 0 else "ahead of"
            return f"its timestamp is {abs(apart) // NANOSECONDS} s {side} the clock; {SIGNATURE_WINDOW} s are allowed"
        signature = key.signature(fields["timestamp"], request)
        expected = {"key": key.key, "passphrase": key.passphrase, "signature": signature}
        wrong = [name for name, value in expected.items() if not _equal(fields[name], value)]
        return f"its {wrong[0]} is wrong" if wrong else None

    @staticmethod
    def _is_near(apart: int) -> bool:
        return abs(apart) <= SIGNATURE_WINDOW * NANOSECONDS


def parse_auth_key(text: str) -> AuthKey:
    """
    Read the key that `strict` checks against from the text of a file, whatever its kind.

    It is a public key as PEM; a CDP key file, of which the public half and the name are used; an Exchange key file; or
    an API key, bare or in a key file.

    Raises:
        UsageError: If it is none of these.

    """
    text = text.removeprefix("\ufeff").strip()
    if text.startswith("-----BEGIN PUBLIC KEY"):
        return PublicKey(text)
    if text.startswith("-----BEGIN"):
        return PublicKey(CdpKey("unnamed", text).public_key_text())
    fields = _decode_fields(text) or {}
    if "privateKey" in fields:
        key = parse_cdp_key_file(text)
        return PublicKey(key.public_key_text(), key.name)
    if "passphrase" in fields:
        return parse_exchange_key_file(text)
    if ("key" in fields and "secret" not in fields) or _API_KEY.fullmatch(text):
        return parse_api_key_file(text)
    raise UsageError(
        "the key to check credentials against is neither a public key (PEM), nor a key file with privateKey, nor one "
        "with key, secret and passphrase, nor an API key"
    )


def _parse_jwt(token: str) -> tuple[_JwtHeader, _JwtClaims] | None:
    """Parse a token in compact form (RFC 7515, 7.1); None if it is malformed or incomplete."""
    segments = [_from_base64url(segment) for segment in token.split(".", 3)]
    if len(segments) != 3 or None in segments:
        return None
    header, claims = _decode_header(segments[0] or b""), _decode_claims(segments[1] or b"")
    return None if header is None or claims is None else (header, claims)


def _from_base64url(segment: str) -> bytes | None:
    """Decode base64url without padding; None unless it is in its only valid form, with unused bits zero."""
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        return None
    return raw if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == segment else None


def _refuse_names(header: _JwtHeader, claims: _JwtClaims, name: str | None) -> str | None:
    if claims.sub != header.kid:
        return "the sub of its jwt differs from the kid in its header"
    if name is not None and claims.sub != name:
        return "its jwt names another key"
    if claims.iss not in ISSUERS:
        return f"its jwt has an iss that is neither {' nor '.join(ISSUERS)}"
    return None


def _refuse_request(claims: _JwtClaims, names_request: Callable[[str], bool] | None) -> str | None:
    """Refuse a token that is not for the request: `uri` names one, `uris` some."""
    uris = claims.uris if isinstance(claims.uris, list) else []
    is_for_it = names_request is None or any(names_request(uri) for uri in (claims.uri, *uris) if isinstance(uri, str))
    return None if is_for_it else "its jwt is not for this request (uri)"


def _refuse_time(claims: _JwtClaims, now: int) -> str | None:
    begin, end = _nanoseconds(claims.nbf), _nanoseconds(claims.exp)
    if now < begin:
        return f"its jwt is not valid before {-(-(begin - now) // NANOSECONDS)} s from now (nbf)"
    if now >= end:
        return f"its jwt expired {(now - end) // NANOSECONDS} s ago (exp)"
    return None


def _nanoseconds(seconds: float) -> int:
    whole = int(seconds)
    return whole * NANOSECONDS + int((seconds - whole) * NANOSECONDS)


def _parse_timestamp(text: str) -> int | None:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    seconds, decimals = match.groups()
    return int(seconds) * NANOSECONDS + int((decimals or "")[:9].ljust(9, "0"))


def _text(value: object, *, or_number: bool) -> str:
    """Return a field as text; some clients send the timestamp as a number."""
    if or_number and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value) if abs(value) < TIME_LIMIT else ""
    return value if isinstance(value, str) else ""


def _equal(given: str, expected: str) -> bool:
    import hmac  # noqa: PLC0415  loads OpenSSL

    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
