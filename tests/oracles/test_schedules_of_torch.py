"""Our schedules against PyTorch's, step by step, and the printed table against the rows that are asserted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conventions import CONVENTIONS
from schedules import SCHEDULES, ScheduleRow

from optcourse import catalogue
from optcourse.conventions import TABLE

RECORDED = Path(__file__).parent / "recorded" / "rates" / "schedules.npz"
TOLERANCE = 1e-12  # PyTorch multiplies its last rate, 500 times; each product rounds by 1.1e-16

rows = pytest.mark.parametrize("row", SCHEDULES, ids=lambda row: row.name)


@rows
def test_every_rate_equals_the_recorded_one_of_pytorch(row: ScheduleRow) -> None:
    with np.load(RECORDED) as recording:
        theirs = recording[row.name]
        assert json.loads(str(recording["made"]))["torch"]
    assert row.our_rates() == pytest.approx(theirs, rel=0, abs=TOLERANCE)


@rows
@pytest.mark.torch
def test_every_rate_equals_the_live_one_of_pytorch(row: ScheduleRow, require) -> None:
    theirs = row.their_rates(require("torch"))
    assert row.our_rates() == pytest.approx(theirs, rel=0, abs=TOLERANCE)


@rows
def test_five_hundred_rates_are_compared_and_they_change(row: ScheduleRow) -> None:
    assert row.steps >= 500
    assert np.ptp(row.our_rates()) > 0.05


def test_no_recorded_schedule_is_left_over() -> None:
    with np.load(RECORDED) as recording:
        assert set(recording.files) == {row.name for row in SCHEDULES} | {"made"}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.oracle)
def test_each_row_of_the_printed_table_is_asserted_by_an_oracle(row) -> None:
    asserted = [oracle.name for oracle in CONVENTIONS] + [oracle.name for oracle in SCHEDULES]
    assert any(name.startswith(row.oracle) for name in asserted)
    assert row.method in {method.name for method in catalogue.METHODS}


def test_each_oracle_has_a_row_in_the_printed_table() -> None:
    explained = tuple(row.method for row in TABLE)
    assert [oracle.name for oracle in (*CONVENTIONS, *SCHEDULES) if not oracle.name.startswith(explained)] == []


def test_the_table_shows_itself_in_text_and_html() -> None:
    assert "state[" in repr(TABLE.of("nesterov"))
    page = TABLE._repr_html_()
    assert page.count("<tr>") == len(TABLE) + 1
    assert page.count("<th scope='row'>") == len(TABLE)


@pytest.mark.torch
def test_the_librarys_adadelta_knob_scales_the_step_but_not_its_average(require) -> None:
    torch = require("torch")
    theta = torch.tensor([4.0], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adadelta([theta], lr=0.5)
    mean_square = mean_square_step = 0.0
    ours = 4.0
    for _ in range(50):
        theta.grad = 2 * theta.detach()
        optimiser.step()
        g = 2 * ours
        mean_square = 0.9 * mean_square + 0.1 * g * g
        step = -np.sqrt((mean_square_step + 1e-6) / (mean_square + 1e-6)) * g
        mean_square_step = 0.9 * mean_square_step + 0.1 * step * step
        ours += 0.5 * step
        assert theta.item() == pytest.approx(ours, rel=1e-12)
