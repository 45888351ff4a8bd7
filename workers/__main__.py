"""A worker process: `python -m workers replies|payments|sweeps`, one queue to a process.

With more queues to a worker, RQ loses the job of a worker that is killed between taking it and
starting it. Jobs run in this very process: a fork would share its database connections, and cost
more than the
job.
"""

import argparse
import sys

import structlog
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from bot.config import SettingsError, load_settings
from bot.queues import QUEUES, apart_from
from bot.runtime import start
from bot.services import with_servers
from workers import process

_MAINTENANCE_SECONDS = 60
_WORKER_TTL_SECONDS = 90


def main() -> int:
    """Work until told to stop. Exit 1 when the settings cannot work."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("queue", choices=QUEUES)
    arguments = parser.parse_args()
    try:
        runtime = start(with_servers(load_settings()))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    process.configure(runtime)
    # A connection of its own: RQ waits for jobs on it, and gives it minutes to answer, which nobody
    # may wait who holds a lock.
    doorbell = apart_from(runtime.redis)
    queue = Queue(arguments.queue, connection=doorbell, serializer=JSONSerializer)
    worker = SimpleWorker(
        [queue],
        connection=doorbell,
        serializer=JSONSerializer,
        worker_ttl=_WORKER_TTL_SECONDS,
        maintenance_interval=_MAINTENANCE_SECONDS,
    )
    worker.log_job_description = False
    structlog.get_logger(__name__).info("worker_started", queue=arguments.queue)
    worker.work(logging_level="WARNING", with_scheduler=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
