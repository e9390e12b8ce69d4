"""What every figure shares: one Python class and one ES module, alive with and without a kernel.

A figure is an `anywidget.AnyWidget`. Its module has no imports: the drawing core and the mathematics it needs stand
before it in one text, put together by `compose`. In a static page the module computes and draws by itself; with a
kernel the same settings are traits, so ``figure.lr = 0.3`` moves the slider and a drag sets ``figure.theta0``.
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import numpy as np
import traitlets

from optcourse.arguments import Array, Rule, iterate, number, refuse
from optcourse.figures.palette import SCHEMES, SERIES, scheme

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

HERE = Path(__file__).parent
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


# ---------------------------------------------------------------------------------------------- settings


class Setting(traitlets.TraitType[Any, Any]):
    """A synced trait that obeys one of the package's rules for arguments.

    A bad value raises a `ValueError` that names the trait and the value, as everywhere in the package.
    """

    def __init__(self, rule: Rule, default: Any, **metadata: Any):
        super().__init__(default_value=default)
        self.rule = rule
        self.tag(sync=True, **metadata)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the checked value."""
        return self.rule(self.name or "value", value)


class Point(Setting):
    """A synced array of float64; it travels as bytes, never as text: as float32 if `single`, for half the weight."""

    def __init__(self, default: Any, rule: Rule = iterate, single: bool = False, **metadata: Any):
        kind = "<f4" if single else "<f8"

        def to_bytes(value: Array, widget: Any) -> bytes:
            return np.ascontiguousarray(value, dtype=kind).tobytes()

        def from_bytes(value: Any, widget: Any) -> Array:
            return np.frombuffer(value, dtype=kind).astype(float)

        super().__init__(rule, default, to_json=to_bytes, from_json=from_bytes, **metadata)


def within(low: float, high: float) -> Rule:
    """Make a rule that admits the numbers of an interval."""

    def rule(name: str, value: Any) -> float:
        if not low <= (checked := number(name, value)) <= high:
            raise refuse(name, value, f"must lie between {short(low)} and {short(high)}")
        return checked

    return rule


