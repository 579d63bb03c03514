"""Settings of Sphinx for ``python -m docs.site``; the pages are staged by ``docs.site.stage``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from core import __version__  # noqa: E402

project = "MIRAGE"
author = "the MIRAGE authors"
copyright = "MIT licence"
release = __version__
language = "en-GB"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docs.site.mathml"]
root_doc = "index"
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath", "attrs_inline"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
# Links of README and pages to files of the repository are taken along as downloads.
myst_all_links_external = False

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_use_ivar = True
python_use_unqualified_type_names = True

html_theme = "furo"
smartquotes = False
html_title = f"MIRAGE {release}"
html_static_path = [str(ROOT / "docs" / "site" / "static")]
html_css_files = ["mirage.css"]
html_favicon = str(ROOT / "assets" / "icon.svg")
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0E7490", "color-brand-content": "#0E7490"},
    "dark_css_variables": {"color-brand-primary": "#4FB8D0", "color-brand-content": "#4FB8D0"},
}
html_logo = str(ROOT / "assets" / "logo.svg")
pygments_style = "default"
suppress_warnings = ["config.cache"]


def setup(app: Any) -> None:
    """Docstrings are read before napoleon turns their sections into fields."""
    app.connect("autodoc-process-docstring", _literal_names, priority=400)


def _literal_names(_app: Any, _what: str, _name: str, _value: Any, _options: Any, lines: list[str]) -> None:
    """Names that end in an underscore, and bars, mean something else in reStructuredText."""
    literal = -1
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip() or 0 <= literal < indent:
            continue
        literal = indent if line.rstrip().endswith("::") else -1
        parts = re.split(r"(``.*?``)", line)
        lines[number] = "".join(part if part.startswith("``") else _escaped(part) for part in parts)


def _escaped(text: str) -> str:
    return re.sub(r"(?<![\w`])(\w+_)(?![\w`])", r"``\1``", text).replace("|", r"\|")
