"""
What a feed remembers of the market, so that a client that subscribes late gets the snapshot of that moment.

Each venue's state stands on these, and a plug-in's can.

    dumped_state.py  what a state is that can be written down
    keyed_state.py   a value for each channel and product
    need.py          which frames a state depends on
    reach.py         how far back they are
    book.py          the price levels of one product
    best_prices.py   the best prices of one side, in order
    top_levels.py    the best levels, and what a client must be told of them
    doubts.py        events after which a book may be wrong
    new_state.py     refuses the state of a plug-in that was written for feedrec 0.1
"""
