"""What `rq cron -c workers.rq_settings` reads: where Redis is, so that its password stands in no
command line.
"""

from bot.config import load_settings
from bot.services import with_servers

_url = with_servers(load_settings()).redis_url
REDIS_URL = _url.get_secret_value() if _url is not None else ""
