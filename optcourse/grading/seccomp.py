"""Which system calls a learner's code may make: a filter in the kernel's own little language, written with `struct`.

The filter is a list of what NumPy and the standard library need to compute; it is not a list of what is dangerous,
so a call that a future kernel adds is refused too. Three answers are given: yes; EPERM, for calls that somebody
may try on purpose (making processes, namespaces, sockets, shared memory, tracing, mounting); ENOSYS for all others,
which tells the C library to fall back to an older call. A call by another architecture's table kills the process.

`verdict` runs the filter in Python, so that the tests can ask about every call without making it.
"""

from __future__ import annotations

import errno
import functools
import struct

# name:number on x86_64:number on aarch64, "-" where an architecture has no such call.
ALLOWED = """
    read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69 pwritev:296:70
    preadv2:327:286 pwritev2:328:287 lseek:8:62 close:3:57 close_range:436:436 dup:32:23 dup2:33:- dup3:292:24
    fcntl:72:25 ioctl:16:29 open:2:- openat:257:56 openat2:437:437 creat:85:- stat:4:- fstat:5:80 lstat:6:-
    newfstatat:262:79 statx:332:291 access:21:- faccessat:269:48 faccessat2:439:439 readlink:89:- readlinkat:267:78
    getdents:78:- getdents64:217:61 getcwd:79:17 chdir:80:49 fchdir:81:50 mkdir:83:- mkdirat:258:34 rmdir:84:-
    unlink:87:- unlinkat:263:35 rename:82:- renameat:264:38 renameat2:316:276 symlink:88:- symlinkat:266:36 link:86:-
    linkat:265:37 chmod:90:- fchmod:91:52 fchmodat:268:53 chown:92:- fchown:93:55 lchown:94:- fchownat:260:54
    truncate:76:45 ftruncate:77:46 fallocate:285:47 fsync:74:82 fdatasync:75:83 sync_file_range:277:84 umask:95:166
    utime:132:- utimes:235:- utimensat:280:88 futimesat:261:- statfs:137:43 fstatfs:138:44 fadvise64:221:223
    copy_file_range:326:285 sendfile:40:71 flock:73:32 mmap:9:222 munmap:11:215 mremap:25:216 mprotect:10:226
    madvise:28:233 brk:12:214 mincore:27:232 msync:26:227 mlock:149:228 munlock:150:229 membarrier:324:283
    rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigreturn:15:139 rt_sigpending:127:136 rt_sigsuspend:130:133
    rt_sigtimedwait:128:137 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240 sigaltstack:131:132 kill:62:129
    tkill:200:130 tgkill:234:131 pause:34:- alarm:37:- setitimer:38:103 getitimer:36:102 eventfd:284:- eventfd2:290:19
    pipe:22:- pipe2:293:59 poll:7:- ppoll:271:73 select:23:- pselect6:270:72 epoll_create:213:- epoll_create1:291:20
    epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22 epoll_pwait2:441:441 timerfd_create:283:85
    timerfd_settime:286:86 timerfd_gettime:287:87 sendto:44:206 recvfrom:45:207 shutdown:48:210 getsockopt:55:209
    setsockopt:54:208 getsockname:51:204 getpeername:52:205 clock_gettime:228:113 clock_getres:229:114
    clock_nanosleep:230:115 gettimeofday:96:169 time:201:- times:100:153 nanosleep:35:101 futex:202:98
    set_robust_list:273:99 get_robust_list:274:100 set_tid_address:218:96 rseq:334:293 arch_prctl:158:- prctl:157:167
    getpid:39:172 getppid:110:173 gettid:186:178 getuid:102:174 geteuid:107:175 getgid:104:176 getegid:108:177
    getresuid:118:148 getresgid:120:150 getgroups:115:158 getpgid:121:155 getpgrp:111:- getsid:124:156 setsid:112:157
    setpgid:109:154 getpriority:140:141 setpriority:141:140 capget:125:90 sched_yield:24:124 sched_getaffinity:204:123
    sched_getparam:143:121 sched_getscheduler:145:120 sched_get_priority_max:146:125 sched_get_priority_min:147:126
    getcpu:309:168 uname:63:160 sysinfo:99:179 getrlimit:97:163 setrlimit:160:164 prlimit64:302:261 getrusage:98:165
    getrandom:318:278 exit:60:93 exit_group:231:94 wait4:61:260 waitid:247:95 restart_syscall:219:128 clone:56:220
"""
FORBIDDEN = """
    ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440:440 process_mrelease:448:448
    kcmp:312:272 mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51 move_mount:429:429 open_tree:428:428
    fsopen:430:430 fsconfig:431:431 fsmount:432:432 fspick:433:433 mount_setattr:442:442 unshare:272:97 setns:308:268
    fork:57:- vfork:58:- execve:59:221 execveat:322:281 socket:41:198 socketpair:53:199 bind:49:200 listen:50:201
    accept:43:202 accept4:288:242 connect:42:203 sendmsg:46:211 recvmsg:47:212 sendmmsg:307:269 recvmmsg:299:243
    add_key:248:217 request_key:249:218 keyctl:250:219 io_uring_setup:425:425 io_uring_enter:426:426
    io_uring_register:427:427 bpf:321:280 perf_event_open:298:241 userfaultfd:323:282 memfd_create:319:279
    memfd_secret:447:447 shmget:29:194 shmat:30:196 shmctl:31:195 shmdt:67:197 semget:64:190 semop:65:193 semctl:66:191
    semtimedop:220:192 msgget:68:186 msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181
    mq_timedsend:242:182 mq_timedreceive:243:183 mq_notify:244:184 mq_getsetattr:245:185 init_module:175:105
    finit_module:313:273 delete_module:176:106 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142 swapon:167:224
    swapoff:168:225 sethostname:170:161 setdomainname:171:162 settimeofday:164:170 clock_settime:227:112
    clock_adjtime:305:266 adjtimex:159:171 acct:163:89 quotactl:179:60 quotactl_fd:443:443 syslog:103:116
    personality:135:92 iopl:172:- ioperm:173:- modify_ldt:154:- name_to_handle_at:303:264 open_by_handle_at:304:265
    fanotify_init:300:262 fanotify_mark:301:263 inotify_init:253:- inotify_init1:294:26 inotify_add_watch:254:27
    inotify_rm_watch:255:28 pidfd_open:434:434 pidfd_getfd:438:438 pidfd_send_signal:424:424 seccomp:317:277
    landlock_create_ruleset:444:444 landlock_add_rule:445:445 landlock_restrict_self:446:446 setuid:105:146
    setgid:106:144 setreuid:113:145 setregid:114:143 setresuid:117:147 setresgid:119:149 setgroups:116:159
    setfsuid:122:151 setfsgid:123:152 capset:126:91 mknod:133:- mknodat:259:33 vhangup:153:58 lookup_dcookie:212:18
    move_pages:279:239 migrate_pages:256:238 mbind:237:235 set_mempolicy:238:237 get_mempolicy:239:236 io_setup:206:0
    io_submit:209:2 io_getevents:208:4 io_destroy:207:1 io_cancel:210:3 vmsplice:278:75 nfsservctl:180:42 uselib:134:-
    ustat:136:- sysfs:139:- _sysctl:156:- remap_file_pages:216:234 pkey_mprotect:329:288 pkey_alloc:330:289
    pkey_free:331:290 mlockall:151:230 munlockall:152:231 mlock2:325:284 sched_setscheduler:144:119
    sched_setparam:142:118 sched_setattr:314:274 sched_setaffinity:203:122 ioprio_set:251:30 ioprio_get:252:31
    setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 splice:275:76 tee:276:77 signalfd:282:- signalfd4:289:74
    timer_create:222:107 timer_settime:223:110 timer_gettime:224:108 timer_delete:226:111 timer_getoverrun:225:109
"""

AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 1, "aarch64": 2}
NR, ARCH, ARG0, ARG1, ARG3 = (
    0,
    4,
    16,
    24,
    40,
)  # offsets in the kernel's struct seccomp_data, low halves
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
X32 = 0x40000000  # x86_64's second table of calls, reached by setting this bit

CLONE_THREAD = 0x00010000
CLONE_NEW_NAMESPACE = 0x7E020080  # user, mount, pid, net, ipc, uts, cgroup and time namespaces
URGENT = 0x1  # MSG_OOB: a rarely trodden path of the kernel's sockets, and of no use to the wire
TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX type into somebody else's terminal

Instruction = tuple[int, int, int, int]


def numbers(table: str, machine: str) -> dict[str, int]:
    """Return the numbers of a table's calls on one architecture, by name."""
    rows = (entry.split(":") for entry in table.split())
    return {row[0]: int(row[COLUMN[machine]]) for row in rows if row[COLUMN[machine]] != "-"}


def instructions(machine: str) -> list[Instruction]:
    """Return the filter for an architecture as (code, jump if true, jump if false, operand)."""
    if machine not in AUDIT:
        raise OSError(errno.ENOTSUP, f"no system call filter for {machine}: x86_64 and aarch64 are known")
    program: list[Instruction] = [
        (LOAD, 0, 0, ARCH),
        (JUMP_EQUAL, 1, 0, AUDIT[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NR),
    ]
    if machine == "x86_64":
        program += [(JUMP_AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    allowed = numbers(ALLOWED, machine)
    # A thread, yes; a process or a namespace, no.
    program += [
        (JUMP_EQUAL, 0, 5, allowed.pop("clone")),
        (LOAD, 0, 0, ARG0),
        (JUMP_ANY_BIT, 0, 2, CLONE_THREAD),
        (JUMP_ANY_BIT, 1, 0, CLONE_NEW_NAMESPACE),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, EPERM),
    ]
    program += [
        (JUMP_EQUAL, 0, 5, allowed.pop("ioctl")),
        (LOAD, 0, 0, ARG1),
        (JUMP_EQUAL, 2, 0, TERMINAL_INPUT[0]),
        (JUMP_EQUAL, 1, 0, TERMINAL_INPUT[1]),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, EPERM),
    ]
    for name in ("sendto", "recvfrom"):
        program += [
            (JUMP_EQUAL, 0, 4, allowed.pop(name)),
            (LOAD, 0, 0, ARG3),
            (JUMP_ANY_BIT, 1, 0, URGENT),
            (RETURN, 0, 0, ALLOW),
            (RETURN, 0, 0, EPERM),
        ]
    for number in allowed.values():
        program += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    for number in numbers(FORBIDDEN, machine).values():
        program += [(JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM)]
    return [*program, (RETURN, 0, 0, ENOSYS)]


@functools.cache
def compiled(machine: str) -> bytes:
    """Return the filter as the kernel's struct sock_filter array."""
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in instructions(machine))


def verdict(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """Run the filter for one call, as the kernel would, and return its answer.

    >>> verdict("x86_64", 0) == ALLOW, verdict("x86_64", 101) == EPERM
    (True, True)
    """
    data = {NR: number, ARCH: AUDIT[machine] if audit is None else audit}
    data |= {ARG0 + 8 * index: value & 0xFFFFFFFF for index, value in enumerate((*arguments, 0, 0, 0, 0))}
    program, at, accumulator = instructions(machine), 0, 0
    tests = {JUMP_EQUAL: int.__eq__, JUMP_AT_LEAST: int.__ge__, JUMP_ANY_BIT: int.__and__}
    while True:
        code, if_true, if_false, operand = program[at]
        at += 1
        if code == RETURN:
            return operand
        if code == LOAD:
            accumulator = data[operand]
        else:
            at += if_true if tests[code](accumulator, operand) else if_false
