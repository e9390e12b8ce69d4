"""Print every page of the built book into _build/pdf, one PDF a page, with the system's Chromium."""

from __future__ import annotations

import functools
import shutil
import sys
import threading

import serve

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Serve the book to a headless browser and print each chapter."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit("pdf: Chromium is needed: install your system's package chromium")
    from playwright.sync_api import sync_playwright

    pages = [serve.SITE / "book" / page.name for page in sorted((serve.SITE / "book").glob("*.html"))]
    folder = serve.SITE.parent / "pdf"
    folder.mkdir(exist_ok=True)
    with serve.server(serve.SITE, 0) as httpd, sync_playwright() as play:
        threading.Thread(target=functools.partial(httpd.serve_forever, 0.1), daemon=True).start()
        tab = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"]).new_page()
        for page in pages:
            tab.goto(f"http://127.0.0.1:{httpd.server_address[1]}/book/{page.name}", wait_until="networkidle")
            tab.evaluate("() => document.fonts.ready.then(() => window.MathJax?.startup?.promise)")
            tab.pdf(path=str(folder / f"{page.stem}.pdf"), format="A4", print_background=True)
            print(f"pdf: _build/pdf/{page.stem}.pdf", flush=True)
        httpd.shutdown()


if __name__ == "__main__":
    main()
