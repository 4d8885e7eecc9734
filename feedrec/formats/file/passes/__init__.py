"""
One pass over the lines of a file, from a place to another.

    line_pass.py   as they come: whole files, damaged ones, and those that still grow
    block_pass.py  by whole blocks, where an index says where these are
    decoded_batch.py  what lines are, of all of them or of those that are chosen
"""
