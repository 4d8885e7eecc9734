"""
What a batch can do with a recording, each by calls of the library.

    made.py       what came of it, and what each of them tells of itself
    converting.py the same recording in another format, chosen from, or with less in it
    verifying.py  what is wrong with it, as a file of JSON
    informing.py  its figures, as a file of JSON
    exporting.py  a file or folder for another tool

Options are plain JSON, as the command has them; each kind says which it takes.
"""
