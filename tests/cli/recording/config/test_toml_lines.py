"""On which lines the keys of a TOML document are."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from feedrec.cli.recording.config.toml_lines import KeyPath, lines_of_keys

VALUES = [
    "1",
    "-1.5e3",
    "true",
    "1979-05-27 07:32:00",
    '"a # b"',
    r'"a \" = \\"',
    "'x = \"1'",
    '""',
    '"""\nfake = 1\n[not.a.table]\n"""',
    '""""quoted""""',
    '"""a \\""" b"""',
    "'''\n# '' = 1\n''''",
    "[]",
    "[1, \"]\", '[']",
    "[  # first ]\n  1,\n  [2, '#'],\n\n  # last\n]",
    "{}",
    '{ a = 1, "b}" = [1, { c = "x" }] }',
]
"""Whatever may hide the end of a value, or look like a key."""

KEYS = ["k{0}", '"k {0} = # ["', "'k\"{0}'", "k{0}.b", '"a.b"  .  k{0}', "1{0}"]
HEADS = {"[t{0}]": "t{0}", "[ t{0} . 'x]' ]  # [no]": "t{0}.'x]'", "[[t{0}]]": "t{0}", '["t#{0}".y]': '"t#{0}".y'}
BETWEEN = ["", "# k = 1", "   # [x]", "\t"]

lines = st.lists(
    st.one_of(
        st.tuples(st.just("head"), st.sampled_from(list(HEADS))),
        st.tuples(st.just("pair"), st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES), st.booleans())),
        st.tuples(st.just("between"), st.sampled_from(BETWEEN)),
    ),
    max_size=12,
)


def path_of(key: str) -> KeyPath:
    value, path = tomllib.loads(f"{key} = 0"), []
    while isinstance(value, dict):
        ((name, value),) = value.items()
        path.append(name)
    return tuple(path)


@given(lines, st.sampled_from(["\n", "\r\n"]))
def test_each_key_is_found_on_its_line(parts: list[tuple[str, str | tuple[str, str, bool]]], newline: str) -> None:
    """Whatever stands in values and comments; a key is on the line on which it begins."""
    text = ""
    table: KeyPath = ()
    expected: dict[KeyPath, int] = {}
    for number, (kind, part) in enumerate(parts):
        line = text.count("\n") + 1
        if isinstance(part, tuple):
            key = part[0].format(number)
            expected[(*table, *path_of(key))] = line
            text += f"{'  ' if part[2] else ''}{key} = {part[1]}  # {number} = 1{newline}"
            continue
        written = part.format(number)
        if kind == "head":
            table = path_of(HEADS[part].format(number))
            expected[table] = line
        text += written + newline
    tomllib.loads(text)
    found = lines_of_keys(text)
    assert {path: found.get(path) for path in expected} == expected


def test_keys_of_inline_tables_have_lines_too() -> None:
    assert lines_of_keys("a = 1\nb = { c = [\n1], d = 2 }\n") == {("a",): 1, ("b",): 2, ("b", "c"): 2, ("b", "d"): 3}
