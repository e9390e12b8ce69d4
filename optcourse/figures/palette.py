"""The one home of colours: of methods, of behaviours, of paper and ink, in light and in dark.

Hues are Okabe and Ito's, which colour-blind readers tell apart, moved in lightness until each stands out from the paper
by a contrast of 3 or more (a test computes it). Python's static pictures and the figures' JavaScript read them here.
"""

from __future__ import annotations

HUES: dict[str, tuple[str, str]] = {  # on light paper, on dark paper
    "blue": ("#0072b2", "#4fb0e8"),
    "vermilion": ("#cc5500", "#ff8a4c"),
    "green": ("#00845f", "#2fc49a"),
    "purple": ("#b0538a", "#e08dbb"),
    "orange": ("#a86b00", "#f0b13a"),
    "sky": ("#2b86bd", "#7cc7f2"),
    "olive": ("#857a00", "#e3d84a"),
    "ink": ("#222831", "#e8ebf0"),
}

# One method, one colour, in every figure of the course.
METHODS: dict[str, str] = {
    "gradient_descent": "blue",
    "sgd": "orange",
    "momentum": "vermilion",
    "nesterov": "purple",
    "adagrad": "green",
    "rmsprop": "orange",
    "adadelta": "olive",
    "adam": "ink",
    "adamw": "blue",
    "adamax": "green",
    "nadam": "purple",
    "newton": "vermilion",
    "bfgs": "green",
    "lbfgs": "orange",
    "conjugate_gradient": "purple",
    "coordinate_descent": "orange",
    "proximal_gradient": "blue",
    "fista": "vermilion",
    "subgradient_descent": "olive",
}

# The family of Adam shares hues with others: in one picture with them, these are drawn with dashes.
DASHED: tuple[str, ...] = ("adamw", "adamax", "nadam")

# One loss of an example, one colour (3.1), and one way to measure a slope (3.15).
LOSSES: dict[str, str] = {
    "squared": "blue",
    "absolute": "vermilion",
    "huber": "green",
    "logistic": "purple",
    "hinge": "orange",
    "cross_entropy": "sky",
}
DIFFERENCES: dict[str, str] = {"forward": "orange", "central": "blue", "complex": "green"}

# One schedule, one colour (3.6).
SCHEDULES: dict[str, str] = {
    "constant": "ink",
    "step_decay": "blue",
    "exponential_decay": "vermilion",
    "cosine_annealing": "green",
    "warmup_cosine": "purple",
    "cyclical": "orange",
    "cosine_restarts": "sky",
    "one_cycle": "olive",
}

# What iterates do: the three words under every step-size axis.
BEHAVIOURS: dict[str, str] = {"converges": "green", "oscillates": "orange", "diverges": "vermilion"}

# The order in which lines that stand for nothing in particular take their colours.
SERIES: tuple[str, ...] = ("blue", "vermilion", "green", "purple", "orange", "sky", "olive", "ink")

PAPER: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#14181e"),
    "raised": ("#f4f6f8", "#1f252d"),
    "ink": ("#1b2027", "#e8ebf0"),
    "muted": ("#59626e", "#a7b1bd"),
    "grid": ("#dfe3e8", "#323a45"),
    "edge": ("#7d8793", "#7f8a97"),
    "focus": ("#7a3fd1", "#c9a6ff"),
    "low": ("#fffdf7", "#0f1319"),  # a landscape's floor …
    "high": ("#b8cce2", "#425267"),  # … and its heights
    "contour": ("#93abc4", "#5d6f85"),
}

SCHEMES: tuple[str, str] = ("light", "dark")


def scheme(name: str) -> dict[str, str]:
    """Return every colour of one scheme by its name: hues, roles of the paper, methods and behaviours.

    Examples
    --------
    >>> scheme("light")["gradient_descent"]
    '#0072b2'
    """
    if name not in SCHEMES:
        raise ValueError(f"name = {name!r}: must be one of 'light', 'dark'")
    side = SCHEMES.index(name)
    colours = {role: pair[side] for role, pair in (HUES | PAPER).items()}
    named = METHODS | BEHAVIOURS | LOSSES | DIFFERENCES | SCHEDULES
    return colours | {word: HUES[hue][side] for word, hue in named.items()}


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, between 1 and 21.

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
