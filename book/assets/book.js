// Two things that style sheets cannot do: let the keyboard reach what scrolls sideways, and prepare the page for paper.

/** Make what overflows sideways focusable, so that arrow keys scroll it; what fits stays out of the tab order. */
function reachWhatScrolls() {
  const candidates = ".bd-article :is(pre, .pst-scrollable-table-container, .cell_output, .cell_output > .output, div.math, mjx-container[display=true])";
  for (const element of document.querySelectorAll(candidates)) {
    const scrolls = element.scrollWidth > element.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(element).overflowX);
    if (scrolls) element.tabIndex = 0;
    else if (element.tabIndex === 0) element.removeAttribute("tabindex");
  }
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
addEventListener("resize", reachWhatScrolls);
addEventListener("load", () => {
  reachWhatScrolls();
  window.MathJax?.startup?.promise?.then(reachWhatScrolls);
  document.fonts.addEventListener("loadingdone", reachWhatScrolls); // formulas grow when their typeface arrives
});
