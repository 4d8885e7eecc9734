"""
What recording costs.

    record.py       `feedrec record` against a loop that discards
    stages.py       what a recorded frame costs in each stage
    proxy.py        `feedrec proxy` against a relay that records nothing
    bare_client.py  that loop
    bare_relay.py   that relay
    blaster.py      a venue that sends as fast as it is read
"""
