"""Recordings in a bucket of a real server of objects, which is killed and fails in all ways: `make test-cloud`."""
