"""The pages in a real browser. Needs playwright and a Chromium; where one is missing, the tests say which."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from api.main import create_app
from api.settings import Settings
from learntogether_kg import reviews
from learntogether_kg.library import Library
from tests.workbooks import write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium's sandbox does not work for root
]
WIDTHS = [1280, 400]
PAGES = [
    "/",
    "/queries",
    "/queries/recurring-patterns",
    "/reviews",
    "/patterns",
    "/patterns/clear-roles",
    "/typology",
    "/typology/difference",
    "/typology/emerging",
    "/layers",
    "/layers/difference",
    "/validate",
    "/nothing",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path: apt-get install chromium")


@pytest.fixture(scope="module")
def address(sample_library: Library) -> Iterator[str]:
    """The sample on a port of this machine. The socket listens before the server runs, so nobody has to wait."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(Settings(library=sample_library.path)), log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Page]:
    """A tab without JavaScript."""
    context = browser.new_context(base_url=address, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_the_start_page_shows_recurring_patterns_and_leads_to_one(tab: Page) -> None:
    tab.goto("/")
    link = tab.get_by_role("table").get_by_role("link").first
    name = link.inner_text()
    link.click()
    assert tab.get_by_role("heading", level=1).inner_text() == name


def test_a_form_asks_and_its_address_holds_what_was_asked(tab: Page) -> None:
    tab.goto("/queries/recurring-patterns")
    before = tab.locator("tbody tr").count()
    tab.get_by_label("Which codes of an item count").select_option("any")
    tab.get_by_label("In how many reviews").fill("1")
    tab.get_by_role("button", name="Ask").click()
    assert tab.url.endswith("/queries/recurring-patterns?minimum=1&coder=&codes=any")
    assert tab.get_by_label("In how many reviews").input_value() == "1"
    assert tab.locator("tbody tr").count() > before


def test_a_review_is_checked_and_its_marked_workbook_taken_away(tab: Page, tmp_path: Path) -> None:
    path = write(tmp_path / "wrong.xlsx", {("Findings", 0, "influence"): "Unsaef"})
    tab.goto("/validate")
    tab.get_by_label("The review", exact=True).set_input_files(path)
    tab.get_by_label("for publication").check()
    tab.get_by_role("button", name="Check", exact=True).click()
    assert tab.get_by_role("heading", level=1).inner_text() == "What the check found"
    assert "did you mean “Unsafe”?" in tab.get_by_role("main").inner_text()
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Your workbook with the cells marked").click()
    assert download.value.suggested_filename == "wrong-checked.xlsx"
    marked = Path(download.value.path()).read_bytes()
    assert reviews.check(path, data=marked).results == reviews.check(path).results


def test_a_refused_upload_says_why_and_offers_the_form_again(tab: Page, tmp_path: Path) -> None:
    (tmp_path / "picture.xlsx").write_bytes(b"\x89PNG\r\n\x1a\n")
    tab.goto("/validate")
    tab.get_by_label("The review", exact=True).set_input_files(tmp_path / "picture.xlsx")
    tab.get_by_role("button", name="Check", exact=True).click()
    assert "it is a picture" in tab.get_by_role("alert").inner_text()
    assert tab.get_by_label("The review", exact=True).is_visible()


def test_the_first_tab_stop_skips_to_the_content(tab: Page) -> None:
    tab.goto("/reviews")
    tab.keyboard.press("Tab")
    skip = tab.get_by_role("link", name="Skip to the content")
    assert (skip.bounding_box() or {"x": -1})["x"] >= 0
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#main")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_its_window(browser: Browser, address: str, path: str, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto(address + path)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


@pytest.mark.parametrize("path", ["/docs", *PAGES])
def test_a_browser_asks_no_other_host_and_refuses_nothing_of_ours(browser: Browser, address: str, path: str) -> None:
    asked: list[str] = []
    said: list[str] = []
    tab = browser.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(address + path, wait_until="networkidle")
    if path == "/docs":  # drawn by its script
        sync_api.expect(tab.locator(".opblock").first).to_be_visible()
    assert all(url.startswith((f"{address}/", "data:")) for url in asked)
    assert not [text for text in said if "Content Security Policy" in text]
    tab.close()
