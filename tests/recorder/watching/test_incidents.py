"""The first of a kind is told at once; a storm of them is told as one now and then, with how many there were."""

from __future__ import annotations

from feedrec.recorder.watching.incidents import Incident, IncidentKind, Incidents


class Told:
    """Incidents with a clock of the test, and what a listener heard."""

    def __init__(self) -> None:
        self.now = 0.0
        self.incidents = Incidents(60.0, lambda: self.now)
        self.heard: list[tuple[str, str, object]] = []
        self.incidents.listen(lambda one: self.heard.append((one.feed, one.text, one.details.get("held_back"))))

    def tell(self, text: str, kind: IncidentKind = "gap", feed: str = "a") -> None:
        self.incidents.tell(Incident(kind, 0, feed, "coinbase-advanced", text))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.incidents.tick()


def test_a_storm_is_told_twice() -> None:
    """The first at once; when a minute has passed the last, with how many others were between them."""
    told = Told()
    for number in range(100):
        told.tell(f"gap {number}")
    assert told.heard == [("a", "gap 0", None)]
    told.pass_time(59)
    assert len(told.heard) == 1
    told.pass_time(1)
    assert told.heard[1:] == [("a", "gap 99", 98)]
    told.pass_time(60)
    told.tell("much later")
    assert told.heard[2:] == [("a", "much later", None)]


def test_what_was_told_late_holds_back_what_follows() -> None:
    told = Told()
    told.tell("one")
    told.tell("two")
    told.pass_time(60)
    told.tell("three")
    told.pass_time(59)
    assert [text for _, text, _ in told.heard] == ["one", "two"]
    told.pass_time(1)
    assert told.heard[2] == ("a", "three", None)


def test_what_comes_when_the_time_has_come_takes_along_what_was_held_back() -> None:
    """It does not matter whether the look of each second comes first."""
    told = Told()
    told.tell("one")
    told.tell("two")
    told.now += 60
    told.tell("three")
    assert told.heard[1:] == [("a", "three", 1)]


def test_kinds_and_feeds_do_not_hold_each_other_back() -> None:
    told = Told()
    told.tell("one")
    told.tell("two", feed="b")
    told.tell("three", kind="disk")
    assert [text for _, text, _ in told.heard] == ["one", "two", "three"]


def test_at_the_end_of_all_nothing_is_left_untold() -> None:
    """A feed that fails again and again is held back as well."""
    told = Told()
    for text in ("over", "over again", "over once more"):
        told.tell(text, kind="ended")
    told.incidents.flush()
    assert told.heard == [("a", "over", None), ("a", "over once more", 1)]


def test_a_listener_that_fails_hurts_no_other() -> None:
    told, later = Told(), list[Incident]()

    def fail(_: Incident) -> None:
        raise RuntimeError

    told.incidents.listen(fail)
    told.incidents.listen(later.append)
    told.tell("one")
    assert [one.as_dict()["time"] for one in later] == ["1970-01-01T00:00:00.000000000Z"]
