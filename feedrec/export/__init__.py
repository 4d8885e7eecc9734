"""
Recordings as what backtesters, databases, Wireshark and browsers read.

    continuity.py     what is known of each product, and what is missing
    untimed.py        times for what the venue gives none
    market_stream.py  what recordings tell of the market, in order
    staged_folder.py  files that get their names together, when all are whole
    market_sink.py    what writes it in another format
    days.py           days, of which each has files of its own
    product_names.py  products as parts of file names
    latest_books.py   the books as they are by now
    market_export.py  the one into the other
    tardis/           the CSV datasets of tardis.dev
    wire/             what people look at connections with: pcapng, HAR
    hftbacktest/      the files of hftbacktest
    ticks/            tables in Parquet, for databases
"""
