"""Answers that lie about themselves: subclasses and objects that compare equal to everything."""

from __future__ import annotations

from dataclasses import replace

from arena import ASSIGNMENT, ASSIGNMENTS, HASTY, Attack, answers, points

CONTAINED = "only numbers, texts and containers cross the wire, as bytes; everything else stays behind as a number"

LIAR = """
class Liar:
    shape, dtype, ndim, size = (), np.dtype(float), 0, 1
    def __getattr__(self, name): return lambda *a, **k: self
    def __eq__(self, other): return True
    __lt__ = __le__ = __gt__ = __ge__ = __ne__ = __eq__
    def __sub__(self, other): return 0.0
    __add__ = __mul__ = __rsub__ = __truediv__ = __sub__
    def __abs__(self): return 0.0
    def __bool__(self): return True
    def __float__(self): return 0.2
    def __index__(self): return 0
    def __len__(self): return 1
    def __iter__(self): return iter([0.2])
    def __hash__(self): return 0
"""

CODES = {
    "equal to everything": "return Liar()",
    "an array that is equal": """
    class A(np.ndarray):
        def __eq__(self, other): return np.ones(self.shape, bool)
        def __sub__(self, other): return np.zeros(self.shape)
        __rsub__ = __abs__ = __le__ = __sub__
    return np.zeros(len(theta)).view(A)""",
    "array function protocol": """
    class A(np.ndarray):
        def __array_function__(self, func, types, args, kwargs): return True
        def __array_ufunc__(self, ufunc, method, *args, **kwargs): return np.zeros(self.shape)
    return np.zeros(len(theta)).view(A)""",
    "array of the other": """
    class A:
        def __array__(self, dtype=None, copy=None):
            import sys
            frame = sys._getframe()
            while frame:
                for value in frame.f_locals.values():
                    if isinstance(value, np.ndarray) and value.shape == theta.shape: return value
                frame = frame.f_back
            return np.zeros(len(theta))
    return A()""",
    "array interface": """
    class A: __array_interface__ = {'shape': (2,), 'typestr': '<f8', 'data': (id(0), False), 'version': 3}
    return A()""",
    "array struct": "\n    class A:\n        __array_struct__ = property(lambda self: 1 / 0)\n    return A()",
    "array priority": """

    class A(np.ndarray):
        __array_priority__ = 1e9
    return np.zeros(len(theta)).view(A)
""",
    "reduce": """
    class A(np.ndarray):
        def __reduce__(self): return (print, ('unpickled',))
        __reduce_ex__ = lambda self, protocol: self.__reduce__()
    return np.zeros(len(theta)).view(A)""",
    "getstate and pickle": """
    class A:
        def __getstate__(self): return {}
        def __setstate__(self, state): raise SystemExit
        def __reduce__(self): return (exec, ("import os; os._exit(0)",))
    return A()""",
    "a float that is near": """
    class F(float):
        def __sub__(self, other): return 0.0
        __rsub__ = __abs__ = __mul__ = __sub__
        def __le__(self, other): return True
        __eq__ = __lt__ = __ge__ = __gt__ = __le__
        __hash__ = float.__hash__
    return [F(0.0)] * len(theta)""",
    "an int that is near": """
    class I(int):
        __eq__ = __le__ = lambda self, other: True
        __hash__ = int.__hash__
    return [I(0)] * len(theta)""",
    "a list that changes": """
    class L(list):
        def __len__(self): return 0
        def __iter__(self): return iter([0.0] * len(theta))
        def __getitem__(self, k): return Liar()
    return L([1.0])""",
    "a tuple that is equal": """
    class T(tuple):
        __eq__ = lambda self, other: True
        __hash__ = tuple.__hash__
    return T([0.0] * len(theta))""",
    "a dict for an array": """

    class D(dict):
        __array__ = lambda self, *a, **k: theta
    return D(shape=theta.shape)
""",
    "a text that is a number": "return str(list(theta))",
    "class says ndarray": """
    class A(Liar):
        __class__ = property(lambda self: np.ndarray)
    return A()""",
    "instancecheck": """
    class M(type):
        def __instancecheck__(cls, one): return True
        def __subclasscheck__(cls, one): return True
    class A(metaclass=M): pass
    return A()""",
    "all is masked": "return np.ma.array(np.zeros(len(theta)), mask=True)",
    "a matrix": "return np.asmatrix(np.zeros(len(theta)))",
    "object entries": "\n    a = np.empty(len(theta), object)\n    a[:] = [Liar() for _ in theta]\n    return a",
    "structured": "return np.zeros(len(theta), [('x', 'f8'), ('y', 'O')])",
    "not a number": "return np.full(len(theta), np.nan)",
    "infinite": "return np.full(len(theta), np.inf)",
    "empty": "return np.array([])",
    "broadcasts": "return np.zeros((1,) * 16)",
    "no entries, many axes": "return np.zeros((0, 5, 5))",
    "strides of nothing": "return np.lib.stride_tricks.as_strided(np.zeros(1), (len(theta),), (0,))",
    "read-only view of theta": "return theta",
    "complex": "return np.zeros(len(theta), complex)",
    "long double": "return np.zeros(len(theta), np.longdouble)",
    "boolean": "return np.zeros(len(theta), bool)",
    "dates": "return np.zeros(len(theta), 'M8[s]')",
    "bytes": "return np.zeros(len(theta)).tobytes()",
    "memory view": "return memoryview(np.zeros(len(theta)))",
    "huge integers": "return [2**1023 + 1] * len(theta)",
    "generator": "return (0.0 for _ in theta)",
    "function": "return lambda *a: theta",
    "itself": "return logistic_gradient",
    "the class of all": "return object",
    "a module": "return np",
    "a cycle": "\n    a = []\n    a.append(a)\n    return a",
    "an exception, returned": "return AssertionError('passes')",
    "NotImplemented": "return NotImplemented",
    "ellipsis": "return ...",
    "a random generator": "return np.random.default_rng(0)",
    "raises the verdict": "raise AssertionError('logistic_gradient is right: all pass')",
    "raises what no test expects": "raise type('Stopped', (BaseException,), {})('all pass')",
    "raises a warning": "raise UserWarning('passes')",
    "raises an exception that lies": """
    class E(Exception):
        def __str__(self): raise SystemExit
        __repr__ = __str__
        __class__ = property(lambda self: StopIteration)
    raise E""",
    "a class with the function's name": "return Liar",
    "changes its arguments to fit": "\n    theta[:] = 0; X[:] = 0; y[:] = 0\n    return theta",
    "resizes its arguments": "\n    X.resize((0, 0), refcheck=False)\n    return np.zeros(len(theta))",
    "retypes its arguments": "\n    theta.dtype = np.int64\n    return theta.view(float)",
}

