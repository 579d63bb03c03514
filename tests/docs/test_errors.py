"""Every error a person can meet is on one page with its cure, and the page is what the source says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.catalogue.cures import cure_of, in_message, missing, table, unused
from docs.catalogue.ends import ENDS
from docs.catalogue.page import PAGE, render
from docs.catalogue.scan import ROOT, Site, raise_sites, scan

# Places that pass on the message of another error, which has its own entry.
PASSED_ON = {
    "core/corpora/ingest.py": "LOADERS.faults()",
    "core/corpora/checking.py": "str(error)",
    "core/encoders/audio.py": "waveform {position}",
    "core/encoders/text.py": "text {position}",
    "core/sandbox/parent.py": "facts['fault']",
    "dashboard/space/own.py": "str(error)",
    "dashboard/corpus_form.py": 'refused["message"]',
}


@pytest.fixture(scope="module")
def sites() -> list[Site]:
    return scan()


def test_every_raise_is_on_the_page(sites):
    there = {(site.module, site.line) for site in sites}
    # A raise that makes its message in a helper is found where the helper makes it; those pass one on.
    left = [place for place in sorted(raise_sites() - there) if not _passes_on(*place)]
    assert not left
    assert len(raise_sites()) > 350  # that the pattern finds them at all


def _passes_on(module: str, line: int) -> bool:
    lines = (ROOT / module).read_text(encoding="utf-8").splitlines()
    return module in PASSED_ON and PASSED_ON[module] in lines[line - 1]


def test_every_message_has_a_cure(sites):
    faults = missing(sites, table())
    assert not faults, "\n" + "\n".join(faults)


def test_every_cure_belongs_to_a_message(sites):
    faults = unused(sites, table())
    assert not faults, "\n" + "\n".join(faults)


def test_the_page_is_up_to_date(sites):
    assert PAGE.read_text(encoding="utf-8") == render(sites), "docs/errors.md is an old one: run `make errors`"


def test_every_message_and_every_end_of_a_job_is_on_the_page(sites):
    page = PAGE.read_text(encoding="utf-8")
    assert not [site for site in sites if site.message not in page]
    messages = {site.message for site in sites}
    assert not [end.message for end in ENDS if end.message is not None and end.message not in messages]


def test_a_message_without_a_cure_is_told_where_to_get_one():
    site = Site("core/new.py", 12, "the moon is <colour>")
    (line,) = missing([site], {})
    assert line.startswith("core/new.py:12: no cure for 'the moon is <colour>'")
    assert "docs/catalogue/cures.yaml under core/new.py" in line
    assert cure_of(site, {"core/new.py": {site.message: "Wait for the night."}}) is not None


def test_a_cure_that_nothing_needs_any_more_is_told():
    (line,) = unused([], {"core/gone.py": {"the moon is <colour>": "Wait."}})
    assert "remove its cure" in line


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("there is no key 'n'; did you mean '<nearest key>'?", "Write the name that the message proposes."),
        ("it has none (<x> are unknown: give their names); leave the key out", "leave the key out"),
        ("there is no critic '<x>'; there are: separable, joint", "Take one of those that the message names."),
        ("at least 40 samples are needed, there are <number>", None),
        ("a mapping of sections is expected, found <kind>", None),
    ],
)
def test_advice_is_found_in_a_message_only_where_it_is(message: str, said: str | None):
    assert in_message(message) == said


def test_cures_name_options_and_keys_that_exist():
    from typer.main import get_command

    from core.cli import commands  # noqa: F401 - registers them
    from core.cli.app import app
    from core.config import Config

    every = get_command(app).commands.values()  # type: ignore[attr-defined]
    options = {
        option
        for command in every
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    cures = [cure for written in table().values() for cure in written.values()]
    named = {option for cure in cures for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", cure)}
    assert named - options <= {"--debug", "--head", "--help"}  # before the command, or Ray's own
    keys = {f"{section}.{name}" for section, content in Config().model_dump().items() for name in content}
    asked = {key for cure in cures for key in re.findall(r"\b(?:data|training|alignment|generation)\.[a-z_]+", cure)}
    asked |= {key for end in ENDS for key in re.findall(r"\b(?:training|alignment|generation)\.[a-z_]+", end.kept)}
    assert asked <= keys


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('def f(p): raise BadInputError(f"{p}: is bad")', {"<p>: is bad"}),
        ('M = ("a", "b")\ndef f(): raise BadInputError(f"one of {\', \'.join(M)}")', {"one of a, b"}),
        ('def f(x):\n w = "no" if x else "yes"\n raise FailureError(f"said {w}")', {"said no", "said yes"}),
        ('def g(r): return BadInputError(f"it {r}")\ndef f(): raise g("broke")', {"it broke"}),
        ('def g(): return "is too old"\ndef f(n):\n r = g()\n raise BadInputError(f"{n} {r}")', {"<n> is too old"}),
        ("class MineError(BadInputError): pass\ndef f(): raise MineError('my own')", {"my own"}),
        ('def f(a): raise BadInputError("part one " f"{a!r} part two")', {"part one '<a>' part two"}),
        (
            'def g(k): raise BadInputError(f"no {k}, give --{k}")\ndef f(): g("audio"); g("text")',
            {"no audio, give --audio", "no text, give --text"},
        ),
        ('def f(said):\n return "failed", said or "ended early"', {"ended early"}),
    ],
)
def test_messages_are_rebuilt_from_what_makes_them(tmp_path: Path, source: str, expected: set[str]):
    for package in ("core", "dashboard", "pages"):
        (tmp_path / package).mkdir()
    (tmp_path / "Makefile").write_text("")
    errors = (ROOT / "core" / "errors.py").read_text()
    (tmp_path / "core" / "errors.py").write_text(errors)
    (tmp_path / "core" / "it.py").write_text(f"from core.errors import BadInputError, FailureError\n{source}\n")
    assert {site.message for site in scan(tmp_path)} == expected
