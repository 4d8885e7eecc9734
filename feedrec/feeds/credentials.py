"""
Keys that sign what a client sends, and where they are read from.

A key signs with the wall clock and the randomness that it is given, one signature per message: a JWT is valid for two
minutes, an Exchange signature for 30 seconds. No error, `repr` or cause of an error reveals anything of a key.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from ..errors import UsageError
from ..model import NANOSECONDS
from .decoding import decoder_of

if TYPE_CHECKING:
    from .signing import SigningKey

__all__ = [
    "CDP_KEY",
    "EXCHANGE_KEY",
    "EXCHANGE_REQUEST",
    "JWT_LIFE",
    "CdpKey",
    "Credentials",
    "CredentialsKind",
    "ExchangeKey",
    "cdp_key_from_environment",
    "exchange_key_from_environment",
    "key_from_environment",
    "parse_cdp_key_file",
    "parse_exchange_key_file",
]

JWT_LIFE = 120
"""Seconds for which a JWT is valid (docs.cdp.coinbase.com, WebSocket authentication)."""

_ISSUER = "cdp"
"""`iss` of a CDP key's tokens (official SDK, coinbase-advanced-py 1.8.4)."""

EXCHANGE_REQUEST = b"GET/users/self/verify"
"""What the signature of a message signs beside its time (docs.cdp.coinbase.com, Exchange WebSocket authentication)."""

_TELLING = 16
"""Shortest line of a key that is redacted by itself: a shorter one may occur anywhere by chance."""


class Credentials(Protocol):
    """
    What proves a client's identity to a venue.

    Attributes:
        secrets: Every text that must never be shown or recorded; none is empty.

    """

    @property
    def secrets(self) -> tuple[str, ...]:
        """See above."""


class CredentialsKind(msgspec.Struct, frozen=True):
    """
    The credentials that an endpoint takes, as far as a command line needs to know.

    Attributes:
        summary: What they are and where to get them, for people; a noun phrase.
        variables: The environment variables that hold them, all required.
        file: What a file of them looks like, for people.
        from_environment: Reads them from the environment; None if no variable is set. Raises `UsageError` if only some
            are, or if they are not valid.
        from_file: Reads them from the text of a file. Raises `UsageError`.

    """

    summary: str
    variables: tuple[str, ...]
    file: str
    from_environment: Callable[[Mapping[str, str]], Credentials | None]
    from_file: Callable[[str], Credentials]


