"""
One recording as a file: finding, opening, reading and writing it.

    names.py           file names
    lock.py            which file is ours, and which is being written
    modes.py           who may read a new file
    opening.py         opens a file with the reader it needs
    recording.py       what all readers have in common
    recording_file.py  the file that they read
    pipe.py            stdin in the place of a file
    line_reader.py     reads lines: plain, zstd, gzip
    block_search.py    finds blocks, with an index or without
    exchanges.py       reads only requests and answers
    creating.py        begins a recording that is written line by line
    writer.py          lines in, growing files out, with a thread between
    rotation.py        one recording in several files
    target.py          the file under its two names
    stream_target.py   a stream in its place
    naming/            what the files of a run are called
    passes/            one pass over its lines
    parquet/           reads Parquet
    growing/           its files while they are written
"""
