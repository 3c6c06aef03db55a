"""Formulas as MathML, made by docutils: who reads them needs no script, font or server."""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

__all__ = ["setup"]


def _inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(_mathml(node))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.Element) -> None:
    formula = _mathml(node, as_block=True)
    writer.body.append(writer.starttag(node, "div", CLASS="math") + formula + "</div>\n")
    raise nodes.SkipNode


def _mathml(node: nodes.Element, *, as_block: bool = False) -> str:
    """Write a formula; one that docutils cannot read is a warning, and shown as it is."""
    try:
        return str(tex2mathml(node.astext(), as_block=as_block))
    except MathError as error:
        logging.getLogger(__name__).warning("formula: %s", error, location=node)
        return html.escape(node.astext())


def setup(app: Any) -> None:
    """Set this part of the extension up."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
