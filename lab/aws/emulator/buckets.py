"""
Throttling by token bucket, by account, region and operation.
docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

import threading
import time

from . import settings

_lock = threading.Lock()
_levels = {}
"""(account, region, operation) -> (tokens, when)"""


def take(call):
    """Whether a token was left."""
    name = f"{call.service}:{call.operation}"
    bucket = settings.get("buckets", call.account).get(name)
    if not bucket:
        return True
    key = (call.account, call.region, name)
    now = time.monotonic()
    with _lock:
        tokens, then = _levels.get(key, (bucket["size"], now))
        tokens = min(bucket["size"], tokens + (now - then) * bucket["rate"])
        _levels[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1
