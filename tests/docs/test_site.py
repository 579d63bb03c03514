"""The documentation: nothing unlisted, no dead link, no command that is not there, no page without its picture."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import Config
from core.corpora.loaders import BUILT_IN
from core.demo import install_demo
from core.workspace import Workspace
from dashboard.navigation import PAGES, PageSpec, available
from docs.pictures import places
from docs.site import links, named, navigation, reference, stage
from docs.site.__main__ import faults

FILES = links.markdown_files()


def test_nothing_is_wrong() -> None:
    assert faults() == []


def test_a_page_that_is_not_listed_is_named(tmp_path: Path) -> None:
    for name in navigation.listed():
        if name not in navigation.GENERATED:
            (tmp_path / f"{name}.md").write_text("# A page\n")
    assert navigation.faults(tmp_path) == []
    (tmp_path / "hub-of-hubs.md").write_text("# New\n")
    (tmp_path / "jobs.md").unlink()
    said = navigation.faults(tmp_path)
    assert said == [
        "docs/hub-of-hubs.md is in no section: list it in docs/site/navigation.py",
        "docs/jobs.md is listed and not there",
    ]


def test_a_page_of_the_dashboard_needs_text_and_pictures(tmp_path: Path) -> None:
    text = (navigation.DOCS / "dashboard.md").read_text(encoding="utf-8")
    new = PageSpec("new_page", "New page", "", "", "")
    said = navigation.pages_untold(text, (*PAGES[:2], new))
    assert said == [
        "docs/dashboard.md has no section '## New page': say what the page is for",
        "docs/dashboard.md does not show ../assets/screenshots/new-page-light.png",
    ]
    (tmp_path / "new-page-light.png").write_bytes(b"\0" * (places.MOST_BYTES + 1))
    assert [line.split()[0] for line in places.missing(["new_page"], tmp_path)] == [
        "assets/screenshots/new-page-light.png",
        "assets/screenshots/new-page-dark.png",
        "assets/screenshots/lab-in-motion-light.webp",
        "assets/screenshots/lab-in-motion-dark.webp",
    ]


def test_pictures_are_listed_and_nothing_else_lies_there() -> None:
    wanted = {places.still(page.name, theme).name for page in available() for theme in places.THEMES}
    wanted |= {places.film(theme).name for theme in places.THEMES} | {places.STAMP.name}
    assert {file.name for file in places.FOLDER.iterdir()} == wanted


def test_dead_links_and_headings_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# What it is\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md) [b](other.md#what-it-is) [c](gone.md) [d](other.md#gone) `[e](code.md)`\n")
    assert links.faults([page]) == [
        "page.md: the link gone.md leads to nothing",
        "page.md: the link other.md#gone names a heading that is not there",
    ]


def test_commands_options_targets_keys_that_are_not_there_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`mirage train NAME --sed 1` and `mirage trane`, `make dmo`\n\n```sh\n"
        "mirage train emodb --set generation.w_x=1\nmirage train emodb \\\n  --seed 1 --set generation.w_u=1\n"
        "MIRAGE_HOME=/w python -m benchmarks.gone\nmirage jobs --cores 8  # --not-an-option\n```\n"
    )
    said = named.faults(page)
    assert [re.sub(r"`[^`]*`: ", "", line, count=1) for line in said] == [
        "page.md: --set: there is no key 'generation.w_x'; did you mean 'generation.w_u'?",
        "page.md: there is no module benchmarks.gone",
        "page.md: `mirage train` has no option --sed",
        "page.md: there is no command 'trane'",
        "page.md: make knows no 'dmo'",
    ]


# Those of exports.md need the files that its commands write: tests/core/export runs both.
@pytest.mark.parametrize("file", [file for file in FILES if file.name != "exports.md"], ids=lambda file: file.name)
def test_python_blocks_run(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the demo, whose run stands for the reader's own."""
    blocks = re.findall(r"^```python\n(.*?)^```", file.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not blocks:
        return
    install_demo(Workspace(tmp_path / "workspace"))
    monkeypatch.setenv("MIRAGE_HOME", str(tmp_path / "workspace"))
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block.replace('"emodb-fold0"', '"demo"'), file.name, "exec"), {})


def test_reference_has_every_key_command_and_loader() -> None:
    text = reference.configuration()
    for section, field in Config.model_fields.items():
        for name in field.annotation.model_fields:  # type: ignore[union-attr]
            assert f"| `{section}.{name}` |" in text
    text = reference.command_line()
    for command, options in named.commands().items():
        assert not command or f"## {command}\n" in text
        assert all(option in text for option in options if command and option not in ("-h", "--help"))
    corpora = (navigation.DOCS / "corpora.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"<!-- facts ([\w-]+) -->", corpora)) == sorted(BUILT_IN)
    assert "utterances: 535; angry: 127" in corpora


def test_old_facts_of_a_corpus_are_written_anew() -> None:
    text = (navigation.DOCS / "corpora.md").read_text(encoding="utf-8")
    old = text.replace("utterances: 535", "utterances: 500")
    assert old != text
    assert reference.with_facts(old) == text


def test_staged_pages_show_both_themes(tmp_path: Path) -> None:
    stage.stage(tmp_path / "pages")
    home = (tmp_path / "pages" / "index.md").read_text(encoding="utf-8")
    for theme in places.THEMES:
        assert home.count(f"(assets/screenshots/lab-in-motion-{theme}.webp){{.picture-{theme}}}") == 1
    assert "<picture>" not in home
    assert "```{math}" in (tmp_path / "pages" / "docs" / "method.md").read_text(encoding="utf-8")


def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    ran = subprocess.run(
        [sys.executable, "-m", "docs.site", "--to", str(tmp_path / "site")],
        cwd=navigation.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(navigation.listed())
    fetched = re.compile(
        r"""<(?:script|img|iframe|source)[^>]+src=["']?(?:https?:)?//|<link[^>]+href=["']?(?:https?:)?//"""
    )
    assert [page.name for page in pages if fetched.search(page.read_text(encoding="utf-8"))] == []
    method = (tmp_path / "site" / "docs" / "method.html").read_text(encoding="utf-8")
    assert method.count("<math ") > 50
    assert "configuration.html" in method


def test_a_formula_that_cannot_be_read_fails_the_build(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    options = ["-q", "-C", "-W", "-b", "html", "-D", "extensions=docs.site.mathml", "-D", "html_math_renderer=mathml"]
    for formula, code in ((r"\frac{1}{2}", 0), (r"\frac{1", 1), (r"\fraction{1}{2}", 1)):
        (tmp_path / "index.rst").write_text(f"Page\n====\n\n.. math:: {formula}\n")
        ran = subprocess.run(
            [sys.executable, "-m", "sphinx", *options, "-E", str(tmp_path), str(tmp_path / "out")],
            cwd=navigation.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, "a formula cannot be read" in ran.stderr) == (code, bool(code)), ran.stderr
