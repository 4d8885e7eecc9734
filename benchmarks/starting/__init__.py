"""
How fast things start: commands, tests, test suites.

    commands.py      `feedrec --help`, `feedrec info` of a small file
    feed_replay.py   a test through `FeedReplay`
    feed_tests.py    the tests that it runs
    pytest_start.py  a suite that does not use the plug-in
"""
