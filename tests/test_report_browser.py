"""A report in a browser without a network; left out where no Chromium is installed."""

from __future__ import annotations

import shutil

import pytest
from clips import contained
from test_plots import curve, shares
from test_report import judged, table_of

from hybridsent.evaluation import make_report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

LUMINANCE = """() => {
  const lum = c => { const [r, g, b] = c.map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const rgb = text => text.match(/[\\d.]+/g).map((v, i) => v * (text.startsWith('color(') && i < 3 ? 255 : 1));
  const under = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('h1,h2,h3,p,li,th,td,summary,a,button,dt,dd,.small,.said,.truth,.tag')]
    .filter(e => e.innerText && e.innerText.trim() && e.offsetWidth)
    .map(e => { const [a, b] = [lum(rgb(getComputedStyle(e).color)), lum(under(e))];
      return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.innerText.slice(0, 40)]; })
    .filter(each => each[0] < 4.5);
}"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(
    scope="module", params=[("classes", "en"), ("numbers", "zh"), ("sets", "en")], ids=str
)
def page_file(request, tmp_path_factory):
    target, language = request.param
    table = table_of()
    table["video"] = [contained("mp4")] * len(table)
    report = make_report(
        judged(target),
        table=table,
        language=language,
        command="run it",
        n_errors=5,
        curves=[curve(kind) for kind in ("labels", "missing", "noise", "cost")],
        contributions=shares(),
    )
    return report.save(tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture
def shown(browser, page_file):
    """Open the page at a width; whatever goes wrong is kept."""
    opened = []

    def at(width: int, scheme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        opened.append(context)
        page, wrong = context.new_page(), []
        page.on("requestfailed", lambda request: wrong.append(request.url[:90]))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url),
        )
        page.goto(page_file.as_uri())
        page.wait_for_load_state("load")
        return page, wrong

    yield at
    for context in opened:
        context.close()


@pytest.mark.parametrize("width", [1200, 390, 320])
def test_nothing_fails_and_nothing_is_wider_than_the_screen(shown, width):
    page, wrong = shown(width)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong == []


def test_pictures_sounds_and_clips_can_be_seen_and_played(shown):
    page, wrong = shown(1200)
    page.wait_for_function(
        "[...document.querySelectorAll('audio,video')].every(e => e.readyState > 0)", timeout=20_000
    )
    lengths = page.evaluate("[...document.querySelectorAll('audio,video')].map(e => e.duration)")
    assert len(lengths) >= 5
    assert min(lengths) > 0.5
    assert page.evaluate("[...document.images].every(each => each.naturalWidth > 0)")
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_what_it_stands_on(shown, scheme):
    page, _ = shown(1200, scheme)
    assert page.evaluate(LUMINANCE) == []


def test_the_button_changes_light_and_dark(shown):
    page, wrong = shown(1200, "dark")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    word = page.inner_text("button.theme")
    page.click("button.theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.inner_text("button.theme") != word
    page.click("button.theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before
    assert wrong == []


def test_labels_of_charts_do_not_lie_on_each_other(shown):
    page, _ = shown(390)
    overlaps = page.evaluate(
        """() => [...document.querySelectorAll('svg.chart, .ticks')].flatMap(chart => {
          const boxes = [...chart.querySelectorAll('text, span')].map(e => [e.getBoundingClientRect(), e.textContent]);
          return boxes.flatMap(([a, s], i) => boxes.slice(i + 1).filter(([b]) => a.left < b.right - 1 &&
            b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1).map(([, t]) => s + ' / ' + t));
        })"""
    )
    assert overlaps == []
