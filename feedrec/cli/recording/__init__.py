"""
What `feedrec record` consists of.

    feed_options.py        the options of a feed, and those of the process
    feed_run.py            one run of a feed
    run_services.py        what all runs of a process share
    source.py              what it records
    output.py              where it writes
    run.py                 running it: signals, live status, summary
    supervisor.py          what systemd is told of it
    alert_options.py       the command that is run when somebody should know
    repeating.py           what is done again and again while it runs
    product_options.py     lists of products in files, and patterns
    raw_options.py         options of `-e raw`
    rest_options.py        what it asks by HTTP beside the feed
    redaction_options.py   what is secret
    credential_options.py  credentials from a file or the environment
"""
