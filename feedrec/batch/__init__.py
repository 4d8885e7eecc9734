"""
The same work over many recordings: in processes here, or on a cluster of Dask.

    task.py          what is to be done with one recording, and what came of it
    dask_engine.py   tasks on a cluster of Dask
    dask_attempt.py  what a worker of Dask does

A task calls the library, not a command. This package names no venue.
"""
