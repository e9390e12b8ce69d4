"""Figures to touch: anywidgets that work in the static book and, scriptable, in a notebook."""

from optcourse.figures.adaptive_playground import AdaptivePlayground
from optcourse.figures.base import Figure, Point, Setting
from optcourse.figures.descent_playground import DescentPlayground
from optcourse.figures.epsilon_explorer import EpsilonExplorer
from optcourse.figures.loss_gallery import LossGallery
from optcourse.figures.objective_gallery import ObjectiveGallery
from optcourse.figures.race import Race

__all__ = [
    "AdaptivePlayground",
    "DescentPlayground",
    "EpsilonExplorer",
    "Figure",
    "LossGallery",
    "ObjectiveGallery",
    "Point",
    "Race",
    "Setting",
]
