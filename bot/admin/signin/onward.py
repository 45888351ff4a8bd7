"""Where somebody goes on after a sign-in: to the page that they came for, if it is one of ours."""

import re
from urllib.parse import quote, unquote, urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

# One slash, and then nothing that a browser may read as the beginning of another host.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_NO_PLACES = ("signin.", "joining.", "static")


def onward(asked: str | None) -> str:
    """The address to go on to: `asked` where it is a page of ours, the page above it where it is
    an act that cannot be opened, else the start.
    """
    start = url_for("today.index")
    if not asked or _PATH.fullmatch(asked) is None:
        return start
    parts = urlsplit(asked)
    path = unquote(parts.path)
    root = request.script_root
    if not f"{path}/".startswith(f"{root}/") or re.search(r"//|\\|/\.", path) is not None:
        return start
    wanted = path.removeprefix(root) or "/"
    pages = current_app.url_map.bind("ours", script_name=root or "/")
    found = wanted
    while found and not _is_page(pages, found):
        found = found.rpartition("/")[0]
    if not found:
        return start
    query = f"?{parts.query}" if parts.query and found == wanted else ""
    return f"{root}{quote(found)}{query}"


def _is_page(pages: MapAdapter, path: str) -> bool:
    try:
        endpoint, _ = pages.match(path, method="GET")
    except HTTPException:
        return False
    return not endpoint.startswith(_NO_PLACES)
