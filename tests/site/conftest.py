"""The built book in one browser, each page visited once."""

from __future__ import annotations

import functools
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from built import (
    AXE,
    DRAWN,
    ON_PAPER,
    PAGES,
    PREFIX,
    ROOT,
    RULES,
    SETTLED,
    SITE,
    TOO_WIDE,
    UNREAD_MATHS,
    VISIBLE,
    WIDTHS,
    Handler,
    Visit,
    Watch,
)

sys.path[:0] = [str(ROOT / "book" / "tools"), str(ROOT / "book" / "_ext")]


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Serve the book on a free port."""
    handler = functools.partial(Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_page(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Open a page of the site; the test fails if anything in it went wrong, or anything was asked of others."""
    opened: list[Any] = []

    def open_page(name: str, **options: Any) -> Any:
        context = chromium.new_context(**options)
        page = context.new_page()
        page.watch = Watch(address)
        page.watch.attach(page)
        page.goto(address + name)
        if options.get("java_script_enabled", True):
            page.evaluate(SETTLED)
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        assert page.watch.elsewhere + page.watch.missing + page.watch.errors == []
        page.context.close()


def print_out(page: Any) -> dict[str, int | str]:
    """Look at the page as it would be printed from the dark scheme."""
    page.emulate_media(media="print")
    page.wait_for_function("document.documentElement.dataset.theme === 'light'")
    found = {"scheme": "light"} | {what: page.evaluate(VISIBLE, selector) for what, selector in ON_PAPER.items()}
    pictures = page.locator(".figure-static").count()
    found["pictures missing"] = pictures - page.evaluate(VISIBLE, ".figure-static")
    page.emulate_media(media="screen")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    return found | {"afterwards": "dark"}


def visit(chromium: Any, address: str, name: str) -> Visit:
    """Visit a page with a fresh profile: in light, in dark, on paper, at several widths."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    seen = Visit(Watch(address))
    seen.watch.attach(page)
    page.goto(address + name)
    page.evaluate(SETTLED)
    seen.empty_widgets = page.locator(".widget-subarea:empty").count()
    seen.unread_maths = page.evaluate(UNREAD_MATHS)
    page.evaluate((ROOT / "_build" / "test-assets" / "axe.min.js").read_text(encoding="utf8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        page.evaluate(DRAWN)  # figures too, in the new colours
        seen.axe[scheme] = page.evaluate(AXE, RULES[scheme])
    seen.on_paper = print_out(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"innerWidth === {width}")
        page.evaluate(DRAWN)
        seen.too_wide[width] = page.evaluate(TOO_WIDE)
        if f"{width} px" in RULES:
            seen.axe[f"{width} px"] = page.evaluate(AXE, RULES[f"{width} px"])
    context.close()
    return seen


@pytest.fixture(scope="session")
def seen(request: pytest.FixtureRequest, chromium: Any, address: str) -> Visit:
    """Visit the page that the test asks for.

    pytest runs tests with the same parameter of a session's fixture one after the other, so each page is visited once.
    """
    return visit(chromium, address, request.param)


@pytest.fixture(autouse=True)
def looked_at_again(request: pytest.FixtureRequest) -> None:
    """Visit a page anew when a test of it runs again: to ask the same visit would give the same answer."""
    if "seen" in request.fixturenames and getattr(request.node, "execution_count", 1) > 1:
        chromium, address, seen = map(request.getfixturevalue, ("chromium", "address", "seen"))
        vars(seen).update(vars(visit(chromium, address, request.node.callspec.params["seen"])))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a built book there is nothing to look at."""
    if not PAGES:
        for item in items:
            if item.get_closest_marker("site"):
                item.add_marker(pytest.mark.skip(reason="the book is not built: run `make book`"))
