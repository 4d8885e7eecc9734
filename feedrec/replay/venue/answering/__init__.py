"""
What answers the clients of a venue, recorded or live.

    served_venue.py  what a venue has, and its server halves
    settings.py      what is not known of venues, shared out to those that are served
    visitors.py      who is connected to it, and what was asked lately
"""
