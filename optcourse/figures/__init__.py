"""Figures to touch: anywidgets that work in the static book and, scriptable, in a notebook."""

from optcourse.figures.adam_playground import AdamPlayground
from optcourse.figures.adaptive_playground import AdaptivePlayground
from optcourse.figures.base import Figure, Point, Setting
from optcourse.figures.batch_pipeline import BatchPipeline
from optcourse.figures.cycle_playground import CyclePlayground
from optcourse.figures.decay_playground import DecayPlayground
from optcourse.figures.descent_playground import DescentPlayground
from optcourse.figures.early_stopping_playground import EarlyStoppingPlayground
from optcourse.figures.epsilon_explorer import EpsilonExplorer
from optcourse.figures.loss_gallery import LossGallery
from optcourse.figures.minibatch_playground import MinibatchPlayground
from optcourse.figures.momentum_playground import MomentumPlayground
from optcourse.figures.objective_gallery import ObjectiveGallery
from optcourse.figures.online_trap import OnlineTrap
from optcourse.figures.race import Race
from optcourse.figures.range_test_playground import RangeTestPlayground
from optcourse.figures.schedule_explorer import ScheduleExplorer
from optcourse.figures.snapshot_playground import SnapshotPlayground

__all__ = [
    "AdamPlayground",
    "AdaptivePlayground",
    "BatchPipeline",
    "CyclePlayground",
    "DecayPlayground",
    "DescentPlayground",
    "EarlyStoppingPlayground",
    "EpsilonExplorer",
    "Figure",
    "LossGallery",
    "MinibatchPlayground",
    "MomentumPlayground",
    "ObjectiveGallery",
    "OnlineTrap",
    "Point",
    "Race",
    "RangeTestPlayground",
    "ScheduleExplorer",
    "Setting",
    "SnapshotPlayground",
]
