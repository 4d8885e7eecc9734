"""
Steering for programs and pages: what is asked below `/_feedrec/` of the port of a replay.

    control.py          what is asked, and who answers it
    guard.py            who may steer
    orders.py           what a request asks for
    conductor.py        orders are carried out
    status_document.py  where a replay is, as JSON has it
    rate.py             frames a second
    problems.py         answers in JSON
    events.py           the WebSocket of events
    listener.py         one who listens there
    ladders.py          what knows the books
    page.py             the page that shows a replay
"""
