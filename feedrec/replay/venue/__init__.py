"""
The venue that recordings make up.

    endpoints.py   what is served at which path
    mock_venue.py  what a venue has, and who answers for it
    rebuild.py     the state of the market for a late client
"""
