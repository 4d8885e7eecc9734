"""A recorder may have more files open than a process usually may."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from feedrec.cli.recording.open_files import ENOUGH, allow_open_files


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_is_allowed_and_never_lowered() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    for before in (400, most + 1) if hard == resource.RLIM_INFINITY or hard > most else (400,):
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))
        allow_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (max(before, most), hard)
