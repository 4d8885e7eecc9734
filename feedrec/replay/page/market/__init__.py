"""
What recordings tell of the market.

    books.py    which books there are, and each as of a moment
    heatmap.py  the depth of a book over a span of time
    trades.py   the last trades
"""
