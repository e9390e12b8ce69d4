"""The sections of the course, listed once: numbers, titles, and what each is about in a line.

The map on the landing page and whatever else enumerates sections walk this list; `optcourse.catalogue` lists the
methods in them.
"""

from __future__ import annotations

from dataclasses import dataclass

from optcourse.arguments import refuse


@dataclass(frozen=True)
class Section:
    """One section of the course.

    Attributes
    ----------
    number : str
        Its number, which never changes: ``"3.1"``.
    title : str
        What it is called.
    summary : str
        What it is about, in a line.
    part : str
        The part of the book it stands in.
    page : str
        The stem of its chapter and of its exercise.
    """

    number: str
    title: str
    summary: str
    part: str
    page: str


FOLLOW, CURVE, BOUND, ROUGH, SURE = (
    "Following the gradient",
    "Using curvature",
    "Convexity and constraints",
    "Without smoothness, without gradients",
    "Getting it right",
)


def _section(number: int, page: str, title: str, summary: str, part: str) -> Section:
    return Section(f"3.{number}", title, summary, part, f"03_{number:02}_{page}")


SECTIONS: tuple[Section, ...] = (
    _section(
        1,
        "gradient_descent",
        "Gradient descent",
        "Step against the slope; how long a step the curvature allows.",
        FOLLOW,
    ),
    _section(
        2,
        "stochastic",
        "Stochastic gradient descent",
        "A few examples at a time: what noise costs, and what it buys.",
        FOLLOW,
    ),
    _section(3, "momentum", "Momentum and Nesterov", "Remember where you were going: √κ steps instead of κ.", FOLLOW),
    _section(
        4, "adaptive", "AdaGrad, RMSProp, AdaDelta", "A step size for every parameter, from its own gradients.", FOLLOW
    ),
    _section(
        5, "adam", "Adam, AdamW, Adamax, Nadam", "Momentum and adaptive steps together, and where they fail.", FOLLOW
    ),
    _section(
        6, "schedules", "Learning rates and schedules", "Warm up, cool down, stop early: the step size in time.", FOLLOW
    ),
    _section(
        7,
        "newton",
        "Newton and quasi-Newton",
        "Let curvature choose direction and length; or learn it as you go.",
        CURVE,
    ),
    _section(
        8, "line_search", "Line search and conjugate gradient", "How far to go, and never to undo what was done.", CURVE
    ),
    _section(
        9,
        "convexity",
        "Convex optimization and duality",
        "When every valley is the lowest, and a proof comes with the answer.",
        BOUND,
    ),
    _section(10, "lagrange", "Lagrange multipliers and KKT", "The price of a constraint.", BOUND),
    _section(
        11,
        "coordinate_descent",
        "Coordinate descent",
        "One parameter at a time, exactly: the method behind the LASSO.",
        BOUND,
    ),
    _section(
        12,
        "linear_programming",
        "Constrained optimization and linear programming",
        "From corner to corner, or through the middle.",
        BOUND,
    ),
    _section(
        13,
        "evolutionary",
        "Evolutionary and genetic optimization",
        "Breed, mutate, select: when there is no gradient.",
        ROUGH,
    ),
    _section(
        14,
        "proximal",
        "Subgradient and proximal methods",
        "Kinks: what replaces the gradient where there is none.",
        ROUGH,
    ),
    _section(
        15,
        "gradient_checking",
        "Gradient checking and numerical gradients",
        "Is the gradient you derived the slope of the loss you wrote?",
        SURE,
    ),
    _section(16, "quick_reference", "Quick reference", "Every method in one table, and all of them in one race.", SURE),
    _section(17, "takeaways", "Key takeaways", "Ten sentences to keep, each with the cell that proves it.", SURE),
)


def section(number: str) -> Section:
    """Return a section by its number.

    Examples
    --------
    >>> section("3.1").title
    'Gradient descent'
    """
    for row in SECTIONS:
        if row.number == number:
            return row
    raise refuse("number", number, "must be a section of the course, 3.1 to 3.17")