def up_to(most: int, least: int = 1) -> Rule:
    """Make a rule that admits the whole numbers from one to another."""

    def rule(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
            raise refuse(name, value, f"must be a whole number from {least} to {most}")
        return int(value)

    return rule


def some_of(*choices: str) -> Rule:
    """Make a rule that admits any selection of the given words; it comes back in their order."""

    def rule(name: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(one in choices for one in value):
            raise refuse(name, value, "must be a list of words out of " + ", ".join(map(repr, choices)))
        return tuple(one for one in choices if one in value)

    return rule


def entries(dim: int, where: str = "") -> Rule:
    """Make a rule that admits points of so many numbers; `where` ends the complaint about others."""

    def rule(name: str, value: Any) -> Array:
        theta: Array = np.atleast_1d(iterate(name, value))
        if theta.shape != (dim,):
            raise refuse(name, value, f"must have {dim} entries{where}")
        return theta

    return rule


# ------------------------------------------------------------------------------------------- the ES module


def compose(constants: dict[str, Any], files: list[Path], bare: bool = True) -> str:
    """Put one ES module together: constants from Python, then the files in order.

    Parameters
    ----------
    constants : dict
        Becomes ``const NAME = …`` lines.
    files : list of paths
        ES modules without imports; later ones use what earlier ones define.
    bare : bool
        Leave out types, comments that fill whole lines, and indentation: a page carries the text once per figure.
    """
    lines = [
        f"/** @type {{any}} */\nconst {name} = {json.dumps(value, ensure_ascii=False)};"
        for name, value in constants.items()
    ]
    text = "\n".join([*lines, *(file.read_text(encoding="utf-8") for file in files)])
    if not bare:
        return text
    # A comment ends at its first */: what follows on its line is code, and stays.
    text = re.sub(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"/\*\* @(?:(?!\*/).)*\*/ ?", "", text)
    text = re.sub(r"^[ \t]*//.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^[ \t]+|[ \t]+$|\n(?=\n)", "", text, flags=re.MULTILINE)


class Figure(anywidget.AnyWidget):
    """The base of every figure of the course.

    A subclass names its files and constants, declares its settings as `Setting` and `Point` traits, and says what is
    to be seen, as a picture (`picture`) and as a sentence (`text`)::

        class Parabola(Figure, files=("problems.js", "parabola.js")):
            lr = Setting(positive, 0.1)

    The module's last file ends with ``export default { render };`` and draws with the functions of ``core.js``.

    Attributes
    ----------
    text : str
        What the figure shows, in words, computed from its data. The page reads it to screen readers.
    """

    sources: ClassVar[list[Path]] = []
    constants: ClassVar[dict[str, Any]] = {}
    _css: ClassVar[str]

    def __init_subclass__(
        cls,
        files: tuple[str, ...] = (),
        constants: dict[str, Any] | None = None,
        css: tuple[str, ...] = (),
        **kwargs: Any,
    ):
        if files:  # traitlets makes nameless subclasses of its own: they keep what their parent has
            cls.sources = [HERE / name for name in ("core.js", *files)]
            cls.constants = {
                "PALETTE": {name: scheme(name) for name in SCHEMES},
                "SERIES": list(SERIES),
                **(constants or {}),
            }
            cls._esm = compose(cls.constants, cls.sources)
            cls._css = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("core.css", *css))
        super().__init_subclass__(**kwargs)

    def __repr__(self) -> str:
        settings = (f"{name}={getattr(self, name)!r}" for name in self.settings())
        return f"{type(self).__name__}({', '.join(settings)})"

    @classmethod
    def settings(cls) -> list[str]:
        """Return the names of what can be set, in the order of declaration."""
        declared = {name: value for kind in reversed(cls.__mro__) for name, value in vars(kind).items()}
        return [name for name, value in declared.items() if isinstance(value, Setting) and name[0] != "_"]

    @property
    def text(self) -> str:
        """What the figure shows, in words."""
        raise NotImplementedError

    def picture(self) -> Picture:
        """Draw what the figure shows with matplotlib, for print and for readers without JavaScript."""
        raise NotImplementedError

    def static(self) -> str:
        """Return `picture` as an SVG text."""
        import matplotlib as mpl

        from optcourse import __version__

        drawn = io.StringIO()
        # Letters stay letters; a fixed salt and no date: the same settings give the same bytes.
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "optcourse", "path.simplify_threshold": 0.5}):
            self.picture().savefig(drawn, format="svg", metadata={"Date": None, "Creator": f"optcourse {__version__}"})
        text = drawn.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        # In the paths, a tenth of a point is finer than paper.
        text = re.sub(r'(?<= d=")[^"]*', lambda path: re.sub(r"(\d+\.\d)\d+", r"\1", path[0]), text)
        return re.sub(r"\s*\n\s*", "\n", text)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Show the widget; beside it, a page that holds both the widget and its static picture.

        Front ends prefer the widget. A builder of pages that prefers HTML gets the picture too: it stands in print, and
        until (or unless) the widget has been drawn.
        """
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        picture = base64.b64encode(self.static().encode()).decode()
        data["text/plain"] = f"{self.text}\n{self!r}"
        data["text/html"] = (
            '<div class="optcourse-embed">'
            f'<script type="{WIDGET_VIEW}">{json.dumps(data[WIDGET_VIEW])}</script>'
            f'<img class="figure-static" alt="{html.escape(self.text)}" src="data:image/svg+xml;base64,{picture}"/>'
            f"<style>{STATIC_STYLE}</style></div>"
        )
        return data, metadata


# The widget's place comes before the picture's; once a figure stands in it, screens drop the picture, paper the figure.
STATIC_STYLE = (
    ".figure-static{display:block;width:100%;height:auto;background:#fff}"
    "@media screen{.widget-subarea:has(.optcourse-figure)~.figure-static{display:none}}"
    "@media print{.optcourse-embed>.widget-subarea{display:none!important}}"
)


# ------------------------------------------------------------------------------------------------ in words


def short(value: float) -> str:
    """Write a number for people, to three digits: ``0.3``, ``−12.5``, ``1.5×10⁻⁶``; ``core.js`` has the same rule.

    Examples
    --------
    >>> short(0.3), short(-1 / 3), short(1024), short(0.0000015), short(float("inf"))
    ('0.3', '−0.333', '1024', '1.5×10⁻⁶', '∞')
    """
    if value != value:
        return "not a number"
    sign = "−" if value < 0 else ""
    if value in (np.inf, -np.inf):
        return sign + "∞"
    if value == 0:
        return "0"
    with localcontext(rounding=ROUND_HALF_UP):
        digits, exponent = f"{Decimal(abs(float(value))):.2e}".split("e")
        power = int(exponent)
        if -3 <= power < 3:
            plain = f"{Decimal(abs(float(value))):.{2 - power}f}"
            return sign + (plain.rstrip("0").rstrip(".") if "." in plain else plain)
        if 3 <= power < 5:
            return f"{sign}{Decimal(abs(float(value))):.0f}"
    superscript = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{sign}{digits.rstrip('0').rstrip('.')}×10{superscript}"
