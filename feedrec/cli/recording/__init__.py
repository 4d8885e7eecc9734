"""
What `feedrec record` consists of.

    source.py              what it records
    output.py              where it writes
    run.py                 running it: signals, live status, summary
    product_options.py     lists of products in files, and patterns
    raw_options.py         options of `-e raw`
    rest_options.py        what it asks by HTTP beside the feed
    redaction_options.py   what is secret
    credential_options.py  credentials from a file or the environment
"""
