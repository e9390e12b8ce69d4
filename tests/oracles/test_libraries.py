"""Ours against SciPy's, scikit-learn's, HiGHS's and cvxpy's answers, row by row; and no method without a peer."""

from __future__ import annotations

import importlib.util

import pytest
import table
from conventions import CONVENTIONS
from libraries import ALONE, LIBRARIES, Comparison
from schedules import SCHEDULES

from optcourse.catalogue import METHODS

rows = pytest.mark.parametrize("row", LIBRARIES, ids=lambda row: row.method)


@rows
def test_no_answer_is_further_from_the_peers_than_its_bound(row: Comparison) -> None:
    assert row.deviation() <= row.bound


def test_every_method_of_the_catalogue_is_compared_with_a_peer_or_said_to_have_none() -> None:
    by_torch = {row.name for row in METHODS for one in (*CONVENTIONS, *SCHEDULES) if one.name.startswith(row.name)}
    compared = {row.method for row in LIBRARIES} | by_torch
    names = {row.name for row in METHODS}
    assert compared <= names
    assert names - compared == set(ALONE), "add a row to a table of oracles, or say why there is none"


def test_the_printed_table_reads_the_recordings_where_pytorch_is_missing(monkeypatch, capsys) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(table, "LIBRARIES", LIBRARIES[:1])
    table.main()
    heading, _, _, _, *rows = capsys.readouterr().out.splitlines()
    assert heading.endswith("torch recorded")
    assert len(rows) == len(CONVENTIONS) + len(SCHEDULES) + 2 + 1
    for row in rows:
        *_, apart, bound = row.strip("| ").split(" | ")
        assert float(apart) <= float(bound)
