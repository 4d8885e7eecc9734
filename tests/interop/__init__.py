"""feedrec with clients that others wrote: `make test-interop`, in an environment that has them."""
