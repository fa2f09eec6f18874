"""Settings of Sphinx for the site that `make site` builds from what sources.py lays out."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import docstrings  # noqa: E402
import sources  # noqa: E402

import gancourse  # noqa: E402
from gancourse.classroom import colab, pages  # noqa: E402

project, author, copyright = "gancourse", "The gancourse authors", "The gancourse authors; text and figures CC BY 4.0, code MIT"
REPOSITORY = colab.repository(ROOT)
release = gancourse.__version__
html_title = "gancourse"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.linkcode"]

# Markdown and notebooks: outputs are shown as they are stored, nothing is executed.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_dmath_allow_digits = False
myst_heading_anchors = 4

# The reference is made from the docstrings.
autodoc_default_options = {"members": True, "member-order": "bysource", "show-inheritance": True}
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 90
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries = False

# A name of the package that does not exist is a broken link; other packages have pages of their own.
nitpicky = True
# Nor have private classes and type variables one, which signatures name.
nitpick_ignore_regex = [("py:.*", r"(?!gancourse\.).*"), ("py:.*", r"gancourse\..*\.(_\w+|[A-Z])")]

# Cells are parsed one by one, so that a part of a section, which begins with ###, seems to follow no section; and where two
# modules have a class of one name, a signature that names it without its module links the first.
suppress_warnings = ["myst.header", "ref.python"]

html_theme = "furo"
html_math_renderer = "mathml"
html_static_path = ["static", "../_build/static"]
html_css_files = ["site.css"]
html_js_files = ["films.js"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "footer_icons": [{"name": "The repository", "url": REPOSITORY, "html": "repository", "class": ""}],
}


def setup(app):
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_formula, None))
    app.connect("autodoc-process-docstring", _as_rst)
    app.connect("autodoc-skip-member", _says_nothing)
    app.connect("missing-reference", _where_it_is_defined)
    app.connect("doctree-read", _to_the_repository)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """The address of the lines that define a name."""
    thing = sys.modules.get(info["module"])
    for part in info["fullname"].split("."):
        thing = getattr(thing, part, None)
    try:
        file = Path(inspect.getsourcefile(inspect.unwrap(thing)))
        lines, first = inspect.getsourcelines(inspect.unwrap(thing))
    except (TypeError, OSError):  # a constant, a field of a dataclass
        return None
    if not file.is_relative_to(ROOT):
        return None
    return f"{REPOSITORY}/blob/main/{file.relative_to(ROOT).as_posix()}#L{first}-L{first + len(lines) - 1}"


def _inline_formula(translator, node):
    translator.body.append(pages.mathml(node.astext()))
    raise nodes.SkipNode


def _formula(translator, node):
    translator.body.append(f'<div class="formula">{pages.mathml(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def _as_rst(app, what, name, obj, options, lines):
    lines[:] = docstrings.as_rst(lines, _arguments(obj))


def _says_nothing(app, what, name, obj, skip, options) -> bool | None:
    """A field of a named tuple: Python documents it by its number."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def _arguments(obj) -> set[str]:
    try:
        return set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):  # a module, a constant, a property
        return set()


def _where_it_is_defined(app, env, node, contnode):
    """A name that a room exports leads to the module that defines it."""
    room, _, name = node["reftarget"].rpartition(".")
    if node["refdomain"] != "py" or room not in sources.modules():
        return None
    thing = getattr(importlib.import_module(room), name, None)  # another process may have read the page
    home = f"{getattr(thing, '__module__', None)}.{getattr(thing, '__qualname__', None)}"
    if home == node["reftarget"]:
        return None
    return env.domains.python_domain.resolve_xref(env, node["refdoc"], app.builder, "obj", home, node, contnode)


def _to_the_repository(app, doctree):
    """A link to a file that is no page of the site leads to the repository."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        if node["reftype"] != "myst" or node["refdomain"]:
            continue
        target, _, part = node["reftarget"].partition("#")
        path = ((ROOT / node["refdoc"]).parent / target).resolve()
        if target and path.is_relative_to(ROOT) and path.exists():
            address = f"{REPOSITORY}/blob/main/{path.relative_to(ROOT).as_posix()}" + (f"#{part}" if part else "")
            node.replace_self(nodes.reference("", "", *node.children, refuri=address, internal=False))
