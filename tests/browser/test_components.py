from playwright.sync_api import Page, expect


def test_the_first_tab_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_whatever_the_keyboard_reaches_shows_that_it_has_the_focus(page: Page) -> None:
    page.goto("/styleguide")
    unmarked = []
    for _ in range(60):
        page.keyboard.press("Tab")
        marked, what = page.evaluate(
            """() => { const one = document.activeElement;
            const shown = one.closest(".segmented label, .field-box") ?? one;
            const style = getComputedStyle(shown);
            const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            return [outlined || one === document.body, one.outerHTML.slice(0, 100)]; }"""
        )
        if not marked:
            unmarked.append(what)
    assert unmarked == []


def test_arrows_home_and_end_choose_a_tab_and_its_panel(page: Page) -> None:
    page.goto("/styleguide")
    page.get_by_role("tab", name="Positions").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Open orders")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_have_text("Panel two.")
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel")).to_have_text("Panel three.")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Positions")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    expect(page.get_by_role("tab", name="Positions")).to_be_focused()
    assert page.locator('[role="tab"][tabindex="-1"]').count() == 2


def test_escape_closes_the_dialog_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/styleguide")
    opener = page.get_by_role("button", name="Open a dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="Cancel all orders?")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_click_beside_the_dialog_closes_it_and_one_inside_does_not(page: Page) -> None:
    page.goto("/styleguide")
    page.get_by_role("button", name="Open a dialog").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Three orders in two markets").click()
    expect(dialog).to_be_visible()
    page.mouse.click(5, 5)
    expect(dialog).to_be_hidden()


def test_escape_puts_a_tooltip_away_without_moving_the_pointer(page: Page) -> None:
    page.goto("/styleguide")
    tip = page.get_by_role("tooltip")
    page.get_by_role("button", name="What is maintenance margin?").hover()
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()


def test_the_slider_says_its_stop_and_not_its_position(page: Page) -> None:
    page.goto("/styleguide")
    slider = page.get_by_role("slider", name="Leverage")
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "1000x")
    expect(page.locator(".slider output")).to_have_text("1000x")


def test_a_toast_is_announced_can_be_closed_and_leaves_by_itself(page: Page) -> None:
    page.clock.install()
    page.goto("/styleguide")
    page.get_by_role("button", name="Show a toast").click()
    toasts = page.locator("#toasts")
    expect(toasts).to_have_attribute("aria-live", "polite")
    expect(toasts).to_contain_text("0.25 BTC at 10,012.5")
    toasts.get_by_role("button", name="Close this message").click()
    expect(toasts).to_be_empty()
    page.get_by_role("button", name="Show a bad toast").click()
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Open a dialog").focus()
    page.clock.run_for(6_500)
    expect(toasts).to_be_empty()


def test_numbers_in_tables_all_have_one_width(page: Page) -> None:
    page.goto("/styleguide")
    widths = page.evaluate(
        """() => { const cell = document.querySelector(".table .numeric");
        const probe = document.createElement("span");
        cell.append(probe);
        return [..."0123456789"].map((digit) => {
          probe.textContent = digit.repeat(20);
          return Math.round(probe.getBoundingClientRect().width * 100);
        }); }"""
    )
    assert len(set(widths)) == 1
