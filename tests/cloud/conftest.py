"""How many kills there are, and the store as these tests need it, whatever `--store` says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.object_server import ObjectServer
from tests.object_server import object_server as serving

from .forwarding import forwarding_to
from .seaweed import Seaweed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=100, help="how often a recorder or an uploader is killed")
    parser.addoption(
        "--seed", type=int, default=1, help="of what is killed when, and of what goes wrong with the store"
    )


@pytest.fixture(scope="session")
def object_server(seaweed: Seaweed) -> Iterator[ObjectServer]:
    with serving(forwarding_to(seaweed.url)) as server:
        yield server
