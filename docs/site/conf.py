"""Settings of the documentation site (`make docs`), which is built once for each language.

The Swedish site has the pages of docs/sv, the English site those of docs/en. Both have the pages of docs
itself, which are in English. See https://www.sphinx-doc.org/en/master/usage/configuration.html.
"""

import re
from typing import Any

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

LANGUAGES = {"sv": "Svenska", "en": "English"}

language = next(code for code in LANGUAGES if tags.has(code))  # type: ignore[name-defined] # noqa: F821
other = next(code for code in LANGUAGES if code != language)

project = {"sv": "Svarskiosk", "en": "Survey kiosk"}[language]
root_doc = f"{language}/index"
# The handbooks are included, a chapter at a time, by the pages of their readers.
exclude_patterns = [f"{other}/**", "site/**", "handbok.md", "handbook.md"]

extensions = ["myst_parser"]
myst_heading_anchors = 4
# A code block without a language is a command or a file's content.
highlight_language = "text"

html_theme = "furo"
html_title = project
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_use_index = False
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = None

LABELS = {
    "sv": {"menu": "Meny", "contents": "Innehåll", "search": "Sök"},
    "en": {"menu": "Menu", "contents": "Contents", "search": "Search"},
}[language]
REPLACEMENTS = {
    'role="heading"': 'role="heading" aria-level="2"',
    '<aside class="sidebar-drawer"': f'<aside class="sidebar-drawer" aria-label="{LABELS["menu"]}"',
    '<aside class="toc-drawer': f'<aside aria-label="{LABELS["contents"]}" class="toc-drawer',
    '<div id="search-results">': f'<h1>{LABELS["search"]}</h1><div id="search-results">',
}
SWEDISH = {
    "Toggle site navigation sidebar": "Visa eller dölj menyn",
    "Toggle table of contents sidebar": "Visa eller dölj sidans innehåll",
    "Toggle Light / Dark / Auto color theme": "Växla mellan ljust, mörkt och automatiskt",
    ">Skip to content<": ">Till innehållet<",
    "<span>Back to top</span>": "<span>Till toppen</span>",
    "<span>Next</span>": "<span>Nästa</span>",
    ">On this page<": ">På sidan<",
    "Made with": "Gjord med",
}
"""What the theme writes -> what the Swedish site has instead. The theme has no Swedish translation."""


def add_languages(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object) -> None:
    """Add the address of the page in the other language, and mark an English page of the Swedish site."""
    to_root = "../" * (page.count("/") + 1)
    elsewhere = re.sub(f"^{language}/", f"{other}/", page)
    context["replacements"] = REPLACEMENTS | (SWEDISH if language == "sv" else {})
    context["other_language"] = other
    context["other_name"] = LANGUAGES[other]
    context["other_address"] = f"{to_root}{other}/{elsewhere}.html"
    if language != "en" and "/" not in page and "body" in context:
        context["body"] = f'<div lang="en">{context["body"]}</div>'


def relink(_app: Sphinx, _path: object, _document: str, content: list[str]) -> None:
    """Change the links and pictures of a handbook, which lies one folder above the pages that include it."""
    content[0] = re.sub(r"\]\((?=[\w-]+\.md|pictures/)", "](../", content[0])


def setup(app: Sphinx) -> None:
    """Connect the functions above. Sphinx calls it."""
    # A diagram is shown as its source: what draws it fetches a script from another host.
    app.add_lexer("mermaid", TextLexer)
    app.connect("html-page-context", add_languages)
    app.connect("include-read", relink)
