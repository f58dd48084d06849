from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from learntogether_kg.charts import Cell, Point, Words, draw_dots, draw_heat_map, draw_pairs, draw_trend

WORDS = Words("Reviews & types", "Year", "Type", "Release 1; primary codes")
CELLS = [
    Cell("Tools <forms>", "2014", 12, "12"),
    Cell("Tools <forms>", "2015", None, "c"),
    Cell("Crises", "2014", 0, "0"),
]
POINTS = [
    Point("2014", 0.4, 0.2, 0.6, "7 of 11", series="Tools"),
    Point("2015", None, None, None, "c", series="Tools"),
    Point("2016", 0.1, 0.01, 0.3, "1 of 9", series="Tools", small=True),
]
PICTURES = {
    "heat map": draw_heat_map(CELLS, WORDS),
    "dots": draw_dots(POINTS, WORDS),
    "trend": draw_trend(POINTS, WORDS),
    "pairs": draw_pairs([Cell("A", "B", 3, "3"), Cell("C", "A", None, "c")], WORDS),
    "empty": draw_heat_map([], WORDS),
}
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_one_image_with_a_title_and_its_figures_in_words(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name])
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Reviews & types"
    assert (root.findtext(f"{SVG}desc") or "").startswith("Release 1; primary codes")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_fetches_and_runs_nothing(name: str) -> None:
    addresses = set(re.findall(r"https?://[^\s\"']+", PICTURES[name]))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<script|<image|<foreignObject|@import|\son\w+=", PICTURES[name])


def test_every_figure_stands_in_its_cell_and_in_the_words() -> None:
    shown, words = texts(PICTURES["heat map"]), ElementTree.fromstring(PICTURES["heat map"]).findtext(f"{SVG}desc")
    assert {"12", "c", "0", "Tools <forms>", "Crises", "2014", "2015"} <= set(shown)
    assert words is not None
    assert "Tools <forms>, 2015: c" in words


@pytest.mark.parametrize("name", ["dots", "trend"])
def test_what_is_suppressed_has_its_text_and_no_dot(name: str) -> None:
    svg = PICTURES[name]
    assert "c" in texts(svg)
    dots = [each for each in ElementTree.fromstring(svg).iter(f"{SVG}g") if "mark-symbol" in (each.get("class") or "")]
    assert sum(len(list(each)) for each in dots) == 2


def test_a_point_that_rests_on_few_reviews_is_hollow_and_said_to_be() -> None:
    root = ElementTree.fromstring(PICTURES["dots"])
    marks = [each for g in root.iter(f"{SVG}g") if "mark-symbol" in (g.get("class") or "") for each in g]
    assert {each.get("fill") for each in marks} == {"#ffffff", "#1d2a35"}
    assert "2016: 1 of 9, interval 0.01 to 0.3, few reviews" in (root.findtext(f"{SVG}desc") or "")


def test_each_pair_is_drawn_once_below_the_diagonal() -> None:
    words = ElementTree.fromstring(PICTURES["pairs"]).findtext(f"{SVG}desc") or ""
    assert "B, A: 3" in words
    assert "C, A: c" in words


def test_the_same_figures_give_the_same_picture() -> None:
    assert draw_heat_map(CELLS, WORDS) == PICTURES["heat map"]
