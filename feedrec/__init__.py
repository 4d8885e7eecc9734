"""
Record the raw WebSocket feeds of crypto venues, and replay them through a local mock venue.

    cli/       the command line
    recorder/  a live connection becomes a recording
    replay/    a recording becomes a mock venue
    feeds/     what each venue speaks
    formats/   recordings on disk
    model.py   header, frame, event, time: what all the others speak of
    errors.py  every error that feedrec raises on purpose
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
