"""
The configuration of `feedrec record --config`: a TOML file with a table for each feed.

    config_file.py   the file, read and checked before anything connects
    table_values.py  what stands in it to the values of options
    toml_lines.py    on which lines its keys are
    places.py        feeds that would write to the same files
    venue_limits.py  what venues allow all of them together
    machines.py      which of several machines records what
    plan.py          what will be recorded, where to, and how: `--check`
"""
