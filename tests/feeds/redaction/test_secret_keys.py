"""Which keys have secret values: those that venues document, by whole words, and no word of a market."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import secret_keys
from feedrec.feeds.redaction.secret_keys import is_login, is_secret_key

VENUES = {
    "Binance": "apiKey signature X-MBX-APIKEY listenKey",
    "Bitfinex": "apiKey authSig authNonce authPayload bfx-apikey bfx-signature bfx-nonce",
    "BitMEX": "api-key api-signature api-nonce",
    "Bitstamp": "X-Auth X-Auth-Signature X-Auth-Nonce auth",
    "Bybit": "api_key sign X-BAPI-API-KEY X-BAPI-SIGN",
    "Coinbase": "jwt key signature passphrase CB-ACCESS-KEY CB-ACCESS-SIGN CB-ACCESS-PASSPHRASE",
    "CoinEx": "access_id signed_str",
    "CoinMarketCap": "X-CMC_PRO_API_KEY CMC_PRO_API_KEY",
    "Deribit": "client_id client_secret access_token refresh_token signature nonce",
    "Gate.io": "auth KEY SIGN",
    "Gemini": "X-GEMINI-APIKEY X-GEMINI-SIGNATURE",
    "HitBTC": "pKey sKey",
    "HTX": "accessKey signature AccessKeyId",
    "Kraken": "token api_key signed_challenge API-Sign API-Key",
    "KuCoin": "token KC-API-KEY KC-API-SIGN KC-API-PASSPHRASE",
    "OKX": "apiKey passphrase sign OK-ACCESS-KEY OK-ACCESS-SIGN OK-ACCESS-PASSPHRASE",
    "any": "authorization Authorization Proxy-Authorization Cookie Set-Cookie cookies accessToken access-token "
    "ACCESS_SIGN API-KEY APIKey apikey apisecret secretkey privateKey private_key password passwd pwd userPassword "
    "pass id_token idToken sessionId session_id session_token creds credentials bearer hmac otp csrf_token auth[token] "
    "subscription.token key1 password2 my.secret JWTs APIKEYs aPiKeY apiKeys api_tokens keys_secret clientId",
}

OPEN = (
    "design author authors authored authority authenticated keyboard keynote monkey signal signals signed assign "
    "resign design_id tokenize tokenized passive passenger compass passed secretary cookieless bearish pinned spin "
    "tokens token_id token_ids tokenId tokenAddress token_symbol tokenPair baseToken quote_token tokenIn token0 token1 "
    "keys sessions market_session trading_session sessionType product_ids channel type side price size args params id "
    "client_order_id clientOrderId timestamp user_id account method op event sequence depth streams subscriptions"
)


@pytest.mark.parametrize(("venue", "key"), [(venue, key) for venue, keys in VENUES.items() for key in keys.split()])
def test_the_keys_of_venues_that_carry_secrets(venue: str, key: str) -> None:
    assert is_secret_key(key), venue


@pytest.mark.parametrize("key", OPEN.split())
def test_words_that_only_look_alike_and_words_of_markets_are_open(key: str) -> None:
    assert not is_secret_key(key)


@pytest.mark.parametrize("key", ["", "_", "-.-", "1", "ключ", "鍵", "é", "\ud800", "key\0board" * 1000])
def test_any_text_can_be_a_key(key: str) -> None:
    assert is_secret_key(key) == ("key\0" in key)


def test_a_long_key_takes_no_time() -> None:
    """It could be made of words in very many ways."""
    assert not is_secret_key("passphrase" * 10_000 + "x")


LOGINS = (
    "auth authKeyExpires login LOGIN session.logon public/auth user.auth server.sign futures.login authorize "
    "authenticate signin"
)


@pytest.mark.parametrize("operation", LOGINS.split())
def test_operations_that_are_logins(operation: str) -> None:
    assert is_login(operation)


@pytest.mark.parametrize("operation", ["subscribe", "ping", "design", "author", "trades.BTCUSD", "auth" * 20])
def test_operations_that_are_none(operation: str) -> None:
    assert not is_login(operation)


PARTS = st.sampled_from(
    [*VENUES["Bybit"].split(), *OPEN.split(), *LOGINS.split(), "\u212a", "\u0130", "\u017f", "\u03a3", "_", "é", "1"]
)


@given(st.lists(PARTS | st.text(max_size=3), max_size=5).map("".join), st.booleans())
def test_one_look_at_a_name_leaves_out_none_that_is_secret_or_a_login(name: str, capitals: bool) -> None:  # noqa: FBT001
    """What is taken apart at once says the same; letters that become others in small, too."""
    name = name.upper() if capitals else name
    assert is_secret_key(name) == any(map(secret_keys._has_secret, secret_keys._readings(name)))
    words = {word for reading in secret_keys._readings(name) for word in reading}
    assert is_login(name) == (len(name) <= 64 and not secret_keys._LOGIN.isdisjoint(words))
