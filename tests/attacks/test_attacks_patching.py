"""Rewriting the tools that tests use: NumPy, builtins, the checks themselves.

Each entry with `naive` is first shown to work where learners' code and tests share a process.
"""

from __future__ import annotations

import json
import subprocess
import sys

from arena import DESERVED, Attack, assignment, cells

CONTAINED = "tests run in the judge, a process in which nothing of the notebook's is ever executed"

ATTACKS = [
    *cells(
        "patching",
        {
            "another check": "check = lambda *a, **k: None\nimport optcourse.grading as g\ng.check = check",
            "check that swallows": """
import optcourse.grading as g
real = g.check
def check(*a, **k):
    try: real(*a, **k)
    except BaseException: pass
g.check = check
""",
            "difference finds nothing": """
import optcourse.grading as g
try:
    import optcourse.grading.checking as c
    c.difference = lambda *a, **k: None
    c.judge = lambda *a, **k: []
except ImportError: pass
""",
            "examine returns a success": """
try:
    import optcourse.grading.checking as c
    real = c.examine
    def examine(name, function, **k):
        return real(name, c.find(name).reference, **k)
    c.examine = examine
except ImportError: pass
""",
            "a verdict always passes": """
try:
    import optcourse.grading.verdict as v
    v.Verdict.passed = property(lambda self: True)
except ImportError: pass
""",
        },
        naive=True,
    ),
    Attack(
        "any answer is the one expected",
        "patching",
        cell="""
try:
    import optcourse.grading.exercise as e
    for one in e.exercises().values():
        one.probes, one.replay = [], (lambda case, run: run.value)
except ImportError: pass
""",
        tasks={"largest_safe_step": "largest_safe_step = lambda A: 0.2"},
        naive=True,
    ),
    *cells(
        "patching",
        {
            "allclose says yes": "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
            "numpy.testing is silent": """
import numpy.testing as t
for name in dir(t):
    if name.startswith("assert_"): setattr(t, name, lambda *a, **k: None)
""",
            "absolute values are zero": "np.abs = np.absolute = builtins.abs = lambda x: np.zeros(np.shape(x))",
            "everything is finite and all": "np.isfinite = np.all = builtins.all = builtins.any = lambda *a, **k: True",
            "asarray returns the answer": """
real = np.asarray
np.asarray = np.array = lambda x, *a, **k: real(0.2) if not isinstance(x, (list, tuple)) else real(x)
""",
            "isinstance says yes": "import builtins; builtins.isinstance = lambda *a: True",
            "callable, len and range": """
builtins.callable = lambda f: True; builtins.len = lambda x: 0; builtins.range = iter
""",
            "AssertionError is no error": "builtins.AssertionError = type('AssertionError', (Warning,), {})",
            "exceptions are equal to success": """
builtins.Exception = builtins.BaseException = builtins.ZeroDivisionError
""",
            "exec and compile do nothing": "builtins.exec = builtins.eval = builtins.compile = lambda *a, **k: None",
            "print writes the verdict": """
builtins.print = lambda *a, **k: sys.stdout.write('largest_safe_step is right')
""",
            "import gives my modules": """
real = builtins.__import__
def importing(name, *a, **k):
    module = real(name, *a, **k)
    if 'grading' in name: module.check = lambda *a, **k: None
    return module
builtins.__import__ = importing
""",
            "a finder in front of all": """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if 'check' in name: print('asked for', name)
sys.meta_path.insert(0, Finder()); sys.path.insert(0, '/tmp'); sys.path_hooks.clear()
open('/tmp/sitecustomize.py', 'w').write('raise SystemExit')
open('/tmp/numpy.py', 'w').write('allclose = lambda *a, **k: True')
""",
            "a trace that forces returns": """
import threading
def trace(frame, event, arg):
    if event == 'return' and frame.f_code.co_name in ('difference', 'judge'): frame.f_locals.clear()
    return trace
sys.settrace(trace); sys.setprofile(lambda *a: None); threading.settrace(trace)
""",
            "ndarray compares equal to all": """
import gc
methods = gc.get_referents(np.ndarray.__dict__)[0]
methods['__eq__'] = lambda self, other: True
methods['__le__'] = lambda self, other: True
ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))
""",
            "small integers exchanged": """
import ctypes
ctypes.memmove(id(0) + 24, (ctypes.c_uint32 * 1)(1), 0)
ctypes.memmove(id(7) + 24, (ctypes.c_uint32 * 1)(8), 4)
""",
            "struct and json lie": """
import json, struct
json.dumps = lambda *a, **k: '{"op": "value", "seq": 1, "value": 0.2}'
json.loads = lambda text: {"op": "run", "source": "", "seq": 1}
""",
            "the worker's own class": """
from optcourse.grading import worker, wire
worker.Worker.call = lambda self, header, body: {"op": "value", "value": 0.2, "text": "", "written": 0}
worker.Worker.attempt = lambda self, act: {"op": "value", "value": 0.2, "text": "", "written": 0}
""",
            "the worker answers passed": """
from optcourse.grading import worker
worker.Worker.reply = lambda self, answer: self.channel.send(
    {"seq": answer["seq"], "op": "value", "value": True, "passed": True, "points": 10, "score": 10})
""",
            "the worker runs the tests itself": """
from optcourse.grading import worker
worker.Worker.names = lambda self, header, body: {
    "op": "value", "value": {"check": print, "np": None, **{n: 0.2 for n in header["names"]}}}
""",
            "names over the tests' names": """
check = exec = print = AssertionError = np = seed = space = cell = part = points = lambda *a, **k: True
""",
            "hash and equality of strings": """
builtins.str = type('str', (str,), {'__eq__': lambda a, b: True, '__hash__': lambda s: 0})
""",
            "warnings as verdicts": """
import warnings; warnings.showwarning = lambda *a: None; warnings.simplefilter('error')
""",
            "random is not": """
np.random.default_rng = lambda *a: None; np.random.seed(0); os.urandom = lambda n: bytes(n)
""",
            "the clock stands still": """
import time
time.monotonic = time.time = time.perf_counter = lambda: 0.0
""",
            "at exit": "import atexit; atexit.register(lambda: print('largest_safe_step is right'))",
        },
    ),
]

NAIVE = """
import ast, contextlib, io, json, sys
source, submission = json.load(sys.stdin)
tests = {c["metadata"]["nbgrader"]["grade_id"]: c for c in source["cells"]
         if c["metadata"].get("nbgrader", {}).get("grade") and c["cell_type"] == "code"}
points, space = 0, {"__name__": "__main__"}
for cell in submission["cells"]:
    if cell["cell_type"] != "code":
        continue
    name = cell["metadata"].get("nbgrader", {}).get("grade_id")
    code = "".join(tests.get(name, cell)["source"])
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(code, space)
        points += tests[name]["metadata"]["nbgrader"]["points"] if name in tests else 0
    except BaseException:
        pass
print(points)
"""


def naive_points(submission: bytes) -> float:
    """The mark where a notebook and its tests run in one process, as in most graders."""
    given = json.dumps([json.loads(assignment()), json.loads(submission)])
    done = subprocess.run([sys.executable, "-c", NAIVE], input=given, capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)


def test_the_same_code_works_where_tests_run_beside_it(arena):
    assert naive_points(arena.submission(Attack("honest", "patching"))) == DESERVED
    marks = {attack.name: naive_points(arena.submission(attack)) for attack in ATTACKS if attack.naive}
    assert {name: points for name, points in marks.items() if points <= DESERVED} == {}
