"""
Lines to bytes and back, without files. A new file format is one module here.

    coding.py         what every format provides: encoder and decoder
    plain.py          lines as they are: .jsonl
    blocks.py         zstd frames of whole lines: .jsonl.zst
    gzip_members.py   a gzip stream: .jsonl.gz
    parquet_rows.py   one row a line: .parquet
    zstd_frames.py    zstd frames, walked piece by piece
    line_splitter.py  text to lines, held back until they are verified
"""
