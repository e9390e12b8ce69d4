"""Looking for tests, references and expected values in the process, and importing them."""

from __future__ import annotations

import pkgutil

from arena import Attack, answers, cells

import optcourse
from optcourse.grading.sandbox import MACHINERY, MODULES

CONTAINED = (
    "the worker holds neither tests nor references nor expected values; of `optcourse` only what holds "
    "no answer is there"
)

SEARCH = """
WORDS = ('check_logistic', 'BEGIN HIDDEN', 'fresh=3', 'four examples', 'largest_safe_step: ', 'uphill', 'Tolerance(')
def telling(text): return [word for word in WORDS if word in text]
"""

# What is in the bubble, and what takes every call there and gives nothing.
THERE = {f"optcourse.{name}" for name in MODULES} | {f"optcourse.grading.{name}" for name in MACHINERY}
ABSENT = ("optcourse.figures", "optcourse.problems")
PACKAGE = sorted(
    name
    for _, name, is_package in pkgutil.walk_packages(optcourse.__path__, "optcourse.", onerror=lambda name: None)
    if name not in THERE | {"optcourse.grading"} and not name.startswith(ABSENT)
)
EVERY_MODULE = f"""
import importlib
for name in {PACKAGE!r}:
    attempt(lambda: importlib.import_module(name))
"""

