"""What the clients of a server share."""

from __future__ import annotations

import logging

import pytest

from feedrec.replay.client.crowd import PACED_WRITE_LIMIT, WRITE_LIMIT, Crowd
from feedrec.replay.clock.schedule import LEAD

LOG = logging.getLogger()


def crowds(*, paced: bool) -> list[Crowd]:
    """Return crowds of 0 to 1000 clients."""
    found = []
    for clients in range(1001):
        found.append(Crowd(LOG, paced=paced))
        found[-1].clients = clients
    return found


@pytest.mark.parametrize(("paced", "most"), [(True, PACED_WRITE_LIMIT), (False, WRITE_LIMIT)])
def test_the_more_clients_the_less_may_wait_for_each(*, paced: bool, most: int) -> None:
    """One has room for a snapshot of 5 MB; all together have a bound; each has enough to go on."""
    shares = [crowd.write_limit for crowd in crowds(paced=paced)]
    assert shares[0] == shares[1] == most
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] >= 1 << 18
    assert max(clients * share for clients, share in enumerate(shares)) <= 256 << 20


def test_all_clients_together_yield_about_as_long_as_a_few() -> None:
    leads = [crowd.lead for crowd in crowds(paced=True)]
    assert leads[:8] == [LEAD] * 8
    assert leads == sorted(leads, reverse=True)
    assert max(clients * lead for clients, lead in enumerate(leads)) <= 8 * LEAD
