"""Packages that import what they offer when it is first used."""

from __future__ import annotations

import importlib
import inspect

import pytest

import feedrec.lazy

PACKAGES = ["feedrec.feeds", "feedrec.formats", "feedrec.recorder", "feedrec.testing"]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_has_what_it_says_and_nothing_else(name: str) -> None:
    """Under the names that these things have themselves, and with no module in place of a thing."""
    package = importlib.import_module(name)
    for one in package.__all__:
        found = getattr(package, one)
        assert not inspect.ismodule(found)
        assert getattr(found, "__name__", one) == one
    assert set(inspect.getclosurevars(vars(package)["__getattr__"]).nonlocals["modules"]) <= set(package.__all__)
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'no_such_thing'"):
        _ = package.no_such_thing
    assert feedrec.lazy.offer is package.offer


def test_what_was_used_once_is_found_like_any_other_name() -> None:
    package = importlib.import_module("feedrec.formats")
    used = package.Selection
    assert vars(package)["Selection"] is used
