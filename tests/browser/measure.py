"""What the browser tests measure: accessibility by axe, layout shift, overflow, targets."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
LEAST_TARGET_PX = 24
AT_REST = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
  .map((one) => one.finished)).then(() => null)"""

WATCH_SHIFTS = """
window.shifted = 0;
window.movers = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.shifted += entry.value;
    for (const { node } of entry.sources) window.movers.push(node?.outerHTML?.slice(0, 120));
  }
}).observe({ type: "layout-shift", buffered: true });
"""

SMALL_TARGETS = """(least) => [...document.querySelectorAll(
  'a[href], button, input:not([type="hidden"]), select, textarea, [role="tab"]'
)].filter((element) => {
  if (!element.checkVisibility({ opacityProperty: false, visibilityProperty: true })) return false;
  const inSentence = element.matches("p a, li > a:not([class]), dd a, td a, th a, small a");
  if (inSentence || element.matches(".visually-hidden, .skip-link")) return false;
  const box = (element.closest("label") ?? element).getBoundingClientRect();
  return box.width < least || box.height < least;
}).map((element) => element.outerHTML.slice(0, 120))"""


def violations_of(page: Page, *, besides: tuple[str, ...] = ()) -> list[str]:
    """Return what WCAG 2.1 AA finds on the page as it is now, besides some rules: rule, element."""
    page.evaluate(AT_REST)
    found: dict[str, Any] = Axe().run(page, options=WCAG).response
    return [
        f"{rule['id']}: {node['html'][:160]} {node['any'][:1]}"
        for rule in found["violations"]
        if rule["id"] not in besides
        for node in rule["nodes"]
    ]


def overflow_of(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, width)


def small_targets_of(page: Page) -> list[str]:
    """Return what can be pressed and is smaller than a finger needs, links in sentences apart."""
    found: list[str] = page.evaluate(SMALL_TARGETS, LEAST_TARGET_PX)
    return found


def watch_shifts(page: Page) -> None:
    """Begin to count layout shifts, before the page is opened."""
    page.add_init_script(WATCH_SHIFTS)


def shifts_of(page: Page) -> tuple[float, list[str]]:
    """Return how much of the page has moved without being asked to, and what."""
    found: tuple[float, list[str]] = tuple(page.evaluate("[window.shifted, window.movers]"))
    return found
