"""How the process of a part learns that its worker stops: a signal tells it, and the part ends its batch."""

from __future__ import annotations

import ctypes
import signal
import sys

from core.stop import Stop

PR_SET_PDEATHSIG = 1
TO_PART = signal.SIGUSR1  # from its worker
STOPS = (signal.SIGTERM, signal.SIGINT, TO_PART)
_STOP = Stop()


def stop_requested() -> Stop:
    """Return what tells it, with the signals of this process leading to it.

    A worker that dies sends SIGTERM too (Linux): its part is handed back and the process does not outlive it.
    """
    _STOP.told_by(*STOPS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    return _STOP
