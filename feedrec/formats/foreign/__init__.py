"""
Files of other tools, read as recordings.

    opening.py            which file is what
    foreign_recording.py  such a file as a recording
    source.py             what each form of file is read with: its records, and what could not be read
    unpacked_file.py      what is in a file that may be packed
    torn_members.py       members of gzip behind one that has no end
    line_source.py        files of lines
    timed_lines.py        lines that begin with a time
    json_lines.py         lines of JSON, each a payload or an envelope of one
    json_fields.py        where a field stands in a line, and what time it tells
    capture/              captures of packets
    har/                  HTTP archives
    told_directions.py    which way a frame went, in the words of other tools
"""
