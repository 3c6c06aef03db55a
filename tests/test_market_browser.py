"""The report of a market in a browser without a network; left out where no Chromium is installed."""

from __future__ import annotations

import shutil

import pytest
from test_market import posts_of, told_of

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
BRANDS = ("Acme", "A brand with quite a long name of several words", "<i>小米</i>", "Brio")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["en", "zh"])
def file(request, tmp_path_factory):
    told = told_of(posts_of(900, brands=BRANDS), topic="auto", min_posts=10)
    report = told.report(language=request.param, command="hybridsent market posts.csv")
    return report.save(tmp_path_factory.mktemp("page") / "report.html")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "light"), (1280, "dark")])
def test_it_fits_is_quiet_and_can_be_read_by_everybody(browser, file, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url[:90]))
    page.goto(file.as_uri())
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("figure.wide").first.is_visible() == (width > 640)
    assert page.locator("figure.narrow").first.is_visible() == (width <= 640)
    for summary in page.locator("details > summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["impact"]) for each in found] == []
    assert wrong == []
    context.close()


def test_it_is_printed_without_its_navigation(browser, file):
    page = browser.new_page()
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert not page.locator("nav.bar").is_visible()
    assert page.locator("figure.wide").first.is_visible()
    assert len(page.pdf(format="A4")) > 50_000
    page.close()
