"""
How many connections a venue allows, what goes on which of them, and on which machine.

    limits.py      what a venue says
    by_limits.py   as few connections as that allows
    spreading.py   as many as a person says, and room for more
    sharding.py    what each of several machines records
    rendezvous.py  where something belongs of several places
"""
