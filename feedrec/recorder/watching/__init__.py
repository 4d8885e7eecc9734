"""
What whoever watches a recorder is told: figures, health, and incidents.

    run_watch.py      what is known of one run
    watched.py        a connection, a run and a recording, as far as they are watched
    process_watch.py  of all runs of the process, and of the machine under them
    figures.py        counts by endpoint and channel
    lag.py            how late frames arrive
    clock_watch.py    whether the clock was set, and is kept right
    clock_quality.py  what the kernel says of that
    rules.py          when something that lasts has begun, and when it is over
    shipping_facts.py how shipping stands
    live_facts.py     how serving live stands
    incidents.py      what somebody should know at once
    exposition.py     the metrics, as prometheus_client writes them
    watch_server.py   the metrics, and whether all is well, over HTTP
"""
