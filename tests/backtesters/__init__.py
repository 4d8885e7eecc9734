"""feedrec with the backtesters for which it writes: `make test-backtesters`, in an environment that has them."""
