# How cells draw when the book is built: as SVG, transparent, in the book's ink, the same bytes every time.
# A reader's own IPython settings play no part; book/tools/build.py points the kernel here.
from optcourse.figures.palette import SERIES, scheme

colours = scheme("light")
c = get_config()  # noqa: F821
c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
c.InlineBackend.rc = {
    "axes.edgecolor": colours["edge"],
    "axes.grid": True,
    "axes.labelcolor": colours["ink"],
    "axes.prop_cycle": f"cycler('color', {[colours[name] for name in SERIES]})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.figsize": (7.0, 3.6),
    "grid.color": colours["grid"],
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "savefig.transparent": True,
    "svg.hashsalt": "optcourse",
    "text.color": colours["ink"],
    "xtick.color": colours["muted"],
    "ytick.color": colours["muted"],
}
