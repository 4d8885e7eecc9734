"""
Which keys have secret values: the one rule for messages, query parameters and headers.

A key is taken apart into words: at case (`apiKey`, `APIKey`), at digits, and at everything that is no letter. A word
made of others (`APIKEY`, `accesstoken`) is taken apart too. So `apiKey`, `API-KEY`, `x_mbx_apikey` and `listenKey` are
secret, since `key` is one of their words; `keyboard`, `design` and `author` are not. `token` is also what is traded:
`token_id`, `baseToken` and `tokens` are not secret, `access_token` and `apiTokens` are.

The words are those of the keys that venues document: Binance, Bitfinex, BitMEX, Bitstamp, Bybit, Coinbase, CoinEx,
Deribit, Gate.io, Gemini, HTX, Kraken, KuCoin, OKX, Phemex and WhiteBIT.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

__all__ = ["is_login", "is_secret_key", "may_tell_of_login"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SECRET = _words("""
    auth authenticate authentication authorisation authorization bearer cookie cred credential creds csrf hmac jwt key
    mnemonic nonce oauth otp pass passcode passphrase passwd password pin pkey pwd secret session sig sign signature
    skey token totp xsrf
""")
_SECRET_IN_PLURAL = frozenset(f"{word}s" for word in _SECRET - _words("key pass pin session sign token"))

_SECRET_PAIRS = frozenset(
    {("access", "id"), ("client", "id"), ("seed", "phrase"), ("signed", "challenge"), ("signed", "str")}
)
"""Keys of Deribit, CoinEx and Kraken Futures whose words alone say nothing."""

_OF_ACCESS = _words("""
    access account api app auth bearer client consumer listen login master private refresh secret session user
""")
"""Words beside which a token is never what is traded, and `keys` and `tokens` are secret too."""

_BEFORE_ON_MARKETS = {
    "session": _words("extended market regular trading"),
    "token": _words("""
        base buy collateral fee from in input lp mint native nft out output pair payment pool quote reward sell to
        underlying wrapped
    """),
}
"""Words before a word that make it one of the market."""

_AFTER_ON_MARKETS = {
    "session": _words("close high low open type volume"),
    "token": _words("""
        address addresses amount amounts contract decimals id ids in index info list metadata mint mints name names out
        pair pairs price prices standard supply symbol symbols type 0 1
    """),
}
"""Words after a word that make it one of the market."""

_LOGIN = _words("auth authenticate authentication authorization authorize login logon sign signin")
_LONGEST = 64  # characters of a name that is remembered, of that of an operation, of a word that may be taken apart

_PLURALS = _words("keys tokens")

# One of these is in every name of a secret, and of a login: what has none, as most names, need not be taken apart.
_in_secret_names = re.compile("|".join(sorted({*_SECRET, *(first for first, _ in _SECRET_PAIRS)})))
_in_logins = re.compile("auth|log(?:in|on)|sign")

_RUN = re.compile(r"[^\W\d_]+|\d+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_KNOWN = sorted(
    _words("challenge hash hex id ids keys my phrase seed signed str tokens ws").union(
        _SECRET, _SECRET_IN_PLURAL, _OF_ACCESS, *_BEFORE_ON_MARKETS.values(), *_AFTER_ON_MARKETS.values()
    ),
    key=len,
    reverse=True,
)
_JOINED = re.compile(f"(?:{'|'.join(_KNOWN)})+")
_PART = re.compile("|".join(_KNOWN))


def is_secret_key(name: str) -> bool:
    """Return whether the value of a key, a parameter or a header is secret, by its name."""
    return _in_secret_names.search(name.lower()) is not None and _is_secret_name(name)


def is_login(operation: str) -> bool:
    """Return whether the name of an operation, such as `authKeyExpires` or `session.logon`, is that of a login."""
    if len(operation) > _LONGEST or not may_tell_of_login(operation):
        return False
    return any(not _LOGIN.isdisjoint(words) for words in _readings(operation))


def may_tell_of_login(text: str) -> bool:
    """Return whether the name of a login may be in a text: if not, it is in no part of it."""
    return _in_logins.search(text.lower()) is not None


def _is_secret_name(name: str) -> bool:
    return _is_secret_short_name(name) if len(name) <= _LONGEST else any(map(_has_secret, _readings(name)))


@functools.lru_cache(4096)
def _is_secret_short_name(name: str) -> bool:
    return any(map(_has_secret, _readings(name)))


def _readings(name: str) -> tuple[list[str], list[str]]:
    """Return the words of a name, taken apart at case or not: case means nothing in `JWTs` and `aPiKey`."""
    at_case = [part for word in _WORD.findall(name) for part in _parts_of(word.lower())]
    return at_case, [part for run in _RUN.findall(name) for part in _parts_of(run.lower())]


def _parts_of(word: str) -> list[str]:
    """Return the words of which a word is made if it is made of words that mean something here."""
    return _PART.findall(word) if len(word) <= _LONGEST and _JOINED.fullmatch(word) else [word]


def _has_secret(words: Sequence[str]) -> bool:
    of_access = _OF_ACCESS.intersection(words)
    for place, word in enumerate(words):
        before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
        if word in _SECRET_IN_PLURAL or (word, after) in _SECRET_PAIRS:
            return True
        is_of_access = bool(of_access - {word})
        is_of_markets = before in _BEFORE_ON_MARKETS.get(word, ()) or after in _AFTER_ON_MARKETS.get(word, ())
        if (word in _SECRET and (is_of_access or not is_of_markets)) or (is_of_access and word in _PLURALS):
            return True
    return False
