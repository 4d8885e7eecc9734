"""Money: the currencies in which products are quoted that are no cryptocurrencies."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MONEY"]

MONEY: Mapping[str, str] = {
    "AED": "United Arab Emirates Dirham",
    "AUD": "Australian Dollar",
    "BRL": "Brazilian Real",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "EUR": "Euro",
    "GBP": "British Pound",
    "INR": "Indian Rupee",
    "JPY": "Japanese Yen",
    "MXN": "Mexican Peso",
    "NZD": "New Zealand Dollar",
    "SGD": "Singapore Dollar",
    "TRY": "Turkish Lira",
    "USD": "United States Dollar",
}
"""Their names, by their codes in ISO 4217."""
