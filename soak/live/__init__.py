"""
Clients of `feedrec record --serve`, whose processes are killed at random: what each was given, against the truth.

    part.py        the attack, and what came of it
    ordeal.py      a recorder and its processes, killed one after another, beside clients that come and go
    clients.py     the clients, all in one process
    session.py     what one of them makes of what it is given, from its subscription to its end
    notes.py       what it notes of that
    level_book.py  a book, as anyone makes one of level2
    truth.py       what the files of the recorder tell: all frames of a run in their order, and books as of some of them
    accounting.py  what a client was given, compared with that
"""
