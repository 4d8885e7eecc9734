"""
The page at `/_feedrec/`: recordings to look at, with or without a replay of them.

    page.py           requests and their answers
    static_files.py   what a browser gets first
    fault_marks.py    faults of a replay among the marks of what happened
    page_process.py   what answers questions, as the event loop sees it
    page_worker.py    that process
    page_messages.py  what the two say to each other
    answering.py      what can be asked, and how long that may take
    parameters.py     what questions say
    recordings.py     the recordings, as their indexes tell
    overview/         frames over time, and marks of what happened
    frames/           the lines as a table
    market/           books, heatmaps, trades
    viewing.py        the page without a replay

What runs in the browser is in `static`. Nothing here is written for a venue, and the event loop reads no recording:
what it sends comes as JSON from a process.
"""