ATTACKS = [
    Attack("every module of the package", "inspection", cell=EVERY_MODULE),
    *cells(
        "inspection",
        {
            "frames": SEARCH
            + """
def frames():
    frame, found = sys._getframe(), []
    while frame:
        if '__judge__' in str(frame.f_globals.get('__name__')): found.append(frame)
        telling = ('seed', 'cases', 'exercise', 'expected', 'reference', 'right')
        found += [name for name in frame.f_locals if name in telling]
        frame = frame.f_back
    return found
attempt(frames, bool)
""",
            "frames of other threads": "attempt(lambda: list(sys._current_frames().values())[1:], bool)",
            "stack of the caller": """
import inspect
attempt(lambda: [f.filename for f in inspect.stack() if 'judge' in f.filename or 'checking' in f.filename], bool)
""",
            "objects of the collector": """
import gc
def objects():
    kinds = ('Exercise', 'Case', 'Mistake', 'Verdict', 'Judge', 'Session', 'Probe', 'Panel')
    return [one for one in gc.get_objects() if type(one).__name__ in kinds]
attempt(objects, bool)
""",
            "referrers of a function": """
import gc
attempt(lambda: [r for r in gc.get_referrers(np.allclose) if isinstance(r, dict) and 'WrongAnswerError' in r], bool)
""",
            "texts in memory": SEARCH
            + """
import gc
def texts():
    seen = [one for holder in gc.get_objects() for one in gc.get_referents(holder) if type(one) is str]
    return [one for one in seen if len(one) > 200 and telling(one) and 'WORDS' not in one]
attempt(texts, bool)
""",
            "modules that are loaded": """
wanted = ('checking', 'judge', 'exercise', 'exercises', 'compare', 'gradient_descent', 'certificates')
attempt(lambda: [name for name in sys.modules if name.split('.')[-1] in wanted and name.startswith('optcourse')], bool)
""",
            "lines that were cached": """
import linecache
attempt(lambda: [n for n in linecache.cache if 'check_' in n], bool)
""",
            "memory by /proc": "attempt(lambda: open('/proc/self/mem', 'rb').read(1), bool)",
            "maps by /proc": "attempt(lambda: open('/proc/self/maps').read(), bool)",
            "main of the judge": "attempt(lambda: sys.modules['__main__'].grade_notebook)",
            "command line": """
attempt(lambda: [one for one in sys.orig_argv + sys.argv if 'judge' in one or 'optcourse-' in one], bool)
""",
            "environment": """
attempt(lambda: {k: v for k, v in os.environ.items() if k == 'OPTCOURSE_SEED' or SECRET in v}, bool)
""",
            "environment of libc": """
libc = ctypes.CDLL(None); libc.getenv.restype = ctypes.c_char_p
attempt(lambda: libc.getenv(b'OPTCOURSE_SEED'), bool)
""",
            "subclasses of object": """
attempt(lambda: [c for c in object.__subclasses__() if c.__module__.startswith('optcourse.grading')
                 and c.__module__.split('.')[-1] not in ('wire', 'worker')], bool)
""",
            "a debugger": """
import bdb
attempt(lambda: [n for n in bdb.Bdb().get_stack(sys._getframe(), None)[0] if 'judge' in str(n)], bool)
""",
            "replays its own input": """
import socket
end = socket.socket(fileno=os.dup(wire_end()))
end.settimeout(0.05)
attempt(lambda: end.recv(1 << 16))
""",
        },
    ),
    *cells(
        "inspection",
        {
            f"import {name}": f"import importlib\nattempt(lambda: importlib.import_module({name!r}))"
            for name in (
                "optcourse.gradient_descent",
                "optcourse.adam",
                "optcourse.newton",
                "optcourse.certificates",
                "optcourse.catalogue",
                "optcourse.gradient_check",
                "optcourse.grading.judge",
                "optcourse.grading.checking",
                "optcourse.grading.exercises",
                "optcourse.grading.exercises.gradient_descent",
                "optcourse.grading.mutants",
                "optcourse.grading.intake",
                "optcourse.grading.sandbox",
                "nbgrader",
                "scipy.optimize",
            )
        },
    ),
    *cells(
        "inspection",
        {
            "attributes of the package": """
import optcourse
attempt(lambda: optcourse.gradient_descent)
attempt(lambda: optcourse.smoothness)
attempt(lambda: optcourse.check_gradient)
""",
            "a spec from its real place": """
import importlib.util
def load():
    spec = importlib.util.spec_from_file_location('r', REPOSITORY + '/optcourse/gradient_descent.py')
    module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
    return module
attempt(load)
""",
            "the path extended": """
sys.path[:0] = [REPOSITORY, REPOSITORY + '/..']
attempt(lambda: __import__('optcourse.adam'))
""",
            "zip and pycache": """
import pathlib
attempt(lambda: [p for p in pathlib.Path('/course').rglob('*') if p.suffix in ('.pyc', '.zip', '.ipynb')
                 and '/numpy' not in str(p)], bool)
""",
            "source of what is there": """
import pathlib
def staged():
    texts = {str(p): p.read_text() for p in pathlib.Path('/course/optcourse').rglob('*.py')}
    return [name for name, text in texts.items() if 'logistic' in text or 'def gradient_descent(' in text]
attempt(staged, bool)
""",
        },
    ),
    *answers(
        "inspection",
        {
            "the course's own problem": """
from optcourse.problems import logistic_regression
def logistic_gradient(theta, X, y):
    return logistic_regression(X=X, y=y, lam=1.0).grad(theta) - theta
""",
            "the package's function": """
import optcourse
def logistic_gradient(theta, X, y):
    return optcourse.logistic_gradient(theta, X, y)
""",
            "the caller's locals": """
def logistic_gradient(theta, X, y):
    frame = sys._getframe()
    while frame:
        for name in ('right', 'expected', 'reference', 'exercise', 'model'):
            if name in frame.f_locals: return frame.f_locals[name]
        frame = frame.f_back
""",
            "the closure of what it was given": """
def logistic_gradient(theta, X, y):
    import gc
    return [one for one in gc.get_objects() if isinstance(one, np.ndarray) and one.shape == theta.shape][-1]
""",
        },
    ),
    Attack(
        "a gradient's closure",
        "inspection",
        tasks={
            "gradient_descent": """
def gradient_descent(grad, theta, lr, steps):
    inside = attempt(lambda: [getattr(grad, name) for name in ('__closure__', 'function', 'calls', '__wrapped__')])
    for name, value in vars(grad).items():
        attempt(lambda: [v for v in vars(value).values() if 'Exercise' in repr(v)], bool)
    for _ in range(steps):
        theta = theta - lr * grad(theta)
    return theta
"""
        },
    ),
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
