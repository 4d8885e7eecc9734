"""
What its frames tell of the market.

    reader.py  reads them
    shapes.py  the parts of frames that are read
"""
