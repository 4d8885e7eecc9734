"""
The same work over many recordings: in processes here, or on a cluster of Dask.

    task.py          what is to be done with one recording, and what came of it
    sources.py       the recordings that are meant
    identity.py      what a recording is, so that another one under its name shows
    planning.py      what is to be done, without what was done before
    running.py       has it done, and brings the manifest up to date
    processes.py     tasks in processes of this machine
    dask_engine.py   tasks on a cluster of Dask
    dask_attempt.py  what a worker of Dask does
    working.py       does a task
    kind_of.py       which kinds of tasks there are
    kinds/           what each of them does
    workplace.py     where an output is made before it gets its name
    destination.py   where it gets its name, and what is there
    manifest.py      what a batch has made

`plan_batch` returns a `Batch`, and `run_batch` a `Total`. A task calls the library, not a command. This package
names no venue.
"""
