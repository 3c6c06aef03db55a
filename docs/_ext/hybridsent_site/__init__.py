"""What Sphinx needs to make a site of this checkout: docs/*.md stay as they are on the forge.

==========  ========================================================================================
`pages`     the files of the repository and where each stands in the site; links between them
`api`       the reference of every public name, and what a name in a text leads to
`cli`       the reference of every command, from its parser
`formulas`  formulas as MathML, which browsers draw without a script
==========  ========================================================================================

All that is made lies in ``docs/generated``, which git ignores.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from hybridsent_site import api, cli, formulas, pages

__all__ = ["setup"]


def setup(app: Any) -> dict[str, Any]:
    """Set the extension up, as Sphinx asks for."""
    for part in (pages, api, cli, formulas):
        part.setup(app)
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return {
        "env_version": zlib.crc32(b"".join(each.read_bytes() for each in sources)),  # read anew
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
