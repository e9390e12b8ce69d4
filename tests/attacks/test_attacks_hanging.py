"""What never ends: loops in Python and in C, deaf ones, sleeping ones, and those that waste the judge's time."""

from __future__ import annotations

from arena import HASTY, Attack, answers, cells

CONTAINED = "the judge's clock, outside: an interrupt, a moment of grace, the end of the process"

DEAF = """
import signal, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass

"""

CODES = {
    "in Python": "while True: pass",
    "in C": "sum(iter(int, 1))",
    "in C, holding the interpreter": "10 ** 10 ** 9",
    "in a regular expression": "import re\nre.match(r'(a|a)*$', 'a' * 60 + 'b')",
    "in NumPy": """
np.linalg.svd(np.ones((1500, 1500)) + np.random.rand(1500, 1500)); a = np.random.rand(2000, 2000)
while True: a @ a
""",
    "ignoring every signal": DEAF + "while True: pass",
    "ignoring and sleeping": DEAF + "while True: time.sleep(100)",
    "signals blocked in the kernel": """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
while True: pass
""",
    "catching the interrupt": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "catching it deeper and deeper": "def again():\n    try:\n        while True: pass\n    finally: again()\nagain()",
    "stopped": """
import signal
for number in (signal.SIGSTOP, signal.SIGTSTP): os.kill(0, number)
while True: signal.pause()
""",
    "sleeping": "import time\ntime.sleep(3600)",
    "sleeping in C": "libc = ctypes.CDLL(None)\nwhile True: libc.sleep(3600)",
    "waiting for itself": "import threading\nlock = threading.Lock()\nlock.acquire(); lock.acquire()",
    "waiting for a thread": """
import threading
t = threading.Thread(target=lambda: threading.Event().wait()); t.start(); t.join()
""",
    "waiting for a pipe": "r, w = os.pipe()\nos.read(r, 1)",
    "waiting to write to a pipe": "r, w = os.pipe()\nwhile True: os.write(w, bytes(1 << 16))",
    "a lock across a fork of threads": """
import threading, time
for _ in range(8): threading.Thread(target=lambda: sum(iter(int, 1))).start()
time.sleep(99)
""",
    "in repr": "class A:\n    def __repr__(self):\n        while True: pass\nA()",
    "in the text of an error": "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
    "in the end of an object": "class A:\n    def __del__(self):\n        while True: pass\nA()",
    "in a type's name": """
class M(type):
    @property
    def __name__(cls):
        while True: pass
class E(Exception, metaclass=M): pass
raise E
""",
    "in the compiler": """
exec('(' * 90 + ')' * 90 if False else 'x = ' + '+'.join(['1'] * 30) )
while True: compile('a' + '+a' * 3000, 'x', 'eval')
""",
    "in an import": "open('/tmp/slow.py', 'w').write('while True: pass')\nsys.path.insert(0, '/tmp')\nimport slow",
    "in a comparison of the worker's": """
class N(np.ndarray):
    def tobytes(self):
        while True: pass
x = np.zeros(1).view(N)
while True: x.tobytes()
""",
}

IN_CALLS = {
    "in a call": "def largest_safe_step(A):\n    while True: pass",
    "in a call, deaf": """
def largest_safe_step(A):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
    "in what a call returns": """
class T(tuple):
    def __iter__(self):
        while True: yield 1
def largest_safe_step(A): return T()
""",
    "in every other call": """
calls = []
def largest_safe_step(A):
    calls.append(1)
    if len(calls) > 2:
        while True: pass
    return 2 / np.linalg.eigvalsh(A)[-1]
""",
    "slower and slower": """
import time
def largest_safe_step(A):
    time.sleep(0.3)
    return 2 / np.linalg.eigvalsh(A)[-1]
""",
    "one byte at a time": """
import time
def largest_safe_step(A):
    end = wire_end()
    for byte in frame({"op": "value", "seq": 0}):
        os.write(end, bytes([byte])); time.sleep(0.2)
""",
    "answers that do not come": """
def largest_safe_step(A):
    os.write(wire_end(), b'\\0\\0\\0\\x40\\0\\0\\0\\0')
    while True: pass
""",
    "does not listen": """
import time
time_left = 3600
def largest_safe_step(A):
    os.dup2(os.open('/dev/null', os.O_RDWR), wire_end()); time.sleep(time_left)
""",
}

GRADIENT = """
def gradient_descent(grad, theta, lr, steps):
    {body}
"""
IN_CALLBACKS = {
    "asks for gradients for ever": "while True: grad(theta)",
    "asks and catches": "while True:\n        try: grad(theta)\n        except BaseException: pass",
    "asks for the impossible": "while True:\n        try: grad('x')\n        except BaseException: pass",
    "asks within an answer": "grad(grad); return gradient_descent(grad, theta, lr, steps)",
}

ATTACKS = [
    *cells("hanging", CODES, limits=HASTY),
    *answers("hanging", IN_CALLS, task="largest_safe_step", limits=HASTY),
    *[
        Attack(name, "hanging", tasks={"gradient_descent": GRADIENT.format(body=body)}, limits=HASTY)
        for name, body in IN_CALLBACKS.items()
    ],
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
