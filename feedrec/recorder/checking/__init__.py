"""
What a venue sent is checked while it is recorded, in a process beside the recorder.

    book_checks.py    the recorder's end: frames go out, findings come in
    check_process.py  the process
    check_frames.py   frames on their way to it
"""
