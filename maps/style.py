"""Colours of the map; those of buttons and panels are in the style sheet."""

CELL_OPACITY = 0.82
"""Opacity of the cells; the legend lays its swatches over the land in the same way."""

UNREACHED_COLOUR = "#3f4650"
"""Cells that no unit reaches: a grey that belongs to no class."""

ONLY_PLAN_COLOUR = "#04122e"
"""Cells that units reach with the plan only: darker than any blue of a difference."""

ONLY_BASELINE_COLOUR = "#3d1202"
"""Cells that units reach with the baseline only: darker than any brown of a difference."""

UNIT_COLOURS = ("#1f5fd0", "#f2b705", "#10a37f", "#a855c7", "#6b7280")
"""Ring colour of each unit type, in the order of the deployment."""

RIVER_WIDTH_M = 450.0
"""Width at which the Huangpu is drawn, about its width at the Bund."""

MAP_COLOURS: dict[str, dict[str, str]] = {
    "light": {
        "land": "#fbfaf7",
        "district": "#4b5563",
        "casing": "#ffffff",
        "river": "#2f7fd6",
        "crossing": "#0f2f57",
        "link": "#0f2f57",
        "expressway": "#5f6b7a",
        "metro": "#0e7c86",
        "text": "#1b2330",
        "halo": "#ffffff",
    },
    "dark": {
        "land": "#232b35",
        "district": "#c3ccd8",
        "casing": "#10151b",
        "river": "#4a9bf0",
        "crossing": "#dbe9fb",
        "link": "#dbe9fb",
        "expressway": "#93a0b0",
        "metro": "#3fc0c9",
        "text": "#f1f5f9",
        "halo": "#10151b",
    },
}
"""Line and text colours of the map, by theme."""
