"""
Several feeds in one process.

    record_fleet.py  from the configuration to the exit code: signals, status, reading it again
    planned_run.py   one run of a feed, in the order in which a fleet carries it out
    fleet_status.py  how all of them stand
    fleet_report.py  what came of them
"""
