"""`python -m worker [queue …]`: one worker, on all queues unless some are named."""

from __future__ import annotations

import gc
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: a worker has its core, not all of them

from core import doctor
from core.container import container, listening_redis_for
from core.errors import AppError
from core.kinds import QUEUES
from core.logs import configure
from core.settings import settings
from worker.work import worker_on


def main(names: list[str]) -> int:
    try:
        configure(settings())
        doctor.require_fit(container())
        container().abandon()  # the processes of parts make connections of their own
        container().preload()
    except AppError as error:
        print(f"vigia worker: {error}", file=sys.stderr)  # noqa: T201  (before there is a log)
        return 2
    # What is loaded now is shared with every process of a job: the garbage collector would touch, and so copy, all of
    # it in each of them. Measured on a job of one record: 0.28 s of CPU with it, 0.12 s without.
    gc.collect()
    gc.freeze()
    listening = listening_redis_for(settings().redis_url)
    worker_on(names or list(QUEUES), listening).work(with_scheduler=False, logging_level="WARNING")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
