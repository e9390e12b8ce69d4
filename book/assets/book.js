// Two things that style sheets cannot do: tell readers what scrolls sideways, and prepare the page for paper.

const SCROLLERS = ".bd-article :is(pre, .pst-scrollable-table-container, .cell_output, .cell_output > .output, div.math, mjx-container[display=true])";
const CONTENTS = { pre: "Code", table: "Table", img: "Picture", "mjx-container": "Formula" };

/** Note at which sides there is more of an element than is seen: the style sheet fades them out. */
function markEdges(element) {
  const hidden = element.scrollWidth - element.clientWidth;
  const more = { left: element.scrollLeft > 1, right: element.scrollLeft < hidden - 1 };
  element.dataset.more = Object.keys(more).filter((side) => more[side]).join(" ");
}

/** What overflows sideways can be focused, so that arrow keys scroll it, and has a name; what fits stays out of the tab order. */
function reachWhatScrolls(elements) {
  const scrolls = elements.map((element) => element.scrollWidth > element.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(element).overflowX));
  elements.forEach((element, k) => {
    if (scrolls[k]) {
      const what = Object.keys(CONTENTS).find((inside) => element.matches(inside) || element.querySelector(inside));
      element.tabIndex = 0;
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", `${CONTENTS[what] ?? "Output"}, scrolls sideways`);
      markEdges(element);
    } else if (element.dataset.more !== undefined) {
      for (const name of ["tabindex", "role", "aria-label", "data-more"]) element.removeAttribute(name);
    }
  });
}

/** Look at everything again, and from now on at whatever is resized, unfolded or shown. */
const sizes = new ResizeObserver((entries) => reachWhatScrolls(entries.map(({ target }) => target)));
function lookAtAll() {
  const elements = [...document.querySelectorAll(SCROLLERS)];
  for (const element of elements) sizes.observe(element);
  reachWhatScrolls(elements);
}

/** Paper is light, and nothing on it can be unfolded. */
function prepareForPaper(paper) {
  const { dataset } = document.documentElement;
  for (const folded of document.querySelectorAll(paper ? "details:not([open])" : "details[data-unfolded]")) {
    folded.toggleAttribute("data-unfolded", paper);
    folded.open = paper;
  }
  if (paper && dataset.theme === "dark") {
    dataset.theme = "light";
    dataset.afterPaper = "dark";
  } else if (!paper && dataset.afterPaper) {
    dataset.theme = dataset.afterPaper;
    delete dataset.afterPaper;
  }
}

matchMedia("print").addEventListener("change", (event) => prepareForPaper(event.matches));
document.addEventListener("scroll", ({ target }) => target.dataset?.more !== undefined && markEdges(target), { capture: true, passive: true });
addEventListener("load", () => {
  lookAtAll();
  window.MathJax?.startup?.promise?.then(lookAtAll);
  document.fonts.addEventListener("loadingdone", lookAtAll); // formulas grow when their typeface arrives
});
