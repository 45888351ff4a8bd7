"""How often somebody may try: a password, by the address that it is for and by where it comes from;
a code, by whose it is. Every try counts, right or wrong.
"""

import hashlib
import ipaddress
from collections.abc import Callable

from flask import current_app, g
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address

TOO_MANY = "Too many tries. Wait 15 minutes, then try again."
_FROM_ONE_ADDRESS = "30 per 5 minutes"
_FOR_ONE_EMAIL = "10 per 15 minutes"
_BY_ONE_PERSON = "10 per 15 minutes"
# Whoever is given one address of the newer kind is given so many more.
_IPV6_NETWORK_BITS = 64


def may_try_password(email: str) -> bool:
    """Whether a password for this e-mail address may be looked at now."""
    g.tried = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    return _counted("sign-in from", _FROM_ONE_ADDRESS, _where_from) and _counted(
        "sign-in for", _FOR_ONE_EMAIL, _tried
    )


def may_show_it_is_them(staff_id: int) -> bool:
    """Whether a code or a password of somebody who is known may be looked at now."""
    g.tried = str(staff_id)
    return _counted("shown by", _BY_ONE_PERSON, _tried)


def _counted(what: str, limit: str, key: Callable[[], str]) -> bool:
    limiter: Limiter = current_app.extensions["limiter"]
    try:
        with limiter.shared_limit(limit, scope=what, key_func=key):
            return True
    except RateLimitExceeded:
        return False


def _tried() -> str:
    return str(g.tried)


def _where_from() -> str:
    try:
        address = ipaddress.ip_address(get_remote_address() or "")
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
