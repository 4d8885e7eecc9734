"""
One run of the recorder, from the first connection to the summary.

    open_session.py     the entry point for programs
    session.py          the run
    connections.py      all of its connections
    run_context.py      what they share
    reconnect.py        one connection, opened again and again
    run_connection.py   each connection that is opened
    handover/           one that is left, and the one in its place
    run_options.py      how it treats its connections, when it stops
    callbacks.py        functions of a program that are called
    log_names.py        names of sessions in log lines
    failover.py         which endpoint is recorded
    failover_probe.py   whether the primary answers again
    product_list.py     the products of a venue
    source.py           what is recorded, and for whom
    keeping_secrets.py  no secret in its log
    summary.py          what a run came to
"""
