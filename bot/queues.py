"""How a promised job reaches a worker: RQ as a doorbell. A nudge that is lost costs one sweep."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from domain.nudges import Nudge

QUEUES = ("replies", "payments", "sweeps")
JOB_SECONDS = 120
# A nudge that nobody took for so long is dropped: the sweeps find its row, and ring again.
_NUDGE_SECONDS = 60
_FAILURE_SECONDS = 3_600
_COALESCED_SECONDS = 2
_SOCKET_SECONDS = 2

log = structlog.get_logger(__name__)


def connect(url: str) -> Redis:
    """A client that never sends a command twice: redis-py repeats silently by default, and one lost
    answer would double it.
    """
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=_SOCKET_SECONDS,
        socket_connect_timeout=_SOCKET_SECONDS,
        health_check_interval=0,
    )


def apart_from(redis: "Redis") -> Redis:
    """A client of the same server on connections of its own."""
    pool = redis.connection_pool
    return Redis.from_pool(
        ConnectionPool(connection_class=pool.connection_class, **pool.connection_kwargs)
    )


def bell_flag(nudge: Nudge) -> str:
    """The key that says "rung already": jobs without a subject drain everything, so one waiting is
    enough.
    """
    return f"rung:{nudge.job}"


def waiting(redis: "Redis", queue: str) -> int:
    """How many jobs nobody has taken yet. Raises redis.RedisError."""
    return Queue(queue, connection=redis, serializer=JSONSerializer).count


@dataclass(frozen=True, slots=True)
class Bell:
    """Rings workers by RQ. Raises nothing: the rows are the work."""

    redis: "Redis"

    def __call__(self, nudges: Sequence[Nudge]) -> None:
        try:
            for nudge in nudges:
                if nudge.subject is None and not self._is_first(nudge):
                    continue
                self._enqueue(nudge)
        except RedisError as error:
            log.warning("nudge_lost", error=type(error).__name__)

    def _is_first(self, nudge: Nudge) -> bool:
        return bool(self.redis.set(bell_flag(nudge), 1, nx=True, ex=_COALESCED_SECONDS))

    def _enqueue(self, nudge: Nudge) -> None:
        arguments = () if nudge.subject is None else (nudge.subject,)
        Queue(nudge.queue, connection=self.redis, serializer=JSONSerializer).enqueue_call(
            nudge.job,
            args=arguments,
            timeout=JOB_SECONDS,
            ttl=_NUDGE_SECONDS,
            result_ttl=0,
            failure_ttl=_FAILURE_SECONDS,
            # RQ would write the function and its arguments here, and log it.
            description=nudge.job,
        )
