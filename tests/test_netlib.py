"""The published linear programs: every optimum certified, every infeasible one proved so."""

from __future__ import annotations

from dataclasses import replace

import netlib
import numpy as np
import pytest
from peers import go_without

from optcourse import interior_point, simplex
from optcourse.certificates import lp_floor, lp_residuals
from optcourse.linear_programming import solution


@pytest.fixture(scope="module", autouse=True)
def data():
    if not netlib.DATA.is_dir():
        go_without(netlib.ABSENT)


feasible = pytest.mark.parametrize("name", netlib.FEASIBLE)
solvers = pytest.mark.parametrize("solver", [simplex, interior_point], ids=lambda solver: solver.__name__)


# The interior point method comes as near as its system allows, which nearly depends on itself at a corner.
TOLERANCE = {simplex: 1e-9, interior_point: 1e-8}


@solvers
@feasible
def test_the_optimum_is_certified(name, solver):
    program, optimum = netlib.feasible(name), netlib.optima()[name]
    found = solution(solver(program))
    assert found.status == "optimal"
    assert max(lp_residuals(program, found.x, found.y_ub, found.y_eq)) <= TOLERANCE[solver]
    assert abs(found.value - optimum) <= TOLERANCE[solver] * (1 + abs(optimum))


@solvers
@pytest.mark.parametrize("name", netlib.INFEASIBLE)
def test_an_infeasible_program_is_called_so_with_prices_that_prove_it(name, solver):
    # With all costs zero the dual value is a floor under zero: above zero, it leaves nothing feasible (Farkas).
    program = netlib.infeasible(name)
    found = solution(solver(program))
    assert found.status == "infeasible"
    assert found.value == np.inf
    floor, off = lp_floor(replace(program, c=0 * program.c), found.y_ub, found.y_eq)
    assert floor > 0
    assert off <= 1e-6 * floor


def test_every_program_given_is_solved_and_every_one_has_an_optimum():
    assert {path.stem for path in (netlib.DATA / "netlib").glob("*.npz")} == set(netlib.FEASIBLE)
    assert {path.stem for path in (netlib.DATA / "netlib_infeasible").glob("*.npz")} == set(netlib.INFEASIBLE)
    assert netlib.optima().keys() == set(netlib.FEASIBLE)
