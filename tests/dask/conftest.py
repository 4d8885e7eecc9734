"""The cluster, and how many recordings and kills there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .cluster import Cluster


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--recordings", type=int, default=40, help="how many recordings there are")
    parser.addoption("--kills", type=int, default=20, help="how often a worker is killed")
    parser.addoption("--seed", type=int, default=1, help="of what is killed when")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give a cluster of four workers, each of which is started again when it dies."""
    with Cluster(tmp_path_factory.mktemp("cluster"), 4) as one:
        yield one
