"""A coordinator at the desk's pages, in a real browser."""

from playwright.sync_api import Page

from tests.tools.accessibility import violations
from tests.tools.desk_side import PASSWORD


def sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/admin/")
    page.locator("#name").fill("anna")
    page.locator("#password").fill(PASSWORD)
    page.locator("main button").click()


def barriers(page: Page) -> list[str]:
    return [f"{page.url}: {rule}" for rule in violations(page)]
