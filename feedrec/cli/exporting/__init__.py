"""
What `feedrec export` consists of: what its options mean.

    targets.py  the formats, and what writes each
    market.py   those of prices and trades
    wire.py     those for people who look at connections
    inputs.py   what is read
"""
