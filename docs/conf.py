"""The documentation as a site: ``sphinx-build docs build/docs`` (see CONTRIBUTING.md)."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "_ext")]
PROJECT = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# The examples compute anew, and leave nothing in the user's store; a network is never asked.
_work = tempfile.TemporaryDirectory(prefix="hybridsent-docs-")
os.environ.setdefault("HYBRIDSENT_STORE", str(Path(_work.name) / "store"))
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from hybridsent import __version__  # noqa: E402 - the checkout's, by the path above

project = PROJECT["name"]
author = PROJECT["authors"][0]["name"]
copyright = author  # noqa: A001 - Sphinx calls it so
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "hybridsent_site",
]
exclude_patterns = ["_ext", "**/*.ipynb", "generated/gallery/*.py"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
default_role = "name"
highlight_language = "none"
smartquotes = False  # of "--option" they would make "–option"
add_module_names = False
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

html_math_renderer = "mathml"

myst_enable_extensions = ["html_image"]  # <img> of README is a picture of the site
myst_heading_anchors = 6  # of all levels, named as forges do

autodoc_typehints = "none"  # the docstrings say what a parameter may be, in words
autodoc_preserve_defaults = (
    True  # as they are written: `log=log_line`, not the address of a function
)
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # types of the package are links, words and other packages' names none

# What stands in no reference of ours: the standard library, and packages that are installed here.
# Everything else, that is every name without a module and all of hybridsent, must lead somewhere.
_foreign = {*sys.stdlib_module_names, *packages_distributions(), "builtins"} - {"hybridsent"}
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", rf"({'|'.join(map(re.escape, sorted(_foreign)))})(\..*)?")]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "generated/gallery",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("hybridsent",),
    "filename_pattern": r"plot_\w+\.py$",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "within_subsection_order": "FileNameSortKey",
    "default_thumb_file": None,
    "abort_on_example_error": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "hybridsent"
html_static_path = ["_static"]
html_css_files = ["hybridsent.css"]
html_show_search_summary = False  # it would fetch each page, which files on a disk refuse
html_copy_source = False
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system
html_theme_options = {
    "collapse_navigation": True,  # a page holds its own branch of the tree, not 400 names
    "logo": {"text": "hybridsent"},
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}
