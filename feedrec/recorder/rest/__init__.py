"""
HTTP requests beside the WebSocket, asked for a recording or passed on, and recorded.

    client.py          asks, and gives the answer as the server sent it
    loading.py         loads it
    decompression.py   what a compressed answer says, within bounds
    end_to_end.py      which headers are about more than one connection
    exchanges.py       a request and its answer as they are recorded, without secrets
    exchange_log.py    writes them to a recording, away from the event loop if they are large
    plan.py            what is asked of a venue, where and how often
    rounds.py          asks for it at the start of a run, and again and again

Whose requests they are makes no difference: the recorder's own (`feedrec record --rest`) and those of an application
(`feedrec proxy`) are asked by the same client and recorded in the same way.
"""

from __future__ import annotations

from .plan import RestPlan

__all__ = ["RestPlan"]
