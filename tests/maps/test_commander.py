"""What a commander asks the page: events, steps, nearest units, the worst cells, the print."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.browser

INSPECT = """([kind, thing]) => {
  const { layers, map } = muster;
  const site = layers.sites.sites[0];
  const [layer, found] = {
    cell: () => ["cell", thing],
    posts: () => ["posts", layers.posts.marks[0]],
    units: () => ["units", { places: thing, perType: [5, 0], total: 5 }],
    zone: () => ["sites", { site, zone: site.zones[thing], number: thing }],
    passage: () => ["sites", { site, passage: site.passages[thing], number: thing }],
  }[kind]();
  muster.inspect(layer, found, map.getCenter());
}"""


def told(opened: Any, kind: str, thing: Any = None) -> str:
    """Text of the popup about a thing, blanks and lines as single blanks."""
    opened.page.evaluate(INSPECT, [kind, thing])
    return " ".join(opened.page.locator(".muster-pop-body").inner_text().split())


def at_hour(opened: Any, hour: int, **more: Any) -> None:
    opened.page.evaluate("(state) => muster.store.set(state)", {"hour": hour, **more})


def test_an_event_tells_posts_crowd_and_the_next_step(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        text = told(opened, "posts")
        assert "Lantern evening Eastside" in text
        assert "Step in force Exit only (≥ 500 people)" in text
        assert "Next step Close the square (≥ 9,000 people)" in text
        assert "Chance this hour 0%, in all 0%" in text
        assert "Phase Ring Need Have Short peak core 10 8 2" in text
        line = page.locator(".muster-list li").first
        assert line.inner_text().split("\n")[:2] == ["Lantern evening", "8 / 10, Short 2"]
        at_hour(opened, 0)
        assert "No post is manned in this hour." in page.locator(".muster-pop-body").inner_text()
        assert page.locator(".muster-list:not(.muster-symbols) li").count() == 0
        assert opened.errors == []


def test_a_site_tells_people_ways_and_skipped_trains(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        assert "Passage west Lantern street Type Gate Open out only" in told(opened, "passage", 0)
        assert "Type Metro entrance Open trains do not stop" in told(opened, "passage", 2)
        assert "Density under 2 per m²" in told(opened, "zone", 0)
        at_hour(opened, 3)
        assert "Nothing takes place here in this hour." in told(opened, "zone", 0)
        assert opened.errors == []


def test_a_cell_says_which_units_are_nearest(city: Any, open_page: Any) -> None:
    """Place S1 is a station, so a car takes 2 min turnout and 1 min road; on foot 0.5 and 1."""
    with open_page(city.page()) as opened:
        near = told(opened, "cell", 63)
        assert "Nearest units Place Units Min Busy Place S1 5 3.0 25%" in near
        for figure in ("P90 response, min", "Within target", "Within 1 min", "Within 5 min"):
            assert figure in near
        assert "Place P1 2 1.5 0%" in told(opened, "cell", 273)
        assert "No unit reaches this cell." in told(opened, "cell", 168)
        assert "Units come from Units Place S1 5" in told(opened, "units", [0])


def test_the_difference_is_offered_for_what_differs(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        page.locator('input[value="difference"]').check()
        heads = page.locator(".muster-legend th").all_inner_texts()
        assert heads[0] == "< −2\nbetter with the plan" or heads[0] == "< −2 better with the plan"
        assert heads[2] == "−0.5 … +0.5"
        assert "plan minus baseline" in page.locator(".muster-legend h2").inner_text()
        shares = page.locator(".muster-share span:last-child").all_inner_texts()
        assert shares[:5] == ["100%", "0%", "0%", "0%", "0%"]
        page.locator('input[value="demand"]').check()
        assert page.locator('input[value="difference"]').is_disabled()
        assert page.locator('input[value="plan"]').is_checked()
        assert opened.errors == []


def test_lenders_are_told_for_the_hour(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        page.locator(".muster-lending summary").click()
        page.locator(".muster-lending tbody tr").first.wait_for()
        text = " ".join(page.locator(".muster-lending tbody").inner_text().split())
        assert text == "Westside 5 80.0% / 90.0% Over 10% unserved / 7.5 → Eastside 5"
        at_hour(opened, 2)
        assert page.locator(".muster-lending tbody tr").count() == 0
        assert page.get_by_text("Nobody lends in this hour.").is_visible()


def test_the_table_of_worst_cells_is_read_out_and_can_be_opened(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        table = page.locator("#muster-worst")
        rows = table.locator("tbody tr")
        assert rows.count() == 10
        assert table.bounding_box()["width"] <= 1
        first = " ".join(rows.first.inner_text().split())
        assert first == "E0695N6908 Westside commercial Over 10% unserved 1.0"
        page.locator("#muster-table").click()
        assert table.bounding_box()["width"] > 400
        assert "20:00" in table.locator("caption").inner_text()
        at_hour(opened, 2, metric="coverage")
        caption = table.locator("caption").inner_text()
        assert "Share reached within target" in caption
        assert "21:00" in caption
        rows.first.locator("button").click()
        assert "Cell E0695N6908" in page.locator(".muster-pop-body").inner_text()
        assert table.bounding_box()["width"] <= 1
        assert opened.errors == []


def test_the_hour_is_announced_but_not_while_playing(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        herald = page.locator("#muster-told")
        assert herald.text_content() == ""
        at_hour(opened, 2)
        page.wait_for_timeout(700)
        said = herald.text_content()
        assert said.startswith("Fri 5 Feb, 21:00–22:00. Within target 79.8%")
        at_hour(opened, 3, playing=True)
        page.wait_for_timeout(700)
        assert herald.text_content() == said
        assert page.locator("output, [aria-live=assertive]").count() == 0


def test_places_are_found_by_name_and_focus_comes_back(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        page.locator("#muster-find").focus()
        names = page.locator("#muster-names option").evaluate_all(
            "(all) => all.map((o) => o.value)"
        )
        assert names == ["Lantern evening", "Place S1", "Place S2", "Place V1"]
        page.keyboard.type("Place S2")
        page.keyboard.press("Enter")
        assert "Place S2" in page.locator(".muster-pop-body").inner_text()
        assert page.evaluate("document.activeElement.className") == "muster-pop-body"
        assert page.locator('.muster-layers input[name="stations"]').is_checked()
        page.keyboard.press("Escape")
        page.wait_for_selector(".muster-pop-body", state="detached")
        assert page.evaluate("document.activeElement.id") == "muster-find"


FOCUS_RINGS = """() => [...document.querySelectorAll("button, summary, input, [tabindex='0']")]
  .filter((node) => node.offsetParent && !node.disabled)
  .filter((node) => {
    node.focus({ focusVisible: true });
    const shown = (one) => one && parseFloat(getComputedStyle(one).outlineWidth) >= 2
      && getComputedStyle(one).outlineStyle !== "none";
    return !shown(node) && !shown(node.closest("label"));
  }).map((node) => node.outerHTML.slice(0, 80))"""

POOR_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => {
    const [red, green, blue] = [r, g, b].map((part) => light(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.offsetParent) continue;
    if (node.closest("script, svg, canvas, :disabled, .leaflet-control-scale")) continue;
    const style = getComputedStyle(node);
    const [one, other] = [luminance(parse(style.color)), luminance(ground(node))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.push(text.data.trim().slice(0, 30) + " " + ratio.toFixed(2));
  }
  return poor;
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_contrast_and_focus_is_seen(city: Any, open_page: Any, dark: bool) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        at_hour(opened, 1, dark=dark, table=True, view="compare")
        page.locator(".muster-lending summary").click()
        page.locator(".muster-sources summary").click()
        told(opened, "posts")
        assert page.evaluate(POOR_CONTRAST) == []
        assert page.evaluate("document.querySelectorAll('button').length") > 10
        assert page.evaluate(FOCUS_RINGS) == []


def pages_of(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page, points."""
    count = len(re.findall(rb"/Type\s*/Page\b", pdf))
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert len(boxes) == count
    return [(float(wide), float(high)) for wide, high in boxes]


