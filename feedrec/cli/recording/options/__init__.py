"""
Groups of options of `feedrec record`, each with what becomes of its values.

    files/                 the files of a recording: where, how long, what becomes of them
    product_options.py     lists of products in files, and patterns
    raw_options.py         options of `-e raw`
    rest_options.py        what it asks by HTTP beside the feed
    redaction_options.py   what is secret
    credential_options.py  credentials from a file or the environment
    connection_options.py  how many connections, and how old they get
    shard_options.py       which of several machines this is
    resync_options.py      what it does about wrong books
    alert_options.py       the command that is run when somebody should know
    command_type.py        commands with placeholders
    config_options.py      the file of several feeds
    faults.py              which options an error is about
    metrics_options.py     what is shown to those who watch it
    serve_options.py       what is served live
    listen_place.py        where something listens
"""
