"""Holds README and docs to what is there: links, commands, flags, make targets, paths, rooms and file examples."""

import asyncio
import importlib.util
import json
import re
from pathlib import Path

import click
import pytest

from graph.command.main import main
from store.files.ingest import check
from store.files.source import Source

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]
MOST_LINES = 160
MOST_PICTURE_BYTES = 200_000
_FENCED = re.compile(r"^```(.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_PATH = re.compile(r"(?:bench|docs|examples|graph|store|tests|web)(?:/[\w.-]+)+/?")


def fences(page: Path, kind: str) -> list[str]:
    """Return the content of each fence of a kind, such as `sh`."""
    return [content for found, content in _FENCED.findall(page.read_text(encoding="utf-8")) if found == kind]


def prose(page: Path) -> str:
    """Return a page without its fences."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def spans(page: Path) -> list[str]:
    """Return what a page's prose shows as code."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def commands(page: Path) -> list[str]:
    """Return each line that a reader may copy into a shell."""
    lines = "".join(fences(page, "sh")).replace("\\\n", " ").splitlines()
    return [*lines, *spans(page)]


def anchors(page: Path) -> set[str]:
    """Return the names by which GitHub links to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)\s]+)\)", prose(page))
    for target in targets:
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.is_relative_to(ROOT), target
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)\)", prose(README)))
    assert linked == {f"docs/{page.name}" for page in ROOT.glob("docs/*.md")}


def test_the_readme_is_short_and_greets_nobody_with_a_bar_that_was_missed() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert "MISSED" not in text


def test_the_pictures_are_small_and_each_is_shown() -> None:
    pictures = sorted(ROOT.glob("docs/images/*"))
    assert len(pictures) == 2
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size < MOST_PICTURE_BYTES
        assert f"](docs/images/{picture.name})" in prose(README)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_has_the_flags_that_are_shown(page: Path) -> None:
    lines = [found[1] for line in commands(page) if (found := re.search(r"(?:^|[ /])broadsheet ((?![A-Z]).+)", line))]
    for line in lines:
        command: click.Command = main
        flags = {"--help", "--version"}
        for word in re.findall(r"--[\w-]+|[a-z]+", line):
            if isinstance(command, click.Group) and not word.startswith("-"):
                assert word in command.commands, line
                command = command.commands[word]
                flags |= {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}
            elif word.startswith("--"):
                assert word in flags, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_script_and_module_that_is_shown_exists(page: Path) -> None:
    text = "\n".join(commands(page))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    scripts = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))["scripts"]
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"\bnpm run ([a-z-]+)", text)) <= set(scripts)
    for module in re.findall(r"\bpython -m ((?:bench|graph|tests)[\w.]*)", text):
        assert importlib.util.find_spec(module), module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_of_the_project_that_is_named_exists(page: Path) -> None:
    named = {span for span in spans(page) if _PATH.fullmatch(span)}
    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_the_readme_names_every_room() -> None:
    (plan,) = fences(README, "text")
    packages = {path.parent.relative_to(ROOT) for world in ("graph", "store") for path in ROOT.glob(f"{world}/**/*.py")}
    rooms = {f"{package.name}/" for package in packages}
    assert set(re.findall(r"\b[a-z]+/", plan)) == rooms


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "articles.md"], ids=lambda page: page.name)
def test_the_file_that_is_shown_is_an_article(page: Path, tmp_path: Path) -> None:
    (text,) = fences(page, "yaml")
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    assert str(asyncio.run(check([Source(tmp_path)], processes=1))).startswith("1 added, 0 updated")


def test_the_problem_that_is_shown_is_what_a_report_says(tmp_path: Path) -> None:
    page = ROOT / "docs" / "articles.md"
    (text,), (shown,) = fences(page, "yaml"), fences(page, "text")
    broken = tmp_path / "_news" / "2026-11-18-harbour.md"
    broken.parent.mkdir()
    broken.write_text(re.sub("(?<=publishedDateTime: ).*", "soon", text), encoding="utf-8")
    assert str(asyncio.run(check([Source(tmp_path)], processes=1))).splitlines()[1:] == shown.splitlines()
