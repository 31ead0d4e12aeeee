"""How the process of a part learns that its worker stops: a signal sets an event, the part ends its batch."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading

PR_SET_PDEATHSIG = 1
_STOP = threading.Event()


def stop_requested() -> threading.Event:
    """Return the event, with the signals of this process leading to it.

    A worker that dies sends SIGTERM too (Linux): its part is handed back and the process does not outlive it.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, lambda *_: _STOP.set())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return _STOP
