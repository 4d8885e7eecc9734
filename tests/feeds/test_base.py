"""What all feeds speak of: subscriptions."""

from __future__ import annotations

from feedrec.feeds import Subscription


def test_a_subscription_in_the_header_has_products_only_if_it_names_some() -> None:
    assert Subscription("heartbeats").as_dict() == {"channel": "heartbeats"}
    assert Subscription("ticker", ("A", "B")).as_dict() == {"channel": "ticker", "products": ["A", "B"]}
