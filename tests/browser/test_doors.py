import base64
import time

from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.live_site import LiveSite

PASSWORD = "Correct-Horse-7"


def code_of(secret: str) -> str:
    totp = TOTP(base64.b32decode(secret))
    totp.time = time.time()
    return f"{totp.token():06d}"


def test_a_person_signs_up_logs_in_and_out_on_a_phone(phone: Page) -> None:
    phone.goto("/signup")
    phone.get_by_label("E-mail").fill("journey@godark.example")
    phone.get_by_label("Password", exact=True).fill("pass")
    phone.get_by_label("Password again").fill("passs")
    phone.get_by_role("button", name="Open the account").click()
    expect(phone.get_by_text("This password is too common.")).to_be_visible()
    expect(phone.get_by_text("The two passwords differ.")).to_be_visible()
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.get_by_label("Password again").fill(PASSWORD)
    phone.get_by_label("I agree").check()
    phone.get_by_role("button", name="Open the account").click()
    expect(phone.get_by_text("it has one now")).to_be_visible()
    phone.get_by_label("E-mail").fill("journey@godark.example")
    phone.get_by_label("Password").fill("Wrong-Horse-7")
    phone.get_by_role("button", name="Log in").click()
    expect(phone.get_by_role("alert")).to_have_text("E-mail or password is wrong.")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Log in").click()
    phone.get_by_role("button", name="Log out").click()
    phone.goto("/login")
    expect(phone.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_superadmin_enters_and_reads_the_log(page: Page, live_site: LiveSite) -> None:
    staff = live_site.demo["staff"][1]
    page.goto("/admin/accounts/staffaction/")
    page.get_by_label("E-mail").fill(staff["email"])
    page.get_by_label("Password").fill(staff["password"])
    page.get_by_label("Authenticator code").fill(code_of(staff["totp_secret"]))
    page.get_by_role("button", name="Enter").click()
    newest = page.locator("#result_list tbody tr").first
    expect(newest).to_contain_text(staff["email"])
    expect(newest).to_contain_text("log in")
    page.goto("/admin/")
    expect(page.locator("#content-main")).to_contain_text("Audit")