PATIENT = replace(HASTY, total=20.0)  # every task has its turn
STREAMS = {
    "endless lies": "return iter(Liar, None)",
    "never closed": """
    def stubborn():
        while True:
            try: yield 0.0
            except GeneratorExit: pass
    return stubborn()""",
    "other at every look": """
    class Other:
        looks = 0
        def __iter__(self): Other.looks += 1; return iter([0.0] * Other.looks)
        def __next__(self): return [10.0**300] * 3
    return Other()""",
    "huge numbers without end": "return iter(lambda: 2**1023, None)",
    "batches without end": "return ([0, 1, 2] for _ in iter(int, 1))",
    "iterators in a list": "return [iter([0.0]), iter([0.0])]",
    "a stream that raises the end of all": """
    def ending():
        raise GeneratorExit
        yield
    return ending()""",
    "a stream that calls its judge": "return (function(*given[1:]) for function in given if callable(function))",
    "one of its arguments": "return given[0]",
    "a function of its own": "return lambda *more: Liar()",
    "equal to everything": "return Liar()",
    "numbers that are near": "\n    class F(float):\n        __sub__ = __rsub__ = __abs__ = lambda self, other=0: 0.0\n"
    "    return [F(0.0)] * len(np.atleast_1d(given[-2]))",
    "not a number": "return np.full(np.shape(next((one for one in given if isinstance(one, np.ndarray)), 0)), np.nan)",
    "neither": "return np.full(np.shape(next((one for one in given if isinstance(one, np.ndarray)), 0)), np.inf)",
}


def turned(name: str, first: int) -> dict[str, str]:
    """Every task of an assignment with another of these answers."""
    codes = [code.lstrip() for code in STREAMS.values()]
    return {
        task: f"{LIAR}\ndef {task}(*given):\n    {codes[(first + number) % len(codes)]}"
        for number, task in enumerate(points(name))
    }


ATTACKS = [
    *answers(
        "lying",
        {
            name: f"{LIAR}\ndef logistic_gradient(theta, X, y):\n    {code.lstrip(chr(10)).lstrip()}"
            for name, code in CODES.items()
        },
    ),
    *[
        Attack(
            f"in {name}, from {list(STREAMS)[first]}",
            "lying",
            tasks=turned(name, first),
            assignment=name,
            solved="",
            limits=PATIENT,
        )
        for name in ASSIGNMENTS
        if name != ASSIGNMENT
        for first in range(0, len(STREAMS), 4)
    ],
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
