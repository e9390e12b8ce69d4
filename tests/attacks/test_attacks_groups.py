"""Control groups: finding the own, writing to the parent's, making new ones, leaving some behind."""

from __future__ import annotations

from arena import cells

CONTAINED = (
    "no file system of the kernel's is mounted but an empty /proc; no way to mount one, to join or to make a group"
)

GROUPS = "/sys/fs/cgroup"
FILES = ("cgroup.procs", "cgroup.subtree_control", "memory.max", "pids.max", "cpu.max", "cgroup.kill", "release_agent")
NAMES = """
def anywhere(wanted):
    return [
        os.path.join(folder, name)
        for folder, folders, names in os.walk('/')
        for name in folders + names
        if wanted(name, os.path.join(folder, name))
    ]
"""
CODES = {
    "which is mine": "attempt(lambda: open('/proc/self/cgroup').read())",
    "which are there": f"attempt(lambda: os.listdir('{GROUPS}') + os.listdir('/sys'))",
    "a group of its own": f"""
attempt(lambda: os.mkdir('{GROUPS}/evil'))
attempt(lambda: os.makedirs('{GROUPS}/unified/evil'))
""",
    "files of a group, anywhere": f"{NAMES}\nattempt(lambda: anywhere(lambda name, path: name in {FILES}), bool)",
    "a folder of a group, anywhere": f"{NAMES}\nattempt(lambda: anywhere(lambda name, path: 'cgroup' in name), bool)",
    "anything that can be written": f"""{NAMES}
devices = {{'/dev/' + name for name in ('null', 'zero', 'random', 'urandom')}}
def writable(name, path):
    return path not in devices and path != '/tmp' and not path.startswith('/tmp/') and os.access(path, os.W_OK)
attempt(lambda: anywhere(writable), bool)
""",
    "mounts the groups": """
os.mkdir('/tmp/groups')
for kind in (b'cgroup2', b'cgroup'):
    attempt(lambda: kernel('mount', b'none', b'/tmp/groups', kind, 0, b'memory'))
    attempt(lambda: kernel('fsopen', kind, 0))
""",
    "a bind of what is outside": f"attempt(lambda: kernel('mount', b'{GROUPS}', b'/tmp', 0, 4096, 0))",
    "a namespace of groups": """
attempt(lambda: kernel('unshare', 0x02000000))
attempt(lambda: kernel('clone', 0x02000011, 0, 0, 0, 0))
""",
    "the namespace of another": """
for pid in (1, os.getppid(), 'self'):
    attempt(lambda: kernel('setns', os.open(f'/proc/{pid}/ns/cgroup', os.O_RDONLY), 0x02000000))
""",
    "born into another group": """
libc = ctypes.CDLL(None, use_errno=True)
arguments = (ctypes.c_uint64 * 11)(0x200000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 3)
def born():
    child = libc.syscall(ctypes.c_long(435), ctypes.byref(arguments), ctypes.c_long(88))  # clone3, everywhere
    if child == 0: os._exit(0)
    if child < 0: raise OSError(ctypes.get_errno(), 'clone3')
    return child
attempt(born)
""",
    "a release agent": """
open('/tmp/agent', 'w').write('#!/bin/sh'); os.chmod('/tmp/agent', 0o777)
attempt(lambda: open('/sys/fs/cgroup/rdma/release_agent', 'w').write('/tmp/agent'))
attempt(lambda: open('/sys/fs/cgroup/release_agent', 'w').write('/tmp/agent'))
""",
    "a link to a group": f"""
os.symlink('{GROUPS}', '/tmp/groups')
attempt(lambda: open('/tmp/groups/cgroup.procs', 'a'))
""",
    "devices by groups": "attempt(lambda: open('/sys/fs/cgroup/devices.allow', 'w').write('a'))\n"
    "attempt(lambda: kernel('bpf', 8, ctypes.create_string_buffer(128), 128))",
}

ATTACKS = [
    *cells("groups", CODES),
    *cells(
        "groups",
        {
            f"writes {name}": f"""
for folder in ('{GROUPS}', '{GROUPS}/..', '/proc/1/root{GROUPS}', '/proc/self/cwd/../sys/fs/cgroup'):
    attempt(lambda: open(folder + '/{name}', 'w').write('0'))
    attempt(lambda: os.open(folder + '/{name}', os.O_WRONLY | os.O_CREAT))
"""
            for name in FILES
        },
    ),
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
