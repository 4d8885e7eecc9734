"""
What `feedrec info` consists of.

    plot.py    a plot in the terminal
    golden.py  what a recording should have in it
"""
