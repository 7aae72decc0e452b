"""Checks a page's accessibility with axe-core."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

VIOLATED = """axe.run({ resultTypes: ["violations"] })
    .then(({ violations }) => violations.map(({ id }) => id))"""

EACH_COLOUR_ONCE = """(() => {
  const { prototype } = axe.commons.color.Color, parse = prototype.parseString, known = new Map();
  prototype.parseString = function (text) {
    if (!known.has(text)) {
      parse.call(this, text);
      known.set(text, [this.r, this.g, this.b, this.alpha]);
    }
    [this.r, this.g, this.b, this.alpha] = known.get(text);
    return this;
  };
})()"""
"""JavaScript that makes axe-core parse each colour's text once in a document. axe-core parses the colours of
every element and of all elements behind it, which took a sixth of the processor time of a walk through all
pages."""


SMALL_TARGETS = """() => {
  document.querySelectorAll("details").forEach((one) => (one.open = true));
  const least = 43.9, found = [], boxes = [];
  const size = (one) => one.getBoundingClientRect();
  const texts = (one) => [...one.childNodes].filter((node) => node.nodeType === 3);
  const isSentence = (one) => /\\p{L}{3}/u.test(texts(one).map((node) => node.data).join(""));
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (!one.checkVisibility({ visibilityProperty: true }) || one.disabled || one.matches(".skip")) continue;
    const name = `${one.tagName} ${one.textContent.trim().slice(0, 30) || one.name}`;
    const isInText = getComputedStyle(one).display === "inline" && isSentence(one.parentElement);
    if (isInText && one.matches(".in-text, .handbook p *, .demonstration *")) continue;
    const labels = one.matches("[type=checkbox], [type=radio]") ? [...one.labels] : [];
    const box = [one, ...labels].map(size).sort((a, b) => b.width * b.height - a.width * a.height)[0];
    if (box.width < least || box.height < least) found.push(`${name}: ${box.width} x ${box.height}`);
    if (one.closest(".places")) continue;
    for (const [other, its] of boxes) {
      const across = Math.min(box.right, its.right) - Math.max(box.left, its.left);
      const down = Math.min(box.bottom, its.bottom) - Math.max(box.top, its.top);
      if (across > 1 && down > 1) found.push(`${name} overlaps ${other}`);
    }
    boxes.push([name, box]);
  }
  return found;
}"""


def small_targets(page: Page) -> list[str]:
    """Return the links, buttons and fields that are less than 44 pixels wide or high, or that overlap another
    one. A checkbox counts with its label. Links within a sentence are left out, as in WCAG 2.5.8."""
    targets: list[str] = page.evaluate(SMALL_TARGETS)
    return targets


def violations(page: Page) -> list[str]:
    """Return the identifiers of axe-core's rules that a page violates in its present state.

    axe-core is loaded once in a document, and only identifiers are returned from it: to pass on axe-core's
    text and its full results took more processor time than the check.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{Axe().axe_script};\n{EACH_COLOUR_ONCE}")
    broken: list[str] = page.evaluate(VIOLATED)
    return broken
