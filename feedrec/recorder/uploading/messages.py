"""What the process that uploads is asked, and what it answers: a line of JSON each."""

from __future__ import annotations

import enum

import msgspec

from ...formats.places.protection import Protection

__all__ = ["Answer", "Job", "Outcome", "ShipPlace"]


class ShipPlace(msgspec.Struct, frozen=True):
    """
    Where to, and how: what the process is told when it is started.

    Attributes:
        url: The prefix that keys are below.
        at_once: How many files are uploaded at the same time.
        protection: How the store is asked to keep them.

    """

    url: str
    at_once: int = 4
    protection: Protection = Protection()


class Job(msgspec.Struct, frozen=True):
    """
    What is asked for.

    Attributes:
        path: A finished file, as the system has its name.
        folder: The folder below which its name is that of the object.
        looks: Whether to look if it is there as it was shipped, and not to ship it.

    """

    path: bytes
    folder: bytes
    looks: bool = False


class Outcome(enum.StrEnum):
    """What came of it."""

    SHIPPED = "shipped"
    """It is there, whole, with whatever belongs to it."""

    STAYS = "stays"
    """There is another object of its name, or none can have that: it is not tried again before the next start."""

    GONE = "gone"
    """There is no such file here."""

    LATER = "later"
    """It could not be done now."""


class Answer(msgspec.Struct, frozen=True):
    """
    An answer.

    Attributes:
        job: What was asked for.
        outcome: What came of it.
        said: Why, in a line; what a person is told.
        size: Bytes of the file, if it is there.

    """

    job: Job
    outcome: Outcome
    said: str = ""
    size: int = 0
