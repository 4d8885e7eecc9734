"""
The HTTP requests that clients send beside a feed, answered in step with it.

    service.py             answers a request: as recorded, or made of what the recordings tell
    building.py            from what a replay serves to that
    routes.py              which endpoints a request may be for
    audience.py            whose time it is answered at
    moments.py             the moment that is now
    recorded_answers.py    what was recorded for a request
    recorded_exchanges.py  where that is recorded
    derived/               what the REST half of a feed makes of the recordings
    kept.py                what was made or read lately
"""
