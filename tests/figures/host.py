"""A bare page that stands in for anywidget's host: a model without a kernel, and the figure's own ES module."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ipywidgets.widgets.widget import _remove_buffers

from optcourse.figures import Figure

# Compute(figure, expression, cases): what a figure's own module answers, under node.
Compute = Callable[[type[Figure], str, list[Any]], list[Any]]
FIGURE = "document.querySelector('.optcourse-figure')"
# A gradient that no landscape makes sensitive to rounding errors: given pushes, and a little of θ.
PUSHED = "((k) => (theta) => { const push = c.pushes[k++]; return theta.map((t, j) => push[j] + 0.1 * t); })(0)"

PAGE = """<!doctype html><html lang="en" %(theme)s><head><meta charset="utf-8"><title>figure</title>
<meta name="viewport" content="width=device-width">
<style>body{margin:8px;background:#fff}html[data-theme=dark] body{background:#14181e}</style>
</head><body><main><h1 style="font-size:1rem">Figure</h1>%(places)s</main><script type="module">
class Model {
  constructor(state) { this.state = state; this.listeners = {}; this.saved = 0; }
  get(name) { return this.state[name]; }
  set(name, value) {
    this.state[name] = value;
    for (const f of [...(this.listeners["change:" + name] ?? [])]) f();
  }
  save_changes() { this.saved += 1; }
  on(event, f) { (this.listeners[event] ??= []).push(f); }
  off(event, f) { this.listeners[event] = (this.listeners[event] ?? []).filter((g) => g !== f); }
}
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
window.models = [];
for (const { state, buffers, esm, css, place } of %(figures)s) {
  for (const [path, text] of buffers) state[path[0]] = bytes(text);
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const module = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
  const model = new Model(state);
  window.models.push(model);
  await module.default.render({ model, el: document.getElementById(place) });
}
window.ready = true;
</script></body></html>"""


def page_of(*figures: Figure, theme: str = "light") -> str:
    """Write the page that shows these figures."""
    embedded = []
    for at, figure in enumerate(figures):
        state, paths, buffers = _remove_buffers(figure.get_state())
        kept = {name: value for name, value in state.items() if name in figure.settings() or name.startswith("_data")}
        blobs = [(path, base64.b64encode(blob).decode()) for path, blob in zip(paths, buffers, strict=True)]
        embedded.append(
            {
                "state": kept,
                "buffers": blobs,
                "esm": figure._esm,
                "css": figure._css,
                "place": f"figure{at}",
            }
        )
    places = "".join(f'<div id="figure{at}"></div>' for at in range(len(figures)))
    data = json.dumps(embedded, ensure_ascii=False).replace("</", "<\\/")
    return PAGE % {"theme": f'data-theme="{theme}"' if theme else "", "places": places, "figures": data}


def open_figures(chromium: Any, folder: Path, *figures: Figure, theme: str = "light", **context: Any) -> Any:
    """Open a page with these figures, the network blocked; errors of the page become errors of the test."""
    file = folder / "figure.html"
    file.write_text(page_of(*figures, theme=theme), encoding="utf-8")
    opened = chromium.new_context(**context)
    opened.route(lambda url: not url.startswith(("file:", "blob:", "data:")), lambda route: route.abort())
    page = opened.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.goto(file.as_uri())
    page.wait_for_function("window.ready === true")
    return page


def play_until(page: Any, condition: str) -> None:
    """Press Play, and Pause in the first frame in which the condition on the figure's ``drawn`` holds.

    Both are pressed inside the page: from here, on a busy machine, the second may come too late. What stops by itself
    before is an error.
    """
    page.evaluate(
        """(condition) => new Promise((paused, failed) => {
            const holds = new Function("drawn", `return ${condition}`);
            const button = (said) => [...document.querySelectorAll("button")].find((one) => one.textContent === said);
            const look = () => {
                if (!button("Pause")) return failed(new Error(`it stopped before ${condition}`));
                if (!holds(document.querySelector(".optcourse-figure").drawn)) return requestAnimationFrame(look);
                button("Pause").click();
                paused();
            };
            button("Play").click();
            look();
        })""",
        condition,
    )


def settings(page: Any) -> dict[str, Any]:
    """Read the settings that the page has now; what a figure carries as data is none."""
    return page.evaluate(
        """() => { const { state } = models[0];
        const floats = (view) => Array.from({ length: view.byteLength / 8 }, (_, k) => view.getFloat64(8 * k, true));
        const plain = ([k, v]) => [k, v instanceof DataView ? floats(v) : v];
        return Object.fromEntries(Object.entries(state).filter(([k]) => k[0] !== "_").map(plain)); }"""
    )


def drag(page: Any, dx: float, dy: float) -> None:
    """Drag the figure's point by mouse."""
    box = page.locator(".oc-handle").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for part in (0.3, 0.7, 1.0):
        page.mouse.move(x + part * dx, y + part * dy)
    page.mouse.up()


def touch(page: Any, path: list[tuple[float, float]]) -> None:
    """Drag a finger along a path of the viewport."""
    client = page.context.new_cdp_session(page)
    for kind, point in [("touchStart", path[0]), *(("touchMove", point) for point in path[1:])]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": point[0], "y": point[1]}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
