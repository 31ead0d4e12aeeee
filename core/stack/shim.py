"""Stand between the supervisor and a program: become its user, tie its life to the supervisor's, and exec it.

    python -I -S shim.py SIGNAL PARENT IDENTITY -- COMMAND …

SIGNAL is sent by the kernel when the parent dies. IDENTITY is `same`, `UID:GID`, or `namespace`: a user namespace in
which our root is called `nobody`, so that PostgreSQL, which refuses root, runs and still reaches what root reaches.
A script of its own, in the standard library alone, because the code between fork and exec must not be ours in a
process with threads.
"""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534


def main(argv: list[str]) -> None:
    signum, parent, identity, _, *command = argv
    if identity == "namespace":
        _enter_namespace()
    elif identity != "same":
        uid, gid = map(int, identity.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the change of user, which clears it; it lives on over exec.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != int(parent):
            sys.exit("the parent died first")
    os.execv(command[0], command)  # noqa: S606  (the command is the supervisor's own)


def _enter_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(f"no user namespace: {os.strerror(ctypes.get_errno())}")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {uid} 1"), ("gid_map", f"{NOBODY} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
