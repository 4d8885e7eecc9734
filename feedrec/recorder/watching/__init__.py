"""
What whoever watches a recorder is told: figures, health, and incidents.

    incidents.py  what somebody should know at once
"""
