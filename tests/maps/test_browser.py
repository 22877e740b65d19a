"""The page in Chromium: it opens alone, follows its controls and runs nothing from data."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maps.cells import GridFrame

pytestmark = pytest.mark.browser


def figure(opened: Any, name: str) -> str:
    text: str = opened.page.text_content(f'[data-figure="{name}"]')
    return text


def test_opens_alone_and_complains_about_nothing(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        assert page.title() == "Test night"
        assert figure(opened, "plan-p90") == "8.0"
        assert figure(opened, "baseline-p90") == "12.0"
        assert figure(opened, "plan-units") == "7"
        assert figure(opened, "plan-coverage") == "89.8%"
        assert page.locator("canvas.muster-canvas").count() == 2
        assert page.locator(".muster-layers input").count() == 10
        assert page.locator(".muster-synthetic").text_content() == "Synthetic or assumedstations"
        assert page.locator(".leaflet-control-zoom-in").is_visible()
        assert len(opened.requests) == 1
        assert opened.errors == []


def test_slider_keys_and_buttons_change_the_hour(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        label = page.locator(".muster-hour-label")
        assert label.text_content() == "Fri 5 Feb, 20:00–21:00"
        page.locator("#muster-hour").fill("3")
        assert label.text_content() == "Fri 5 Feb, 22:00–23:00"
        assert figure(opened, "plan-units") == "8"
        assert figure(opened, "plan-coverage") == "49.9%"
        page.keyboard.press("]")
        assert label.text_content() == "Fri 5 Feb, 19:00–20:00"
        page.keyboard.press("[")
        assert label.text_content() == "Fri 5 Feb, 22:00–23:00"
        page.locator(".muster-next").click()
        assert label.text_content() == "Fri 5 Feb, 19:00–20:00"
        page.locator("#muster-hour").focus()
        page.keyboard.press(" ")
        assert page.locator(".muster-play").get_attribute("aria-label") == "Pause"
        page.keyboard.press(" ")
        assert page.locator(".muster-play").get_attribute("aria-label") == "Play"
        assert opened.errors == []


def test_language_theme_and_metric_follow_their_buttons(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        page.locator("#muster-language").click()
        assert page.locator("h1").text_content() == "测试之夜"
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.locator(".muster-hour-label").text_content() == "2月5日 周五 20:00–21:00"
        page.locator("#muster-language").click()
        page.locator("#muster-theme").click()
        assert page.locator("html.dark").count() == 1
        page.locator('input[value="coverage"]').check()
        assert page.locator(".muster-legend h2").text_content() == "Share reached within target"
        assert page.locator(".muster-legend th").first.text_content() == "< 50%"
        page.locator('input[value="compare"]').check()
        divider = page.locator(".muster-divider")
        before = divider.evaluate("(node) => parseFloat(node.style.left)")
        divider.focus()
        page.keyboard.press("ArrowLeft")
        assert divider.evaluate("(node) => parseFloat(node.style.left)") == before - 20
        page.locator('input[value="baseline"]').check()
        assert not divider.is_visible()
        assert not page.evaluate("muster.drawings.shows('units')")
        assert opened.errors == []


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_cell_under_a_point_is_the_right_one(city: Any, open_page: Any, ratio: int) -> None:
    grid, area = city.situation.grid, city.situation.area
    rng = np.random.default_rng(ratio)
    frame = GridFrame(grid)
    col, row = rng.uniform(0, 20, size=(2, 200))
    lon, lat = frame.lonlat(area, col, row)
    expected = (np.floor(row) * 20 + np.floor(col)).astype(int).tolist()
    points = np.stack([lat, lon], axis=1).tolist()
    with open_page(city.page(), device_scale_factor=ratio) as opened:
        found = opened.page.evaluate(
            """(points) => points.map(([lat, lon]) => {
              const { map, layers } = muster;
              const box = map.getContainer().getBoundingClientRect();
              const at = map.project([lat, lon])
                .subtract(map.getPixelOrigin()).add(map._getMapPanePos());
              const event = { clientX: box.left + at.x, clientY: box.top + at.y };
              return layers.cells.cellAt(map.mouseEventToLatLng(event));
            })""",
            points,
        )
        assert found == expected


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_colour_over_a_cell_is_that_of_its_class(city: Any, open_page: Any, ratio: int) -> None:
    grid, area = city.situation.grid, city.situation.area
    lon, lat = area.to_lonlat(grid.x, grid.y)
    with open_page(city.page(), device_scale_factor=ratio) as opened:
        colours = opened.page.evaluate(
            """(points) => {
              const { map, layers, drawings } = muster;
              const layer = layers.cells;
              drawings.shown = new Set(["cells"]);
              layer.opacity = 1;
              drawings.draw();
              const context = layer.canvas.getContext("2d");
              return points.map(([lat, lon]) => {
                const world = map.project([lat, lon], 0);
                const [x, y] = [layer.x(world) * layer.ratio, layer.y(world) * layer.ratio];
                return [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data];
              });
            }""",
            np.stack([lat, lon], axis=1).tolist(),
        )
    unreached, at_once = [0x3F, 0x46, 0x50, 255], [0xFF, 0xF5, 0xE6, 255]
    usual = [0xC2, 0x30, 0x1F, 255]
    assert colours[:3] == [[0, 0, 0, 0], unreached, at_once]
    assert all(colour == usual for colour in colours[3:])


def click_cell(opened: Any, city: Any, cell: int) -> None:
    grid = city.situation.grid
    lon, lat = city.situation.area.to_lonlat(grid.x[[cell]], grid.y[[cell]])
    x, y = opened.page.evaluate(
        """([lat, lon]) => {
          const box = muster.map.getContainer().getBoundingClientRect();
          const at = muster.map.latLngToContainerPoint([lat, lon]);
          return [box.left + at.x, box.top + at.y];
        }""",
        [float(lat[0]), float(lon[0])],
    )
    opened.page.mouse.click(x, y)


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        (0, ["Cell E0694N6908", "Westside", "hub or scenic site", "No calls expected"]),
        (1, ["Cell E0695N6908", "Over 10% unserved", "Out of reach"]),
        (38, ["Cell E0712N6909", "Eastside", "9.0", "13", "4.5", "6.5", "90%", "1.0"]),
        (63, ["Place S1", "Car", "Foot patrol", "25%"]),
        (250, ["Lantern evening", "Eastside", "core", "peak", "10", "8", "2"]),
    ],
)
def test_a_click_tells_what_lies_there(
    city: Any, open_page: Any, cell: int, texts: list[str]
) -> None:
    with open_page(city.page()) as opened:
        click_cell(opened, city, cell)
        text = opened.page.locator(".muster-pop-body").inner_text()
        assert [part for part in texts if part not in text] == []
        assert opened.errors == []


def test_a_click_outside_the_city_tells_nothing(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        opened.page.mouse.click(360, 20)
        assert opened.page.locator(".muster-pop-body").count() == 0


def test_usable_by_keyboard_alone(city: Any, open_page: Any) -> None:
    with open_page(city.page()) as opened:
        page = opened.page
        page.locator(".leaflet-container").focus()
        page.keyboard.press("Enter")
        assert page.locator(".muster-pop-body").is_visible()
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll("button, input, [role=slider]")]
              .filter((node) => !(node.textContent.trim() || node.getAttribute("aria-label")
                || (node.labels && node.labels.length && node.labels[0].textContent.trim())))
              .map((node) => node.outerHTML)"""
        )
        assert unnamed == []


