"""
What `ship` consists of.

    shipping.py  the work: what is in the folders goes to the place, and the place is swept
    report.py    what is printed of it
"""
