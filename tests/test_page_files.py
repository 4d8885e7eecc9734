"""The page of a replay, as it is handed out: little, and only what a strict Content-Security-Policy allows."""

from __future__ import annotations

import gzip
import hashlib
import re
import textwrap
from html.parser import HTMLParser
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "feedrec" / "replay" / "page" / "static"
MODULES = sorted(STATIC.glob("*.js"))
OURS = [*MODULES, STATIC / "index.html", STATIC / "style.css", STATIC / "icon.svg"]

UPLOT = {
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
"""SHA-256 of the files of uplot 1.6.32 on npm."""


class Tags(HTMLParser):
    """The tags of a document, with their attributes, and the text within scripts and styles."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem and data.strip():
            self.inline.append(data)


@pytest.fixture(scope="module")
def index() -> Tags:
    return Tags((STATIC / "index.html").read_text())


def matches(pattern: str, paths: list[Path] = OURS) -> list[str]:
    return [f"{path.name}: {found}" for path in paths for found in re.findall(pattern, path.read_text())]


def test_all_of_it_is_under_60_kb_gzipped() -> None:
    files = [path for path in STATIC.rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 60_000


def test_uplot_is_as_its_authors_published_it_with_its_licence() -> None:
    folder = STATIC / "uplot"
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == UPLOT
    root = Path(__file__).parents[1]
    assert "uPlot" in (root / "NOTICE").read_text()
    assert "feedrec/replay/page/static/uplot/LICENSE" in (root / "pyproject.toml").read_text()


def test_the_session_in_the_docs_is_the_one_that_is_tested() -> None:
    root = Path(__file__).parents[1]
    session = (root / "tests" / "page" / "session.py").read_text()
    body = textwrap.dedent(session[session.index("    state, speed =") :])
    page = (root / "docs" / "player.md").read_text()
    assert f"```python-session\n{body}```\n" in page
    pictures = sorted(path.name for path in (root / "docs" / "pictures").iterdir())
    assert pictures == sorted(re.findall(r"\(pictures/(.*?)\)", page))


def test_nothing_is_made_of_text_by_a_parser_of_html_or_scripts() -> None:
    makers = (
        r"(?:inner|outer)HTML|setHTML\w*|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc"
        r"|\beval\b|\bFunction\s*\(|javascript:|set(?:Timeout|Interval)\(\s*[\"'`]|setAttribute\(\s*[\"'`](?:on|style|src|href)"
    )
    assert matches(makers) == []


def test_text_is_set_in_one_place_which_makes_it_visible() -> None:
    """So that no character of a recording hides, or turns others around."""
    assert matches(r".*\.(?:textContent|innerText) = .*", MODULES) == [
        "elements.js:   if (element.textContent !== shown) element.textContent = shown;",
        'elements.js:   element.textContent = lines.map(visible).join("\\n");',
    ]
    assert matches(r"createTextNode|\.data = ", MODULES) == []


def test_there_is_no_inline_script_or_style(index: Tags) -> None:
    assert index.inline == []
    names = {name for _, attributes in index.tags for name in attributes}
    assert [name for name in names if name == "style" or name.startswith("on")] == []
    assert matches(r"@import|url\(", [STATIC / "style.css"]) == []


def test_everything_that_is_loaded_is_beside_it(index: Tags) -> None:
    """No address of another server stands anywhere, and each file that is named is there."""
    loaded = [attributes.get("src") or attributes.get("href") for _, attributes in index.tags]
    named = [name for name in loaded if name]
    assert len(named) == 5
    assert [name for name in named if not (STATIC.parent / name).is_file()] == []
    imported = [found for path in MODULES for found in re.findall(r'from "(.*?)"', path.read_text())]
    assert [name for name in imported if not (name.startswith("./") and (STATIC / name).is_file())] == []
    assert matches(r"https?://[\w.]+") == ["icon.svg: http://www.w3.org"]


def test_each_element_that_a_module_asks_for_is_there_once(index: Tags) -> None:
    there = [attributes["id"] for _, attributes in index.tags if "id" in attributes]
    assert len(there) == len(set(there))
    asked = {found for path in MODULES for found in re.findall(r'byId\("([\w-]+)"\)', path.read_text())}
    assert len(asked) > 40
    assert asked - set(there) == set()


def test_what_is_pressed_or_filled_in_has_a_name() -> None:
    """By the text in it, a label around it, or `aria-label`."""
    document = (STATIC / "index.html").read_text()
    for tag in ("select", "input"):
        for found in re.finditer(rf"<{tag}\b", document):
            before = document[: found.start()]
            assert before.rindex("<label") > before.rfind("</label>")
    for attributes, text in re.findall(r"<button\b([^>]*)>(.*?)</button>", document):
        assert re.search(r"\w", text) or "aria-label=" in attributes


def test_our_modules_are_short_and_say_what_they_are_for() -> None:
    for path in MODULES:
        lines = path.read_text().splitlines()
        assert lines[0].startswith("// "), path.name
        assert len(lines) < 200, path.name
        assert max(map(len, lines)) <= 120, path.name
        assert not re.search(r"console\.|debugger", path.read_text()), path.name


def test_what_a_module_imports_it_uses_and_another_one_has() -> None:
    for path in MODULES:
        text = path.read_text()
        for names, module in re.findall(r'import \{ (.*?) \} from "\./(.*?)"', text):
            other = (STATIC / module).read_text()
            for name in names.split(", "):
                assert re.search(rf"export (?:async )?(?:class|function|const) {name}\b", other), f"{path.name}: {name}"
                assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{path.name}: {name}"