class CdpKey:
    """
    An API key of the Coinbase Developer Platform.

    Args:
        name: `organizations/.../apiKeys/...`, or the id of a newer key.
        private_key_text: EC on P-256 as PEM (SEC1 or PKCS8), or Ed25519 as PEM (PKCS8), as base64 of the 32 bytes of
            its seed, or as base64 of seed and public key. Line ends may be written as `\\n`.

    Attributes:
        name: As above.
        algorithm: `ES256` or `EdDSA`, depending on the key.

    Raises:
        UsageError: If the name is empty, or the text is not such a key.

    """

    __slots__ = ("_key", "_texts", "name")

    def __init__(self, name: str, private_key_text: str) -> None:
        from .signing import signing_key  # noqa: PLC0415  loads cryptography

        if not name.strip():
            raise UsageError(
                "the name of the API key is empty; it looks like organizations/.../apiKeys/... or is an id"
            )
        text = _unescaped(private_key_text)
        key = signing_key(text)
        if key is None:
            raise UsageError(
                "the private key is neither an EC key on P-256 (PEM) nor an Ed25519 key (PEM, or base64 of 32 or 64 "
                "bytes); copy all of it from the key file that Coinbase gave you"
            )
        self.name = name.strip()
        self._key: SigningKey = key
        self._texts = (private_key_text, text)

    @property
    def algorithm(self) -> str:
        """See above."""
        return self._key.algorithm

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the name, and the private key in every form in which it is passed around."""
        text = self._texts[1]
        lines = [line.strip() for line in text.splitlines() if not line.startswith("-----")]
        telling = [line for line in lines if len(line) >= _TELLING]
        escaped = text.replace("\n", "\\n")
        return _distinct(self.name, *self._texts, escaped, "".join(lines), *telling, *self._key.base64_forms())

    def jwt(self, now: int, nonce: str) -> str:
        """
        Return a token that is valid from `now` for two minutes, header and claims as the official SDK makes them.

        Args:
            now: Wall clock, nanoseconds.
            nonce: 64 random hexadecimal digits, different for each token.

        """
        begin = now // NANOSECONDS
        claims: dict[str, Any] = {"sub": self.name, "iss": _ISSUER, "nbf": begin, "exp": begin + JWT_LIFE}
        return self._key.jwt(claims, {"kid": self.name, "nonce": nonce})

    def public_key_text(self) -> str:
        """Return the public key as PEM."""
        return self._key.public_text()

    def __repr__(self) -> str:
        return f"CdpKey({self.algorithm})"


class ExchangeKey:
    """
    An API key of Coinbase Exchange.

    Args:
        key: The API key.
        secret: Base64, as the venue shows it.
        passphrase: As chosen when the key was made.

    Attributes:
        key: As above.
        passphrase: As above.

    Raises:
        UsageError: If one of them is empty, or the secret is not base64.

    """

    __slots__ = ("_secret", "_text", "key", "passphrase")

    def __init__(self, key: str, secret: str, passphrase: str) -> None:
        for name, value in {"key": key, "secret": secret, "passphrase": passphrase}.items():
            if not value.strip():
                raise UsageError(f"the {name} of the Exchange API key is empty")
        decoded = _base64(secret)
        if not decoded:
            raise UsageError("the secret of the Exchange API key is not base64; copy all of it, with any = at its end")
        self.key = key.strip()
        self.passphrase = passphrase.strip()
        self._text = secret.strip()
        self._secret = decoded

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return key, secret and passphrase."""
        return _distinct(self.key, self._text, self._text.rstrip("="), self.passphrase)

    def sign(self, now: int) -> dict[str, str]:
        """
        Return what signs a message: `signature`, `key`, `passphrase`, `timestamp`.

        Args:
            now: Wall clock, nanoseconds. The venue accepts the signature for 30 seconds.

        """
        timestamp = str(now // NANOSECONDS)
        signature = self.signature(timestamp)
        return {"signature": signature, "key": self.key, "passphrase": self.passphrase, "timestamp": timestamp}

    def signature(self, timestamp: str, request: bytes = EXCHANGE_REQUEST) -> str:
        """
        Return a signature as base64: HMAC-SHA256 with the decoded secret.

        Args:
            timestamp: Seconds since 1970.
            request: What is signed along with it: method, path and body of a request; messages have a fixed one.

        """
        import hashlib  # noqa: PLC0415  loads OpenSSL
        import hmac  # noqa: PLC0415

        message = timestamp.encode("utf-8", "surrogatepass") + request
        return base64.b64encode(hmac.digest(self._secret, message, hashlib.sha256)).decode()

    def __repr__(self) -> str:
        return "ExchangeKey()"


class _CdpKeyFile(msgspec.Struct):
    private_key: str = msgspec.field(name="privateKey")
    name: str = ""
    id: str = ""


class _ExchangeKeyFile(msgspec.Struct):
    key: str
    secret: str
    passphrase: str


_decode_cdp_key = decoder_of(_CdpKeyFile)
_decode_exchange_key = decoder_of(_ExchangeKeyFile)


def parse_cdp_key_file(text: str) -> CdpKey:
    """
    Read a key file from Coinbase: JSON with `name` or `id`, and `privateKey`. Other members are ignored.

    Raises:
        UsageError: If it is not such a file.

    """
    found = _decode_cdp_key(text.removeprefix("\ufeff"))
    if found is None:
        raise UsageError('the key file is not JSON such as {"name": "organizations/...", "privateKey": "..."}')
    name = found.name or found.id
    if not name.strip():
        raise UsageError("the key file has neither a name nor an id; it needs the one of its privateKey")
    return CdpKey(name, found.private_key)


def parse_exchange_key_file(text: str) -> ExchangeKey:
    """
    Read a file of Exchange credentials: JSON with `key`, `secret` and `passphrase`. Other members are ignored.

    Raises:
        UsageError: If it is not such a file.

    """
    found = _decode_exchange_key(text.removeprefix("\ufeff"))
    if found is None:
        raise UsageError('the key file is not JSON such as {"key": "...", "secret": "...", "passphrase": "..."}')
    return ExchangeKey(found.key, found.secret, found.passphrase)


_CDP_VARIABLES = ("COINBASE_API_KEY", "COINBASE_API_SECRET")
"""As the official SDK names them."""

_EXCHANGE_VARIABLES = ("COINBASE_EXCHANGE_API_KEY", "COINBASE_EXCHANGE_API_SECRET", "COINBASE_EXCHANGE_API_PASSPHRASE")


def cdp_key_from_environment(environment: Mapping[str, str]) -> CdpKey | None:
    """
    Read COINBASE_API_KEY and COINBASE_API_SECRET; None if neither is set.

    Raises:
        UsageError: If only one is set, or they are not a valid key.

    """
    return key_from_environment(environment, _CDP_VARIABLES, CdpKey)


def exchange_key_from_environment(environment: Mapping[str, str]) -> ExchangeKey | None:
    """
    Read COINBASE_EXCHANGE_API_KEY, COINBASE_EXCHANGE_API_SECRET, COINBASE_EXCHANGE_API_PASSPHRASE; None if none is set.

    Raises:
        UsageError: If only some are set, or they are not a valid key.

    """
    return key_from_environment(environment, _EXCHANGE_VARIABLES, ExchangeKey)


CDP_KEY = CredentialsKind(
    summary="an API key of the Coinbase Developer Platform (portal.cdp.coinbase.com)",
    variables=_CDP_VARIABLES,
    file='the JSON file that Coinbase gives: {"name": "organizations/...", "privateKey": "..."}',
    from_environment=cdp_key_from_environment,
    from_file=parse_cdp_key_file,
)

EXCHANGE_KEY = CredentialsKind(
    summary="an API key of Coinbase Exchange (exchange.coinbase.com, or its sandbox)",
    variables=_EXCHANGE_VARIABLES,
    file='a JSON file {"key": "...", "secret": "...", "passphrase": "..."}',
    from_environment=exchange_key_from_environment,
    from_file=parse_exchange_key_file,
)


_Key = TypeVar("_Key")


def key_from_environment(
    environment: Mapping[str, str], variables: tuple[str, ...], make: Callable[..., _Key]
) -> _Key | None:
    """
    Make a key from the values of some variables; None if none is set.

    Raises:
        UsageError: If only some are set, or they are not a valid key.

    """
    values = [environment.get(variable, "").strip() for variable in variables]
    if not any(values):
        return None
    missing = [variable for variable, value in zip(variables, values, strict=True) if not value]
    if missing:
        present = [variable for variable in variables if variable not in missing]
        raise UsageError(
            f"{' and '.join(present)} is set, but not {' and '.join(missing)}; set {' and '.join(missing)}"
        )
    try:
        return make(*values)
    except UsageError as error:
        raise UsageError(f"{' / '.join(variables)}: {error}") from None


def _base64(text: str) -> bytes | None:
    try:  # None instead of an exception, whose text would hold the secret
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        return None


def _unescaped(text: str) -> str:
    # Neither PEM nor base64 has a backslash or a quote; shells, .env files and container settings add both.
    return text.replace("\\r", "").replace("\\n", "\n").replace("\r", "").strip().strip("\"'").strip()


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text.strip()))
