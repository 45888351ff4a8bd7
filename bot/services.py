"""Where PostgreSQL and Redis are: as the settings say, or the embedded ones of the data folder,
joined or started.
"""

import atexit
from contextlib import ExitStack

from pydantic import SecretStr

from bot.config import Settings, revealed
from bot.embedded import urls_for


def with_servers(settings: Settings) -> Settings:
    """The settings with both URLs known. What had to be started ends with this process."""
    if settings.database_url is not None and settings.redis_url is not None:
        return settings
    stack = ExitStack()
    atexit.register(stack.close)
    urls = stack.enter_context(
        urls_for(
            settings.data_folder,
            database_url=revealed(settings.database_url),
            redis_url=revealed(settings.redis_url),
        )
    )
    return settings.model_copy(
        update={
            "database_url": SecretStr(urls.database_url),
            "redis_url": SecretStr(urls.redis_url),
        }
    )
