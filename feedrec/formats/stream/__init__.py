"""
Lines to bytes and back, without files. A new file format is one module here.

    protocols.py        what every format provides: an encoder and a decoder
    plain.py            uncompressed lines: .jsonl
    zstd_blocks.py      zstd frames of whole lines: .jsonl.zst
    gzip_members.py     gzip members of whole lines: .jsonl.gz
    parquet_encoder.py  lines to a Parquet file: .parquet
    parquet_rows.py     its rows, one per line
    parquet_columns.py  the rows of many lines at once
    parquet_sink.py     where it is written
    whole_block.py      a block that is copied
    zstd_parser.py      a parser for zstd frames
    first_line.py       whether a file ends before its first line does
    line_splitter.py    cuts text into lines, held back until they are verified
    text_form.py        what is beside the lines of a text: byte order mark, carriage returns, blank lines
"""
