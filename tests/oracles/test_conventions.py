"""Ours against PyTorch's, iterate by iterate, through the convention table."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conventions import CONVENTIONS, Convention

RECORDED = Path(__file__).parent / "recorded"
TOLERANCE = 1e-12  # relative to max(1, |θ|): some hundreds of roundings, each 1.1e-16, along a stable path

rows = pytest.mark.parametrize("row", CONVENTIONS, ids=lambda row: row.name)


def deviation(ours: np.ndarray, theirs: np.ndarray) -> float:
    assert ours.shape == theirs.shape
    assert np.isfinite(theirs).all()
    return float(np.max(np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))))


@rows
def test_every_iterate_equals_the_recorded_one_of_pytorch(row: Convention) -> None:
    with np.load(RECORDED / f"{row.name}.npz") as recording:
        theirs = recording["iterates"]
    assert deviation(row.our_iterates(), theirs) <= TOLERANCE


@rows
def test_the_recording_was_made_from_this_row(row: Convention) -> None:
    with np.load(RECORDED / f"{row.name}.npz") as recording:
        made = json.loads(str(recording["made"]))
    assert json.loads(made["fingerprint"]) == json.loads(row.fingerprint()), "run tests/oracles/record_torch.py"
    assert made["script"] == "record_torch.py"
    assert made["torch"]


@rows
@pytest.mark.torch
def test_every_iterate_equals_the_live_one_of_pytorch(row: Convention, require) -> None:
    torch = require("torch")
    assert deviation(row.our_iterates(), row.their_iterates(torch)) <= TOLERANCE


@rows
def test_at_least_five_hundred_steps_are_compared_and_the_path_moves(row: Convention) -> None:
    assert row.steps >= 500
    assert np.ptp(row.our_iterates(), axis=0).min() > 1e-3  # a path that stands still proves nothing


def test_names_are_unique_and_no_recording_is_left_over() -> None:
    names = [row.name for row in CONVENTIONS]
    assert len(set(names)) == len(names)
    assert {path.stem for path in RECORDED.glob("*.npz")} == set(names)


def test_a_rate_one_part_in_a_million_off_is_noticed() -> None:
    from optcourse import gradient_descent, problems

    row = CONVENTIONS[0]
    with np.load(RECORDED / f"{row.name}.npz") as recording:
        theirs = recording["iterates"]
    stream = gradient_descent(problems.ravine().grad, problems.ravine().start, lr=row.settings["lr"] * (1 + 1e-6))
    assert deviation(np.array([next(stream) for _ in range(row.steps)]), theirs) > 1000 * TOLERANCE


def test_a_missing_pytorch_is_a_failure_in_ci_and_a_skip_at_home(require, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="torch is not installed"):
        require("torch")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="torch is not installed"):
        require("torch")
