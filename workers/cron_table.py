"""The clock's table, read by `rq cron`: what is promised, how often. Two clocks promise twice,
which is harmless.

A sweep that could not run before the next is due is dropped (`ttl`), so that none pile up while no
worker runs.
"""

import rq.serializers
from rq.cron import register
from rq.serializers import JSONSerializer

from workers import probes, sweeps

# `rq cron` cannot be told which serializer to use (rq 2.12): without this it would enqueue pickles.
rq.serializers.PickleSerializer = JSONSerializer  # type: ignore[assignment]

register(
    sweeps.sweep,
    queue_name="sweeps",
    interval=2,
    ttl=4,
    job_timeout=60,
    result_ttl=0,
    failure_ttl=3_600,
)
# Twilio may take its time to answer: among the sweeps it would keep everything else waiting.
register(
    sweeps.find_missed_messages,
    queue_name="replies",
    interval=60,
    ttl=60,
    job_timeout=60,
    result_ttl=0,
    failure_ttl=3_600,
)
# A provider that is away is waited for: where its other calls are, not among the replies.
register(
    probes.probe_paused,
    queue_name="payments",
    interval=5,
    ttl=30,
    job_timeout=120,
    result_ttl=0,
    failure_ttl=3_600,
)
