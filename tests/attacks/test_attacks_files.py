"""Reading what belongs to others, and writing where others will read."""

from __future__ import annotations

from arena import cells

CONTAINED = (
    "a root of its own with nothing but Python and NumPy, read-only; an empty /tmp and /proc for each submission"
)

READ = {
    "the gradebook": "open(COURSE + '/gradebook.db', 'rb').read()",
    "the gradebook by sqlite": """
__import__('sqlite3').connect('file:' + COURSE + '/gradebook.db?mode=ro', uri=True).execute('select 1')
""",
    "a neighbour": "open(COURSE + '/submitted/neighbour/notebook.ipynb').read()",
    "the source": "open(COURSE + '/source/notebook.ipynb').read()",
    "the key": "open(COURSE + '/.key').read()",
    "the course's folder": "os.listdir(COURSE)",
    "the repository": "os.listdir(REPOSITORY)",
    "the reference": "open(REPOSITORY + '/optcourse/gradient_descent.py').read()",
    "the solutions": "open(REPOSITORY + '/solutions/03_01_gradient_descent.md').read()",
    "the tests' seeds": "open(REPOSITORY + '/nbgrader_config.py').read()",
    "passwords": "open('/etc/passwd').read()",
    "shadow": "open('/etc/shadow').read()",
    "home folders": "os.listdir('/home') + os.listdir('/root')",
    "the host's name and hosts": "open('/etc/hostname').read() + open('/etc/hosts').read()",
    "kernel tables": "os.listdir('/sys/kernel')",
    "processes": "[n for n in os.listdir('/proc') if n.isdigit()]",
    "the first process": "open('/proc/1/environ', 'rb').read()",
    "own environment": "open('/proc/self/environ', 'rb').read()",
    "own command line": "open('/proc/self/cmdline', 'rb').read()",
    "the host's root by /proc": "os.listdir('/proc/1/root')",
    "descriptors by /proc": "os.listdir('/proc/self/fd')",
    "network by /proc": "open('/proc/net/tcp').read()",
    "groups of control": "open('/proc/self/cgroup').read()",
    "temporary files of others": "[n for n in os.listdir('/tmp') + os.listdir('/var/tmp')]",
    "shared memory": "os.listdir('/dev/shm')",
    "disks": "[n for n in os.listdir('/dev') if n not in ('null', 'zero', 'random', 'urandom')]",
    "site-packages": "__import__('nbformat')",
    "pip's packages": "[p for p in os.listdir(os.path.dirname(os.__file__) + '/site-packages')]",
    "links around": "(os.symlink(COURSE + '/.key', '/tmp/k'), open('/tmp/k').read())",
    "a handle": "kernel('open_by_handle_at', -100, 0, 0)",
    "the secret, anywhere": """[
    os.path.join(folder, name)
    for folder, _, names in os.walk('/')
    for name in names
    if not folder.startswith(('/dev', '/tmp'))
    and os.path.getsize(os.path.join(folder, name)) < 1 << 16
    and SECRET.encode() in open(os.path.join(folder, name), 'rb').read()
]""",
    "notebooks, anywhere": """
[n for _, _, names in os.walk('/') for n in names if n.endswith(('.ipynb', '.db', '.key'))]
""",
    "descriptors that were left open": "[n for n in range(3, 256) if n != wire_end() and _is_open(n)]",
    "descriptors of folders": """
[os.listdir(n) for n in range(256) if _is_open(n) and __import__('stat').S_ISDIR(os.fstat(n).st_mode)]
""",
}

TRIGGER = """
import sqlite3
def trigger():
    with sqlite3.connect(COURSE + '/gradebook.db') as database:
        database.execute("create trigger t after insert on grades begin update grades set points = 10; end")
    return True
attempt(trigger)
"""

