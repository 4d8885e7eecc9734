"""
How many connections a venue allows, and what goes on which of them.

    limits.py     what a venue says
    by_limits.py  as few connections as that allows
    spreading.py  as many as a person says, and room for more
"""
