"""Mathematics as MathML, made while the site is built: nothing is fetched or computed where it is read."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

_log = logging.getLogger(__name__)


def setup(app: Any) -> dict[str, Any]:
    """Registers the renderer ``mathml`` with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    return {"parallel_read_safe": True}


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(_converted(node, "inline"))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="formula">{_converted(node, "block")}</div>\n')
    raise nodes.SkipNode


def _converted(node: Any, display: str) -> str:
    formula = node.astext()
    try:
        made = convert(formula, display=display)
        # The converter lets through what it does not know, and ends what was left open.
        reason = "it holds a command that is not known" if "\\" in made else ""
        reason = reason or ("a brace is open" if formula.count("{") != formula.count("}") else "")
    except Exception as error:
        made, reason = "", f"{type(error).__name__}: {error}"
    # The converter sets no space between a function and what it is of.
    made = re.sub(r"(<mi>(?:log|exp)</mi>)(?!<mo[^>]*>(?:\(|&#x00028;))", r'\1<mspace width="0.17em"/>', made)
    if reason:
        _log.warning("a formula cannot be read (%s): %s", reason, formula, location=node)
    return made
