"""What the terminal's first load costs, from the running server, and that all of it arrives."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP
from tests.browser.terminals import ADDRESS, Trader, is_live

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 300_000
FETCHED = """async () => {
  const names = performance.getEntriesByType("resource").map((one) => one.name);
  const scripts = [...new Set(names)].filter((name) => new URL(name).pathname.endsWith(".js"));
  return Object.fromEntries(await Promise.all(
    scripts.map(async (name) => [name, await (await fetch(name)).text()])));
}"""


def test_the_first_load_is_small_and_whole_and_the_console_stays_empty(
    browser: Browser, traders: list[Trader]
) -> None:
    context = browser.new_context(
        base_url=traders[0].rest.site.url,
        storage_state=traders[0].cookies,
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(f"{one.type}: {one.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    sent: dict[str, int] = {}
    encoded: dict[str, str] = {}
    wire = context.new_cdp_session(page)
    wire.on(
        "Network.loadingFinished",
        lambda one: sent.update({one["requestId"]: one["encodedDataLength"]}),
    )
    page.on(
        "response", lambda one: encoded.update({one.url: one.headers.get("content-encoding", "")})
    )
    wire.send("Network.enable")
    page.goto(ADDRESS)
    is_live(page)
    expect(page.locator("[data-leverage]")).to_have_text("10x")
    page.wait_for_load_state("networkidle")
    total = sum(sent.values())
    scripts = page.evaluate(FETCHED)
    context.close()
    assert 100_000 < total < MOST_BYTES, total
    assert len(scripts) > 25
    for address, text in scripts.items():
        path = ROOT / urlsplit(address).path.removeprefix("/")
        assert text == path.read_text(encoding="utf-8"), address
    assert {encoded[address] for address in scripts} == {"gzip"}
    assert said == []