@pytest.mark.parametrize("width", [1440, 390])
def test_prints_on_one_sheet_of_a3(city: Any, open_page: Any, width: int) -> None:
    with open_page(city.page(), viewport={"width": width, "height": 900}) as opened:
        page = opened.page
        at_hour(opened, 1, dark=True)
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert pages_of(pdf) == [pytest.approx((1190.6, 841.9), abs=1.0)]
        before = page.evaluate("[muster.map.getSize().x, muster.map.getZoom()]")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        laid = page.locator(".folium-map").bounding_box()
        assert (laid["width"], laid["height"]) == (1208, 1056)
        assert page.locator("html.dark").count() == 0
        for kept in (".muster-when", ".muster-legend", ".muster-run", ".muster-approval"):
            assert page.locator(kept).is_visible()
        for kept in (".muster-north", ".leaflet-control-scale", ".muster-synthetic"):
            assert page.locator(kept).is_visible()
        assert (
            page.locator(".muster-watermark").evaluate("(n) => getComputedStyle(n).fontSize")
            == "104px"
        )
        assert not page.locator("#muster-hours").is_visible()
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.evaluate("[muster.map.getSize().x, muster.map.getZoom()]") == before
        assert page.locator("html.dark").count() == 1
        assert opened.errors == []


def test_the_sheet_tells_how_many_events_it_leaves_out(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        page.evaluate(
            """() => {
              const { marks } = muster.layers.posts;
              for (let i = 0; i < 30; i++) marks.push({ ...marks[0] });
            }"""
        )
        at_hour(opened, 1)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        events = page.locator(".muster-list:has(> .muster-left-out)")
        shown = events.locator("li:visible").count()
        assert 0 < shown < 31
        more = events.locator(".muster-left-out")
        assert more.inner_text() == f"{31 - shown} more in the page itself."
        line, box = more.bounding_box(), page.locator(".muster-layers").bounding_box()
        assert line["y"] + line["height"] <= box["y"], "the line itself is on the sheet"
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert events.locator("li:visible").count() == 31
        assert not more.is_visible()
        assert opened.errors == []


@pytest.mark.parametrize(
    ("status", "mark"),
    [("draft", "DRAFT, not approved"), ("reviewed", "REVIEWED, not approved"), ("approved", None)],
)
def test_what_is_not_approved_is_marked(
    city: Any, open_page: Any, status: str, mark: str | None
) -> None:
    with open_page(city.page(status=status)) as opened:
        page = opened.page
        assert page.locator(".muster-status").inner_text().lower() == status
        found = page.locator(".muster-watermark")
        assert found.all_inner_texts() == ([mark] if mark else [])
