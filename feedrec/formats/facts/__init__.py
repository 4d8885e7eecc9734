"""
What the lines of a file tell, gathered while they are written or read: the index, and the summary in it.

    index_builder.py   what stands in each block
    file_facts.py      what a file has in it, and how that is written down
    facts_builder.py   gathers it from lines
    channel_counts.py  frames and bytes by connection, channel and product
    connections.py     when connections were open
    repeats.py         what two connections have brought both
    sequence_check.py  gaps, resets and frames out of order
    histogram.py       counts over time
    moments.py         the first and the last moment
    golden.py          what a recording should have in it
"""
