"""The filter of system calls answers as its tables say, on every architecture: asked in Python, not in the kernel."""

from __future__ import annotations

import pytest

from optcourse.grading import seccomp


@pytest.mark.parametrize("machine", seccomp.AUDIT)
def test_every_call_is_allowed_refused_or_unknown_as_the_tables_say(machine):
    allowed, forbidden = seccomp.numbers(seccomp.ALLOWED, machine), seccomp.numbers(seccomp.FORBIDDEN, machine)
    assert not allowed.keys() & forbidden.keys()
    asked = {"clone": (seccomp.CLONE_THREAD,)}
    for number in range(600):
        name = next((name for name, known in allowed.items() if known == number), "")
        expected = seccomp.ALLOW if name else seccomp.EPERM if number in forbidden.values() else seccomp.ENOSYS
        assert seccomp.verdict(machine, number, *asked.get(name, ())) == expected, (number, name)


@pytest.mark.parametrize("machine", seccomp.AUDIT)
def test_some_calls_are_looked_into(machine):
    number = seccomp.numbers(seccomp.ALLOWED, machine)
    for name, arguments in {
        "clone": (17,),
        "ioctl": (1, 0x5412),
        "sendto": (3, 0, 1, seccomp.URGENT),
        "recvfrom": (3, 0, 1, seccomp.URGENT | 0x40),
    }.items():
        assert seccomp.verdict(machine, number[name], *arguments) == seccomp.EPERM, name
    assert seccomp.verdict(machine, number["clone"], seccomp.CLONE_THREAD | 0x10000000) == seccomp.EPERM
    assert seccomp.verdict(machine, number["sendto"], 3, 0, 1, 0x4000) == seccomp.ALLOW


def test_calls_of_another_architecture_end_the_process():
    assert seccomp.verdict("x86_64", 0, audit=0x40000003) == seccomp.KILL
    assert seccomp.verdict("x86_64", seccomp.X32 | 1) == seccomp.KILL