WRITE = {
    "a trigger in the gradebook": TRIGGER,
    "the gradebook": "attempt(lambda: open(COURSE + '/gradebook.db', 'ab').write(b'x'))",
    "a neighbour": "attempt(lambda: open(COURSE + '/submitted/neighbour/notebook.ipynb', 'w'))",
    "the solutions": "attempt(lambda: open(REPOSITORY + '/solutions/03_01_gradient_descent.md', 'a'))",
    "the reference": "attempt(lambda: open(REPOSITORY + '/optcourse/gradient_descent.py', 'a'))",
    "the course's package, inside": "import optcourse\nattempt(lambda: open(optcourse.__file__, 'a'))",
    "the worker, inside": "attempt(lambda: open('/course/optcourse/grading/worker.py', 'a'))",
    "NumPy, inside": "attempt(lambda: open(np.__file__, 'a'))",
    "the standard library": "attempt(lambda: open(os.__file__, 'a'))",
    "a module beside NumPy": "attempt(lambda: open(os.path.dirname(np.__file__) + '/evil.py', 'w'))",
    "a folder in the root": "attempt(lambda: os.mkdir('/evil'))",
    "a new module for all": "attempt(lambda: open('/course/json.py', 'w').write('raise SystemExit'))",
    "compiled files": "attempt(lambda: os.makedirs('/course/optcourse/__pycache__'))",
    "removing": "attempt(lambda: os.unlink('/course/optcourse/grading/wire.py'))",
    "renaming": "attempt(lambda: os.rename('/course/optcourse', '/tmp/optcourse'))",
    "modes": "attempt(lambda: os.chmod('/course/optcourse', 0o777))",
    "modes by descriptor": "attempt(lambda: os.fchmod(os.open(np.__file__, os.O_RDONLY), 0o777))",
    "times": "attempt(lambda: os.utime(np.__file__, (0, 0)))",
    "truncating": "attempt(lambda: os.truncate(np.__file__, 0))",
    "a hard link": "attempt(lambda: os.link(np.__file__, '/tmp/numpy'))",
    "a device": "attempt(lambda: os.mknod('/tmp/disk', 0o60666, os.makedev(8, 0)))",
    "the network block of /dev": "attempt(lambda: open('/dev/sda', 'wb'))\nattempt(lambda: open('/dev/evil', 'w'))",
    "into /proc": """
attempt(lambda: open('/proc/self/oom_score_adj', 'w'))
attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w'))
""",
    "a program that may more": """
open('/tmp/program', 'w').write('#!/bin/sh')
os.chmod('/tmp/program', 0o6777)
attempt(lambda: os.execv('/tmp/program', ['program']))
""",
    "mapping code from a file": """
import mmap
with open('/tmp/code', 'wb') as file: file.write(bytes(4096))
descriptor = os.open('/tmp/code', os.O_RDWR)
attempt(lambda: mmap.mmap(descriptor, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC))
""",
    "leaves files for the next": """
for name in ('.hidden', 'sitecustomize.py', 'numpy.py', 'check', 'optcourse-sandbox-x'):
    open('/tmp/' + name, 'w').write('raise SystemExit')
os.makedirs('/tmp/' + '/'.join('d' * 40)); os.mkfifo('/tmp/pipe')
""",
    "takes /tmp away": """
import shutil
attempt(lambda: os.rename('/tmp', '/tmq'))
attempt(lambda: os.rmdir('/tmp'))
os.chmod('/tmp', 0)
""",
    "no working folder": "os.mkdir('/tmp/d'); os.chdir('/tmp/d'); os.rmdir('/tmp/d')",
    "locks files of others": """
import fcntl
attempt(lambda: fcntl.fcntl(os.open(np.__file__, os.O_RDONLY), 1024, 1), lambda r: r != 0)
""",
}

PREPARED = """
def _is_open(number):
    try: os.fstat(number)
    except OSError: return False
    return number > 2
"""

ATTACKS = [
    *cells("files", {f"reads {name}": f"{PREPARED}\nattempt(lambda: {code}, bool)" for name, code in READ.items()}),
    *cells("files", {f"writes {name}": code for name, code in WRITE.items()}),
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
