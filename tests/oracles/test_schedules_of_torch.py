"""Our schedules against PyTorch's, step by step, and the printed table against the rows that are asserted."""

from __future__ import annotations

import json
import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from conventions import CONVENTIONS, first_times
from libraries import LIBRARIES
from schedules import SCHEDULES, ScheduleRow

import optcourse
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
    asserted = [oracle.name for oracle in (*CONVENTIONS, *SCHEDULES)] if row.peer == "PyTorch" else []
    asserted += [oracle.method for oracle in LIBRARIES if row.peer != "PyTorch"]
    assert any(name.startswith(row.oracle) for name in asserted)
    assert row.method in {method.name for method in catalogue.METHODS}


def printed(row, **known):
    """What a call in the printed table gives, with its words bound to values."""
    values = {"lr": 0.005, "beta": 0.9, "rho": 0.95, "eps": 1e-7, "beta1": 0.8, "beta2": 0.95, "lam": 0.1}
    values |= {"factor": 0.7, "every": 60, "T": 600, "lr_min": 1e-3, "lr_max": 0.1, "growth": 2, "up": 30, "down": 45}
    values |= {"warmup": 0.25, "start": 20.0, "end": 1e3, "math": math}
    return eval(row, values | known)


PRINTED = [row for row in TABLE if row.peer == "PyTorch" and "…" not in row.theirs and "DataLoader" not in row.theirs]


@pytest.mark.torch
@pytest.mark.parametrize("row", PRINTED, ids=lambda row: row.oracle)
def test_the_two_printed_calls_agree_for_five_hundred_steps(row, require) -> None:
    torch = require("torch")
    theta = torch.tensor([5.0, -3.0], dtype=torch.float64, requires_grad=True)
    slope = np.array([1.0, 4.0])
    if "lr_scheduler" in row.theirs:
        optimizer = torch.optim.SGD([theta], lr=0.005, momentum=0.9)
        eta, scheduler = printed(row.ours, **vars(optcourse)), printed(row.theirs, torch=torch, optimizer=optimizer)
        for step in range(500):
            assert optimizer.param_groups[0]["lr"] == pytest.approx(eta(step), rel=0, abs=1e-12)
            optimizer.step()
            scheduler.step()
        return
    grad = lambda at: slope * at  # noqa: E731
    if "dampening=beta" in row.theirs:
        grad = first_times(1 / (1 - 0.9), grad)
    ours = printed(row.ours, **vars(optcourse), grad=grad, theta=np.array([5.0, -3.0]))
    optimizer = printed(row.theirs, torch=torch, params=[theta])
    torch.set_default_dtype(torch.float64)  # the table says so, for NAdam
    try:
        for at in islice(ours, 500):
            theta.grad = torch.from_numpy(slope) * theta.detach()
            optimizer.step()
            stored = at
            if "θ − ηβv" in row.difference:
                now = ours.state
                stored = at - now["rate"] * now["memory"] * now["velocity"]
            assert stored == pytest.approx(theta.detach().numpy(), rel=0, abs=1e-12)
    finally:
        torch.set_default_dtype(torch.float32)


def test_few_printed_calls_are_not_made_word_by_word() -> None:
    left = {row.method for row in TABLE if row.peer == "PyTorch" and row not in PRINTED}
    assert left == {"sgd", "warmup_cosine"}  # theirs are several objects, named and not spelled out


def test_each_oracle_has_a_row_in_the_printed_table() -> None:
    explained = tuple(row.method for row in TABLE if row.peer == "PyTorch")
    assert [oracle.name for oracle in (*CONVENTIONS, *SCHEDULES) if not oracle.name.startswith(explained)] == []


def test_the_table_shows_itself_in_text_and_html() -> None:
    assert "our next look-ahead" in repr(TABLE.of("nesterov"))
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
