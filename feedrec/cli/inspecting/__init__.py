"""
What `feedrec info` and `feedrec book` consist of.

    plot.py    a plot in the terminal
    golden.py  what a recording should have in it
    books.py   order books as text, JSON and CSV
"""
