"""
What is written to a URL: it is made here, and then uploaded.

    targets.py          which URLs can be written to, and what is there
    staged.py           files in a temporary folder, and how they become objects
    several_uploads.py  several at the same time
"""
