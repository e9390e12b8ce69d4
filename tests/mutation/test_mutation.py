"""The package's tests notice faults: a slice of the mutants in every test run, all of them in `make mutation`."""

from __future__ import annotations

import subprocess
import sys

import campaign
import pytest
from mutants import broken, mutants

MODULES = campaign.modules()
KNOWN = campaign.allowed()


@pytest.mark.parametrize("module", MODULES)
def test_every_mutant_is_python_and_another_program(module):
    source = campaign.source_of(module)
    whole = compile(source, module, "exec")
    found = campaign.all_mutants(module)
    assert found
    assert len({str(mutant) for mutant in found}) == len(found)
    for mutant in campaign.by_chance(found)[:40]:
        assert compile(broken(source, mutant), module, "exec") != whole, mutant


def test_what_only_words_depend_on_is_left_alone():
    source = '''
def half(x: int = 4) -> int | None:
    """Half of 2."""
    if x % 2:
        raise ValueError(f"x = {x + 1}: must be even")
    return x // 2
'''
    assert [str(mutant) for mutant in mutants(source, "demo")] == [
        "demo.half: 4 → 5",
        "demo.half: 2 → 3",
        "demo.half: x % 2 → x * 2",
        "demo.half: raise ValueError(f'x = {x + 1}: must be even') → pass",
        "demo.half: 2 → 3 (no. 2)",
        "demo.half: x // 2 → x * 2",
    ]


def test_each_survivor_that_is_known_exists_and_has_a_reason():
    every = {str(mutant) for module in MODULES for mutant in campaign.all_mutants(module)}
    assert set(KNOWN) <= every, "the text has changed: run the campaign on that module again"
    assert all(len(reason) > 10 for reason in KNOWN.values())
    assert len(KNOWN) <= 0.05 * len(every)


def test_a_slice_of_the_mutants_is_noticed():
    command = [sys.executable, str(campaign.HERE / "campaign.py"), "--slice", "1", "--jobs", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
