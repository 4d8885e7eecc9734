"""The accounting of `make soak` finds every frame that is missing, doubled or changed, and each untrue gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from soak.accounting import ConnectionAccount, Tally
from soak.ledger import NEW_COUNT, SENT, WITHHELD, Ledger, digest_of
from soak.slope import slope_of

Line = tuple[str, int, int, int]
"""What the files have: `frame`, number and digest; `gap`, expected, received and missing; `reset`, received."""

KINDS = st.lists(st.sampled_from([SENT] * 8 + [WITHHELD] * 2 + [NEW_COUNT]), min_size=4, max_size=40)


def ledger_of(kinds: Sequence[int]) -> Ledger:
    """Return what a venue noted that sent, left out and began anew in this order."""
    ledger = Ledger("x-0001")
    sequence = 0
    for number, kind in enumerate(kinds):
        begins_anew = kind == NEW_COUNT and number and WITHHELD not in kinds[number - 1 : number + 2]
        sequence = 0 if begins_anew else sequence
        noted = SENT if kind == NEW_COUNT and not begins_anew else kind
        ledger.note(digest_of(b"%d" % number), sequence, number, noted)
        sequence += 1
    return ledger


def recorded(ledger: Ledger, end: int) -> list[Line]:
    """Return what a recorder writes that received all frames up to a number: its gaps and resets, as it finds them."""
    lines: list[Line] = []
    last = -1
    for number in range(end):
        if ledger.kinds[number] == WITHHELD:
            continue
        received = ledger.sequences[number]
        if left_out := number - last - 1:
            lines.append(("gap", received - left_out, received, left_out))
        if last > 0 and ledger.kinds[last] == NEW_COUNT:
            lines.append(("reset", ledger.sequences[last], 0, 0))
        lines.append(("frame", number, ledger.digests[number], 0))
        last = number
    return lines


def tally_of(ledger: Ledger, lines: Sequence[Line], end: str = "close") -> Tally:
    """Return the accounting of lines, at the end of which is a `close`, a `kill` or nothing."""
    tally = Tally()
    account = ConnectionAccount(ledger, tally)
    for kind, first, second, third in lines:
        if kind == "frame":
            account.frame(first, second)
        elif kind == "gap":
            account.gap(first, second, third)
        else:
            account.reset(first)
    if end:
        account.ended(killed=end == "kill")
    account.over()
    return tally


@given(KINDS, st.integers(0, 40), st.sampled_from(["close", "kill"]))
def test_what_a_recorder_writes_accounts_for_every_frame(kinds: list[int], end: int, how: str) -> None:
    """Whenever its connection ends: what was sent is recorded, or missing at the end."""
    ledger = ledger_of(kinds)
    tally = tally_of(ledger, lines := recorded(ledger, min(end, len(ledger))), how)
    assert tally.wrong == []
    assert tally.is_complete
    assert tally.recorded == sum(kind == "frame" for kind, *_ in lines)
    assert tally.resets == sum(kind == "reset" for kind, *_ in lines)
    assert tally.left_out == sum(missing for kind, _, _, missing in lines if kind == "gap")
    assert (tally.closed if how == "kill" else tally.killed) == 0


CHANGES: dict[str, Callable[[list[Line], int], object]] = {
    "missing": lambda lines, place: lines.pop(place),
    "doubled": lambda lines, place: lines.insert(place, lines[place]),
    "changed": lambda lines, place: lines.__setitem__(place, ("frame", lines[place][1], lines[place][2] ^ 1, 0)),
    "out of order": lambda lines, place: lines.append(lines.pop(place)),
    "never sent": lambda lines, place: lines.insert(place, ("frame", 1000, 1, 0)),
}


@given(KINDS, st.sampled_from(sorted(CHANGES)), st.data())
def test_a_frame_that_is_not_once_in_its_place_and_as_it_was_is_found(
    kinds: list[int], change: str, data: st.DataObject
) -> None:
    ledger = ledger_of(kinds)
    lines = recorded(ledger, len(ledger))
    frames = [place for place, line in enumerate(lines) if line[0] == "frame"]
    assume(len(frames) > 1)
    CHANGES[change](lines, data.draw(st.sampled_from(frames[:-1])))  # the last one may be missing at the end
    tally = tally_of(ledger, lines)
    assert tally.faults
    assert tally.wrong
    assert not tally.is_complete


@given(KINDS, st.sampled_from(["none", "another"]), st.data())
def test_a_gap_or_reset_that_no_event_names_as_it_was_is_found(
    kinds: list[int], change: str, data: st.DataObject
) -> None:
    ledger = ledger_of(kinds)
    lines = recorded(ledger, len(ledger))
    events = [place for place, line in enumerate(lines) if line[0] != "frame"]
    assume(events)
    place = data.draw(st.sampled_from(events))
    kind, first, second, third = lines.pop(place)
    if change == "another":
        lines.insert(place, (kind, first + 1, second + 1, third))
    assert tally_of(ledger, lines).faults


@given(KINDS, st.data())
def test_an_event_of_a_gap_or_reset_that_was_not_there_is_found(kinds: list[int], data: st.DataObject) -> None:
    ledger = ledger_of(kinds)
    lines = recorded(ledger, len(ledger))
    places = [at for at in range(1, len(lines)) if lines[at - 1][0] == lines[at][0] == "frame"]
    assume(places)
    place = data.draw(st.sampled_from(places))
    number = lines[place][1]
    untrue = [("gap", ledger.sequences[number] - 1, ledger.sequences[number], 1)]
    untrue.append(("reset", ledger.sequences[lines[place - 1][1]], 0, 0))
    lines.insert(place, data.draw(st.sampled_from(untrue)))
    assert tally_of(ledger, lines).faults


@given(KINDS, st.integers(0, 40))
def test_a_connection_without_an_end_has_lost_what_comes_after(kinds: list[int], end: int) -> None:
    """Neither a `close` nor a kill names it."""
    ledger = ledger_of(kinds)
    lines = recorded(ledger, min(end, len(ledger)))
    assert not tally_of(ledger, lines, "").is_complete


def test_what_is_missing_at_the_end_says_since_when() -> None:
    ledger = ledger_of([SENT] * 5)
    tally = Tally()
    account = ConnectionAccount(ledger, tally)
    account.frame(0, ledger.digests[0])
    assert account.ended(killed=True) == ledger.times[1]
    assert (tally.sent, tally.recorded, tally.killed) == (5, 1, 4)


def test_a_slope_is_that_of_the_closest_line() -> None:
    assert slope_of([(0, 1), (1, 3), (2, 5)]) == 2
    assert slope_of([(0, 0), (1, 3), (2, 0), (3, 3)]) == 0.6
    assert slope_of([(1, 5)]) == 0
