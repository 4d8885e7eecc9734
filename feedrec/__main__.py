"""`python -m feedrec` is the command `feedrec`."""

from .cli import main

if __name__ == "__main__":
    main()
