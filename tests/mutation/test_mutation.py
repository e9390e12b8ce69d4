"""The package's tests notice faults: a slice of the mutants in every test run, all of them in `make mutation`."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest
import targets
from mutants import broken, mutants
from patching import Loaded, Watch

MODULES = targets.modules()
KNOWN = targets.allowed()


@pytest.mark.parametrize("module", MODULES)
def test_every_mutant_is_python_and_another_program(module):
    source = targets.source_of(module)
    whole = compile(source, module, "exec")
    found = targets.all_mutants(module)
    assert found
    assert len({str(mutant) for mutant in found}) == len(found)
    for mutant in targets.by_chance(found)[:40]:
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


# ---------------------------------------------------------------------------------------------- the quick way

DEMO = """
def often(function, times=2):
    def wrapped(x):
        return times * function(x)
    return wrapped

@often
def shifted(x, by=5):
    return x + by

class Scale:
    by = 3
    def __call__(self, x):
        return self.by * x

def powers(x):
    return sum(x**k for k in range(7))

def cube(x):
    return x**3

METHODS = {"powers": powers, "cube": cube}
EIGHT = cube(2)
"""
RUNS_ON_IMPORT = {
    *("demo.often: 2 → 3", "demo.shifted: 5 → 6", "demo.Scale: 3 → 4"),
    *("demo.cube: 3 → 4", "demo.cube: x ** 3 → x * 3", "demo: 2 → 3"),
}


@pytest.fixture
def demo(tmp_path):
    """Give a module, imported from a file, and what is known of it in memory."""
    file = tmp_path / "demo.py"
    file.write_text(DEMO)
    spec = importlib.util.spec_from_file_location("demo", file)
    module = importlib.util.module_from_spec(spec)
    watch = Watch(str(file))
    spec.loader.exec_module(module)
    return module.__dict__, Loaded(DEMO, str(file), watch.seen())


def answers(names):
    return names["shifted"](1.5), names["Scale"]()(1.5), *(method(1.5) for method in names["METHODS"].values())


@pytest.mark.parametrize("mutant", mutants(DEMO, "demo"), ids=str)
def test_a_patched_mutant_answers_as_an_imported_one_and_what_ran_on_import_is_never_patched(mutant, demo):
    names, loaded = demo
    imported = {}
    exec(compile(broken(DEMO, mutant), "demo", "exec"), imported)
    before = answers(names)
    assert loaded.patch(mutant) == (str(mutant) not in RUNS_ON_IMPORT)
    assert answers(names) == (before if str(mutant) in RUNS_ON_IMPORT else answers(imported))


def test_a_mutant_of_a_function_that_no_longer_lives_is_not_patched(tmp_path):
    names, file, source = {}, str(tmp_path / "gone.py"), "def half(x):\n    return x / 2\n"
    exec(compile(source, file, "exec", dont_inherit=True), names)
    assert all(Loaded(source, file, ran=set()).swaps(mutant) for mutant in mutants(source, "gone"))
    del names["half"]
    assert not any(Loaded(source, file, ran=set()).swaps(mutant) for mutant in mutants(source, "gone"))


def run_campaign(*arguments):
    command = [sys.executable, str(targets.HERE / "campaign.py"), "--jobs", "1", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout.splitlines()


def test_a_campaign_remembers_its_verdicts(tmp_path):
    memory = tmp_path / "verdicts.jsonl"
    first = run_campaign("stochastic", "--resume", str(memory))
    assert first[-1].split()[:5] == ["all", "12", "of", "12", "killed"]
    lines = memory.read_text()
    assert run_campaign("stochastic", "--resume", str(memory)) == first
    assert memory.read_text() == lines


TRIED = """
import sys
sys.path[:0] = sys.argv[1:3]
import quick, targets
list(quick.tried(targets.all_mutants("stochastic"), sys.argv[3:], killers={}, jobs=1))
"""


@pytest.mark.parametrize(
    ("text", "blamed"),
    [
        ("def test_true(): pass\ndef test_false(): assert 1 > 2", "these fail without any mutant: .*::test_false"),
        ("import no_such_module", "the tests cannot be collected: .*test_whole.py"),
        ("", "the tests cannot be collected"),
    ],
)
def test_tests_that_fail_without_any_mutant_are_named(text, blamed, tmp_path):
    tests = tmp_path / "test_whole.py"
    tests.write_text(text)
    command = [sys.executable, "-c", TRIED, str(targets.HERE), str(targets.HERE.parent), str(tests)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert re.search(blamed, ended.stderr), ended.stderr


# ------------------------------------------------------------------------------------------------- the campaign


def test_each_survivor_that_is_known_exists_and_has_a_reason():
    every = {str(mutant) for module in MODULES for mutant in targets.all_mutants(module)}
    assert set(KNOWN) <= every, f"no longer in the text: take them out of survivors.json: {sorted(set(KNOWN) - every)}"
    assert all(len(reason) > 10 for reason in KNOWN.values())
    assert len(KNOWN) <= 0.05 * len(every)


def test_the_last_whole_campaign_was_whole_and_killed_ninety_five_of_a_hundred():
    page = (targets.HERE / "results.md").read_text().replace("**", "")
    *rows, whole = re.findall(r"^\| (\S+) +\| .*\| ([\d.]+) % \|", page, re.MULTILINE)
    assert [name for name, _ in rows] == MODULES
    assert float(whole[1]) >= 95


def test_a_slice_of_the_mutants_is_noticed():
    run_campaign("--slice", "1")
