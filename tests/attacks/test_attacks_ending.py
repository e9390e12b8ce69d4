"""Ending Python: exits, crashes, closed descriptors, and what outlives them."""

from __future__ import annotations

from arena import HASTY, Attack, answers, cells

CONTAINED = (
    "the judge notices, says so, and goes on with a fresh process; the kernel ends all that an ended one has started"
)

ENDINGS = {
    "exit, success": "os._exit(0)",
    "exit, by its number": "os._exit(77)",
    "system exit": "raise SystemExit(0)",
    "quit": "sys.exit('is right')",
    "keyboard interrupt": "raise KeyboardInterrupt",
    "generator exit": "raise GeneratorExit",
    "abort": "os.abort()",
    "segmentation fault": "ctypes.string_at(0)",
    "illegal instruction": "ctypes.pythonapi.Py_FatalError(b'end')",
    "kill": "import signal\nos.kill(os.getpid(), signal.SIGKILL); kernel('kill', 0, 9)\nwhile True: raise MemoryError",
    "terminate": "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_DFL); os.kill(os.getpid(), signal.SIGTERM)",
    "alarm": "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_DFL); signal.alarm(1); time.sleep(0.1)",
    "another program": "attempt(lambda: os.execv(sys.executable, ['python', '-c', 'pass']))",
    "exec from memory": "attempt(lambda: os.execve(os.memfd_create('x'), ['x'], {}))",
    "every descriptor closed": "os.closerange(0, 256)",
    "the wire closed": "os.close(wire_end())",
    "the wire shut for writing": "import socket\nsocket.socket(fileno=os.dup(wire_end())).shutdown(socket.SHUT_WR)",
    "the wire exchanged": "os.dup2(os.open('/dev/zero', os.O_RDWR), wire_end())",
    "recursion": "sys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
    "recursion in C": "x = []\nfor _ in range(10**6): x = [x]\nsys.setrecursionlimit(10**9); repr(x)",
    "stack by threads": """
import threading
threading.stack_size(1 << 20)
def f(): f()
sys.setrecursionlimit(10**7)
t = threading.Thread(target=f); t.start(); t.join()
""",
    "no builtins": "vars(builtins).clear()",
    "no modules": "sys.modules.clear()",
    "no garbage, no code": """
import gc
gc.set_threshold(1)
for one in gc.get_objects():
    if isinstance(one, dict) and one is not globals():
        try: one.clear()
        except BaseException: pass
""",
    "finalising": "ctypes.pythonapi.Py_FinalizeEx()",
    "at exit, a lie": """
import atexit
atexit.register(lambda: os.write(wire_end(), frame({'op': 'ran', 'seq': 1})))
os._exit(0)
""",
    "a handler that exits": "import signal\nfor n in (2, 15, 11): signal.signal(n, lambda *a: os._exit(0))",
    "the worker deleted": "from optcourse.grading import worker\nworker.Worker.serve = worker.Worker.reply = None",
}

STAYING = {
    "a daemon": """
def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: pass
    return True
attempt(daemon)
""",
    "a thread that stays": """
import threading, time
def stay():
    while True:
        time.sleep(0.01)
        try: open('/tmp/alive', 'a').write('x')
        except OSError: pass
threading.Thread(target=stay, daemon=True).start()
""",
    "a thread that does not let go": """
import threading
threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()
sys.setswitchinterval(100)
""",
    "a timer": """
import signal
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
signal.signal(signal.SIGALRM, lambda *a: None)
""",
    "a spawned process": """
import subprocess
attempt(lambda: subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(999)']))
""",
    "a pool": "import concurrent.futures as f\nattempt(lambda: list(f.ProcessPoolExecutor(2).map(abs, [1])))",
    "a child by clone": "attempt(lambda: kernel('clone', 17, 0, 0, 0, 0))",
    "waits for its children": "attempt(lambda: os.waitpid(-1, 0))",
}

ATTACKS = [
    *cells("ending", ENDINGS),
    *cells("ending", STAYING, limits=HASTY),
    *answers(
        "ending",
        {
            f"in a call: {name}": f"def largest_safe_step(A):\n    {code}"
            for name, code in ENDINGS.items()
            if "\n" not in code
        },
        task="largest_safe_step",
    ),
    Attack("ends whenever it is run", "ending", cell="os._exit(0)", tasks={"largest_safe_step": "os._exit(0)"}),
    Attack(
        "ends when a gradient is asked for",
        "ending",
        tasks={
            "gradient_descent": """
def gradient_descent(grad, theta, lr, steps):
    os.close(wire_end()); return grad(theta)
"""
        },
    ),
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)


def test_the_sentence_says_how_it_ended(arena):
    assert "exit code 77" in arena.grade(Attack("exit", "ending", cell="os._exit(77)")).sentence
    crash = arena.grade(Attack("fault", "ending", cell="ctypes.string_at(0)"))
    assert crash.kind == "crash"
    # The first process of a namespace takes no SIGABRT: the C library ends it with a fault instead.
    assert "abort" in arena.grade(Attack("abort", "ending", cell="os.abort()")).sentence
