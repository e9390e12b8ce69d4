"""Figures to touch: anywidgets that work in the static book and, scriptable, in a notebook."""

from optcourse.figures.base import Figure, Point, Setting
from optcourse.figures.descent_playground import DescentPlayground
from optcourse.figures.objective_gallery import ObjectiveGallery
from optcourse.figures.race import Race

__all__ = ["DescentPlayground", "Figure", "ObjectiveGallery", "Point", "Race", "Setting"]
