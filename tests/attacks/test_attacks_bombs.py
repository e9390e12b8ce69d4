"""Taking all there is: memory, processes, threads, descriptors, disk, output."""

from __future__ import annotations

import dataclasses

from arena import HONEST, LIMITS, Attack, answers, cells, held_within

from optcourse.grading.sandbox import Spec

CONTAINED = (
    "limits set inside the namespace, a watchdog over the memory of all its processes, small file "
    "systems, a wire with bounds"
)

BRIEF = dataclasses.replace(LIMITS, seconds=3.0)

CODES = {
    "fork": "attempt(lambda: os.fork())",
    "forks without end": "def bomb():\n    while True: os.fork()\nattempt(bomb)",
    "vfork and clone": "attempt(lambda: kernel('vfork'))\nattempt(lambda: kernel('clone', 0, 0, 0, 0, 0))",
    "threads": """
import threading
def threads():
    gate = threading.Event()
    try:
        for count in range(1000): threading.Thread(target=gate.wait, daemon=True).start()
    finally: gate.set()
    return count
attempt(threads)
""",
    "descriptors": "attempt(lambda: [os.open('/dev/null', 0) for _ in range(1000)])",
    "pipes": "attempt(lambda: [os.pipe() for _ in range(1000)])",
    "wider pipes": """
import fcntl
ends = []
def pipes():
    while True:
        r, w = os.pipe(); ends.append((r, w)); fcntl.fcntl(w, 1031, 1 << 20); os.set_blocking(w, False)
        os.write(w, bytes(1 << 20))
attempt(pipes)
""",
    "memory": "x = []\nwhile True: x.append(bytearray(50 << 20))",
    "memory at once": "attempt(lambda: np.ones(1 << 31))",
    "memory in small pieces": "x = []\nwhile True: x.append([0] * 100_000)",
    "memory by a shape": "attempt(lambda: np.zeros((1 << 20, 1 << 20)) + 1)",
    "memory by doubling": "s = 'x'\nwhile True: s += s",
    "memory by many threads": """
import threading
held = []
def fill():
    while True: held.append(bytearray(8 << 20))
for _ in range(8): threading.Thread(target=fill).start()
while True: pass
""",
    "memory that is shared": """
import mmap
m = []
while True:
    m.append(mmap.mmap(-1, 64 << 20)); m[-1].write(b'x' * (64 << 20))
""",
    "memory that is mapped": """
import mmap
m = []
def maps():
    while True: m.append(mmap.mmap(-1, 1 << 30))
attempt(maps)
""",
    "memory that is locked": "attempt(lambda: kernel('mlock', id(0), 1 << 24))",
    "a name that breaks the count of memory": """
ctypes.CDLL(None).prctl(15, b"\\rRssAnon x", 0, 0, 0)
__import__("time").sleep(0.2)  # twenty looks of the watchdog
""",
    "memory files": "attempt(lambda: os.memfd_create('x'))",
    "secret memory": "attempt(lambda: kernel('memfd_secret', 0))",
    "shared segments": "attempt(lambda: kernel('shmget', 7, 1 << 30, 0o1666))",
    "message queues": "attempt(lambda: kernel('msgget', 7, 0o1666))",
    "disk": """
def fill():
    with open('/tmp/big', 'wb') as f:
        while True: f.write(bytes(1 << 20))
attempt(fill)
""",
    "disk in many files": """
def fill():
    for k in range(100_000): open(f'/tmp/{k}', 'wb').write(bytes(1 << 20))
attempt(fill)
""",
    "a file with holes": "attempt(lambda: os.truncate(os.open('/tmp/holes', os.O_RDWR | os.O_CREAT), 1 << 40))",
    "reserved disk": """
attempt(lambda: os.posix_fallocate(os.open('/tmp/reserved', os.O_RDWR | os.O_CREAT), 0, 1 << 30))
""",
    "inodes": "attempt(lambda: [open(f'/tmp/{k}', 'w').close() for k in range(10_000)])",
    "deep folders": """
def deep():
    for k in range(10_000): os.mkdir('d'); os.chdir('d')
os.chdir('/tmp')
attempt(deep)
""",
    "disk in /dev": """
attempt(lambda: open('/dev/shm/x', 'wb').write(bytes(1 << 20)))
attempt(lambda: open('/dev/x', 'wb'))
""",
    "a line of 100 MB": "print('x' * (100 << 20))",
    "many lines": "for k in range(300_000): print(k)",
    "a value of 100 MB": "'x' * (100 << 20)",
    "a rich value of 100 MB": """
class R:
    def _repr_html_(self): return 'x' * (100 << 20)
    def __repr__(self): return 'y' * (100 << 20)
display(R())
R()
""",
    "an error of 100 MB": "raise ValueError('x' * (100 << 20))",
    "an error with a long chain": """
e = None
for k in range(100_000):
    n = ValueError(k); n.__cause__ = e; e = n
raise e
""",
    "a name of 10 MB": "raise type('E' * (10 << 20), (Exception,), {})",
    "output to the descriptors": "for k in range(200): os.write(1, bytes(1 << 20)); os.write(2, bytes(1 << 20))",
    "a long integer": "print(len(str(1 << 200)) if 0 else 1 << (1 << 24))",
    "processor time": "import resource\nattempt(lambda: resource.setrlimit(resource.RLIMIT_CPU, (10**9, 10**9)))",
    "limits raised": """
import resource
for k in range(16):
    soft, hard = resource.getrlimit(k)
    if hard != -1: attempt(lambda: resource.setrlimit(k, (hard + 1, hard + 1)))
""",
    "priority raised": """
attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)))
""",
    "a compressed bomb": """
import zlib
z = zlib.compress(bytes(50 << 20))
x = []
while True: x.append(zlib.decompress(z))
""",
}

