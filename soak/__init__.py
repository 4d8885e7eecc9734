"""
Hold feedrec's promises against kills, full disks, hostile clients and a venue that fails, at full size.

    python -m soak [PART ...]     `make soak` runs all parts, in under half an hour; --quick runs a short form of each

A part is a module with a function `findings(folder, *, quick)`: it does its worst in the empty folder, and yields a
`Finding` for each promise. `docs/operations.md` shows the figures.
"""
