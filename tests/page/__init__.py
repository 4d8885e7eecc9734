"""The page of a replay in a real browser: `make test-page`."""
