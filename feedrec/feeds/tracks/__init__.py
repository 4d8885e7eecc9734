"""
What frames of two connections have in common.

    track_rule.py  tracks, and what frames cover of them
"""
