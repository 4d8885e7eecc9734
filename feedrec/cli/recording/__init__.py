"""
What `feedrec record` consists of.

    options/             groups of options
    config/              the file of several feeds, and the plan of what will be recorded
    several/             several feeds in one process
    feed_options.py      the options of a feed, and those of the process
    feed_run.py          one run of a feed
    run_services.py      what all runs of a process share
    source.py            what it records
    output.py            where it writes
    file_names.py        what it calls its files
    finished_files.py    what it does with each finished file
    finish_leftover.py   finishes one that a killed recorder has left
    ship_process.py      uploads finished files, in a process of its own
    snapshot_process.py  puts states into finished files, in a process of its own
    run.py               running it: live status, summary
    open_files.py        how many files it may have open
    ending.py            signals
    supervisor.py        what systemd is told of it
"""
