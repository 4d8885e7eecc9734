"""What a recorder gives to the processes that serve its feeds live: every line as it is written, and never a wait."""
