"""
Recordings as what backtesters, databases, Wireshark and browsers read.

    market_stream.py  what recordings tell of the market, in order, with what is missing
"""
