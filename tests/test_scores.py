"""The printed scores of the published problem sets say what the tests hold name by name."""

from __future__ import annotations

import netlib
from peers import go_without
from problem_sets import scores


def test_the_scores_are_printed_with_every_set_and_method(capsys):
    if not netlib.DATA.is_dir():
        go_without(netlib.ABSENT)
    scores.main()
    printed = capsys.readouterr().out
    assert printed.count("20 of 20, infeasible 3 of 3") == 2
    assert "13 of 13 have four or more" in printed
    assert printed.count("| 35 of 35 |") == 3
    assert "| nonlinear_cg | 33 of 35 | " in printed
