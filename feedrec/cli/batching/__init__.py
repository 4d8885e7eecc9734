"""
What `batch` consists of.

    asking.py   what is asked for: which options are of which kind of work
    engines.py  where it is done: in processes here, or on a cluster of Dask
    running.py  the work, told as it comes
    report.py   what is printed of it
"""
