"""Take the README's pictures: the playground in the built book, and a verdict card.

    python book/tools/pictures.py

A browser's pixels differ from one machine to the next, so freshness is not asked of them: `made.json` beside the
pictures keeps a hash of what each one shows (settings, numbers, words); a test demands that the code still makes it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import sys
import threading
from pathlib import Path

import serve
from pdf import BROWSERS

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "book" / "assets" / "pictures"
MADE = PICTURES / "made.json"
SETTINGS = {"problem": "himmelblau", "lr": 0.01, "steps": 40}  # of the landing page's figure
PLAYGROUND = 'section [aria-label="Gradient descent playground"]'


def uphill(grad, theta, lr, steps):
    """Descend with the sign the wrong way round, as everybody does once."""
    for _ in range(steps):
        theta = theta + lr * grad(theta)
    return theta


def verdict_page() -> str:
    """The card of that mistake, alone on a page."""
    from optcourse.grading.card import card
    from optcourse.grading.checking import examine

    made = card(examine("gradient_descent", uphill, fresh=5, seed=0))
    return f'<!doctype html><meta charset="utf8"><body style="margin:12px;width:760px;background:#fff">{made}'


def shown() -> dict[str, str]:
    """A hash of what each picture shows."""
    from optcourse.figures import DescentPlayground

    figure = DescentPlayground(**SETTINGS)
    texts = {
        "playground.png": f"{figure!r} {figure.text}",
        "verdict.png": verdict_page(),
    }
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


def main() -> None:
    """Serve the book to a headless browser and photograph it."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit("pictures: Chromium is needed: install your system's package chromium")
    from playwright.sync_api import sync_playwright

    PICTURES.mkdir(parents=True, exist_ok=True)
    with serve.server(serve.SITE, 0) as httpd, sync_playwright() as play:
        threading.Thread(target=functools.partial(httpd.serve_forever, 0.1), daemon=True).start()
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        tab = chromium.new_page(viewport={"width": 1100, "height": 900}, device_scale_factor=1.5)
        tab.goto(f"http://127.0.0.1:{httpd.server_address[1]}/book/index.html", wait_until="networkidle")
        figure = tab.locator(PLAYGROUND).first
        figure.wait_for()
        tab.wait_for_timeout(500)
        figure.screenshot(path=str(PICTURES / "playground.png"))
        tab.set_content(verdict_page())
        tab.locator(".oc-card").screenshot(path=str(PICTURES / "verdict.png"))
        httpd.shutdown()
    MADE.write_text(json.dumps(shown(), indent=1) + "\n", encoding="utf8")
    print(f"pictures: {', '.join(shown())} in {PICTURES.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
