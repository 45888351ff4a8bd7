"""The doorbell: what waits for jobs waits on connections of its own."""

from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from bot.queues import apart_from
from bot.runtime import Runtime


def test_rqs_patience_is_nobody_elses(runtime: Runtime) -> None:
    """RQ lets its client wait minutes for an answer. Who holds a lock may not wait so long."""
    doorbell = apart_from(runtime.redis)
    queue = Queue("replies", connection=doorbell, serializer=JSONSerializer)
    SimpleWorker([queue], connection=doorbell, serializer=JSONSerializer)
    patient = doorbell.connection_pool.connection_kwargs["socket_timeout"]
    assert patient > 60
    assert runtime.redis.connection_pool.connection_kwargs["socket_timeout"] == 2
    doorbell.set("rung", 1)
    assert runtime.redis.get("rung") == b"1"
    doorbell.close()