# The name of a process is the first line of what the kernel tells of its memory.
UNDER_A_FALSE_NAME = """
ctypes.CDLL(None).prctl(15, b"\\rRssAnon -99999", 0, 0, 0)
x = np.ones((540 << 20) // 8)
__import__("time").sleep(100)
"""

# A process whose first thread is gone has no memory, says the kernel of the process.
WITHOUT_ITS_FIRST_THREAD = """
import threading, time
def rest():
    global x
    time.sleep(0.2)
    x = np.ones((800 << 20) // 8)
    time.sleep(100)
threading.Thread(target=rest).start()
ctypes.CDLL(None).syscall(ctypes.c_long({"x86_64": 60, "aarch64": 93}[platform.machine()]), ctypes.c_long(0))
"""

RETURNED = {
    "an array of 500 MB": "return np.zeros(60_000_000)",
    "a list of millions": "return [0.0] * 5_000_000",
    "an array of 60 MB": "return np.zeros(7_500_000)",
    "an array of 60 MB, in many rows": "return np.zeros((2_000_000, 3))",
    "a tuple of everything": "return tuple([0.5] * 90_000)",
    "a deep list": "\n    x = []\n    for _ in range(10_000): x = [x]\n    return x",
    "a wide list": "return [[0.0] * 1000] * 1000",
    "many arrays": "return [np.zeros(10) for _ in range(90_000)]",
    "many texts": "return ['x' * 100_000] * 100",
    "one long text": "return 'x' * 50_000_000",
    "many objects": "return [object() for _ in range(90_000)]",
    "a dict of everything": "return {k: k for k in range(200_000)}",
    "prints in a call": "\n    for _ in range(100): print('x' * 1_000_000)\n    return 0.2",
    "keeps memory from call to call": "\n    kept.append(bytearray(40 << 20))\n    return 0.2",
}

GRADIENT = """
def gradient_descent(grad, theta, lr, steps):
    for _ in range({times}):
        try: grad({what})
        except Exception as error: print(type(error).__name__)
    return theta
"""
# What it asks of the judge's own functions: they run, and are remembered, outside.
ASKED = {
    "gradients of 60 MB": (400, "np.zeros((1, 7_000_000))"),
    "gradients that broadcast": (50, "np.zeros((3_000_000, 1))"),
    "gradients of lists": (50, "[0.0] * 90_000"),
    "gradients of small arrays": (600, "np.zeros(30_000)"),
}

ATTACKS = [
    *cells("bombs", CODES, limits=BRIEF),
    *answers(
        "bombs",
        {name: f"kept = []\ndef largest_safe_step(A):\n    {code.strip()}" for name, code in RETURNED.items()},
        task="largest_safe_step",
        limits=BRIEF,
    ),
    Attack("a name that subtracts from memory", "bombs", cell=UNDER_A_FALSE_NAME, limits=HONEST, ends="memory"),
    Attack("memory after the first thread", "bombs", cell=WITHOUT_ITS_FIRST_THREAD, limits=HONEST, ends="memory"),
    *[
        Attack(name, "bombs", tasks={"gradient_descent": GRADIENT.format(times=times, what=what)}, limits=BRIEF)
        for name, (times, what) in ASKED.items()
    ],
]

# The judge keeps what it is told within a few frames' size, whatever is sent.
MOST = 500 << 20


def test_nothing_is_gained_and_nothing_is_left_and_the_judge_does_not_grow_much(attack, arena):
    with held_within(MOST):
        arena.withstand(attack)


def test_memory_is_the_reason_that_is_given(arena):
    assert arena.grade(Attack("memory", "bombs", cell=CODES["memory in small pieces"], limits=HONEST)).kind == "memory"
    assert Spec().memory < 1 << 30
