"""
What there is in a folder of recordings: of each one what its index says, kept in Parquet files beside them.

    entry.py           what is known of a recording
    looking.py         finds that out, of many recordings at once
    listing.py         the recordings in a folder, each with its size and etag
    table.py           entries as the rows of a Parquet file
    catalogue.py       the files of a catalogue: read, and brought up to date
    folder_entries.py  what is known of all recordings in a folder
    spans.py           which recordings have something of a span of time
    choosing.py        the recordings in folders that must be opened for a span of time

docs/catalogue.md has the columns.
"""
