"""Batches on a cluster of Dask, whose workers die: `make test-batch`."""
