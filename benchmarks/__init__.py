"""
Measure feedrec against baselines that run in turn with it on the same machine.

    python -m benchmarks [GROUP ...]    `make bench` measures all groups; --quick only shows that they run
    python -m benchmarks.page           docs/performance.md has its tables from benchmarks/figures.json

    measuring/       a row, rounds, slopes, what is known of the machine, the figures as JSON
    starting/        how fast things start
    recording/       what recording costs
    replaying/       what replaying costs, and how late it is
    serving/         what serving a feed live costs, and how late it is
    steering/        how quick a replay is that people steer
    files/           recordings on disk
    page.py          the tables of docs/performance.md
    command_line.py  what is measured
    processes.py     both sides run as processes
    peak.py          the memory that a process took
    material.py      what they run on
    raw_client.py    a client that only reads bytes
    many_clients.py  many of them in one process
    send_server.py   a server that calls `send` for each frame

A group is a module with `rows(folder, *, quick)`, which yields a `Row` (`measuring/rows.py`) for each line of a table.
It is registered in `__main__.py`, and has a place in docs/performance.md. What it needs:

- Sides run in turn, round by round (`in_turn`, or `compared_slopes`, which calls it): a machine that is busy for a
  while is so for both. A row has medians of the rounds, the median of their ratios, and the lowest and highest of them.
- What each further frame costs is the slope between one and four times the load, so that the start of a program does
  not count; how the cost grows is seen at twice the load (`slope`). Where load means clients, `growth_of` compares.
- CPU time where possible: `run(...).cpu` of `processes.py`.
- A row says what its goal is: `at_least(1.2)`, `at_most(1.1)` of the ratio, `figure_at_most(20)` of feedrec's figure.
- With `quick`, a round or two of a tenth of the frames: two groups at a time, all together in two minutes on two cores.

The ratio is feedrec's figure over that of the baseline, whatever the unit. A row keeps its name: figures are compared
over time.
"""