def test_fits_a_phone(city: Any, open_page: Any) -> None:
    with open_page(city.page(), viewport={"width": 390, "height": 844}) as opened:
        page = opened.page
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert not page.locator(".muster-legend").is_visible()
        page.locator(".muster-more").click()
        assert page.locator(".muster-legend").is_visible()
        page.locator(".muster-more").click()
        small = page.evaluate(
            """() => [...document.querySelectorAll("#muster-panel button, #muster-hours button")]
              .filter((node) => node.offsetParent)
              .map((node) => node.getBoundingClientRect().height).filter((high) => high < 40)"""
        )
        assert small == []
        assert opened.errors == []


SHOW_EVERYTHING = """() => {
  const { map, store, layers } = muster;
  const { sites, posts, stations, visits, units } = layers;
  const site = sites.sites[0];
  const title = (kind, thing) => {
    muster.inspect(kind, thing, map.getCenter());
    return document.querySelector(".muster-pop-title").textContent;
  };
  const single = { places: [0], perType: [5, 0], total: 5 };
  const popups = [
    title("posts", posts.marks[0]),
    title("stations", stations.marks[0]),
    title("visits", visits.marks[0]),
    title("units", single),
    title("sites", { site, zone: site.zones[0], number: 0 }),
    title("sites", { site, passage: site.passages[0], number: 0 }),
  ];
  document.querySelector(".muster-pop-body").innerText;
  store.set({ language: "zh", table: true });
  popups.push(title("sites", { site, zone: site.zones[1], number: 1 }));
  document.getElementById("muster-find").focus();
  const found = document.querySelector("#muster-names option").value;
  const text = (selector) => document.querySelector(selector).textContent;
  map.setView([site.passages[0].lat, site.passages[0].lon], 17, { animate: false });
  window.dispatchEvent(new Event("beforeprint"));
  window.dispatchEvent(new Event("afterprint"));
  window.told = {
    popups,
    lists: {
      events: text(".muster-list li button"),
      lender: text(".muster-lending tbody th"),
      found,
    },
  };
}"""


def test_a_name_from_data_runs_nothing(
    city: Any, renamed: Callable[[Any, str], Any], open_page: Any, payload: str
) -> None:
    html = renamed(city, payload).page(title_en=payload, title_zh=payload, run_label=payload)
    with open_page(html) as opened:
        page = opened.page
        page.evaluate(
            """() => {
              const state = muster.store.state;
              const layers = Object.fromEntries(Object.keys(state.layers).map((k) => [k, true]));
              muster.store.set({ layers });
            }"""
        )
        for cell in (38, 63, 84, 250):
            click_cell(opened, city, cell)
        page.locator(".muster-sources summary").click()
        page.locator(".muster-lending summary").click()
        page.evaluate(SHOW_EVERYTHING)
        told = page.evaluate("window.told")
        assert told["lists"] == {"events": payload, "lender": payload, "found": payload}
        assert told["popups"] == [payload] * 7
        assert page.locator("h1").text_content() == payload
        assert page.evaluate("window.hit") is None
        assert len(opened.requests) == 1
        assert opened.errors == []
