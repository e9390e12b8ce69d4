"""Calling home: sockets of every family, names, tunnels through what is there."""

from __future__ import annotations

from arena import cells

CONTAINED = "a network namespace without interfaces, and a filter that refuses to make a socket at all"

ATTACKS = cells(
    "network",  # loopback only: a test must never knock at a stranger's door, even if the walls are down
    {
        "tcp": "import socket\nattempt(lambda: socket.create_connection(('127.0.0.1', 22), 0.2))",
        "tcp, version 6": "import socket\nattempt(lambda: socket.create_connection(('::1', 22), 0.2))",
        "another host": "import socket\nattempt(lambda: socket.create_connection(('127.0.0.2', 53), 0.2))",
        "udp": """
import socket
attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53)))
""",
        "a server": "import socket\nattempt(lambda: socket.create_server(('127.0.0.1', 0)))",
        "abstract sockets": """
import socket
attempt(lambda: socket.socket(socket.AF_UNIX).connect('\\0/tmp/.X11-unix/X0'))
""",
        "abstract sockets, as a server": """
import socket
attempt(lambda: socket.socket(socket.AF_UNIX).bind('\\0optcourse'))
""",
        "sockets in files": "import socket\nattempt(lambda: socket.socket(socket.AF_UNIX).bind('/tmp/socket'))",
        "the container's door": """
import socket
attempt(lambda: socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock'))
""",
        "pairs of sockets": "import socket\nattempt(lambda: socket.socketpair())",
        "netlink": "import socket\nattempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))",
        "packets": "import socket\nattempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))",
        "raw": "import socket\nattempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))",
        "virtual machines": "import socket\nattempt(lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM))",
        "the kernel's ciphers": """
import socket
attempt(lambda: socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET, 0))
""",
        "every family there is": """
attempt(lambda: [family for family in range(46) for kind in (1, 2, 3, 5) if _made(family, kind)], bool)

""",
        "interfaces": "import socket\nattempt(lambda: socket.if_nameindex(), bool)",
        "names": "import socket\nattempt(lambda: socket.getaddrinfo('localhost', 80))",
        "own addresses": "import socket\nattempt(lambda: socket.gethostbyname(socket.gethostname()))",
        "the web": "import urllib.request\nattempt(lambda: urllib.request.urlopen('http://127.0.0.1', timeout=0.2))",
        "mail": "import smtplib\nattempt(lambda: smtplib.SMTP('127.0.0.1', timeout=0.2))",
        "asyncio": "import asyncio\nattempt(lambda: asyncio.run(asyncio.open_connection('127.0.0.1', 22)))",
        "multiprocessing": """
import multiprocessing.connection as c
attempt(lambda: c.Listener())
attempt(lambda: c.Client('/tmp/x'))
""",
        "the wire as a way out": """
import socket
attempt(lambda: socket.socket(fileno=os.dup(wire_end())).connect('\\0out'))
""",
        "descriptors over the wire": """
import array, socket
end = socket.socket(fileno=os.dup(wire_end()))
rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 1, 2]))
attempt(lambda: end.sendmsg([b'x'], [rights]))
""",
        "urgent bytes over the wire": """
import socket
end = socket.socket(fileno=os.dup(wire_end()))
attempt(lambda: end.send(b'x', socket.MSG_OOB))
""",
        "who is at the other end": """
import socket
end = socket.socket(fileno=os.dup(wire_end()))
attempt(lambda: end.getsockopt(1, 17, 12)[:4], lambda pid: pid != bytes(4))
""",
    },
)
MADE = """
import socket
def _made(family, kind):
    try: return bool(socket.socket(family, kind, 0))
    except OSError: return False
"""
ATTACKS = [
    attack if "_made" not in attack.cell else cells("network", {attack.name: MADE + attack.cell})[0]
    for attack in ATTACKS
]


def test_nothing_is_gained_and_nothing_is_left(attack, arena):
    arena.withstand(attack)
