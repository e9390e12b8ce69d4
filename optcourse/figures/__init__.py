"""Figures to touch: anywidgets that work in the static book and, scriptable, in a notebook."""

from optcourse.figures.base import Figure, Point, Setting

__all__ = ["Figure", "Point", "Setting"]
