"""Every resource that was ever made, read from the emulator's own state."""

import threading

from moto.backends import get_backend

from . import resources

CAUSES = {"autoscaling": ("ec2",)}
"""Services whose calls make resources of others."""

_lock = threading.Lock()
_seen = {}
"""account -> {(service, region, kind, key of a resource): (whether AWS brought it, what was found)}, oldest first"""
_looked = set()
"""(service, account, region) whose own first resources, such as the default VPC, are known."""


def before(call):
    """What the service brings by itself is not an effect of a call."""
    if not call.changes:
        return
    for service, region in places(call):
        if (service, call.account, region) not in _looked:
            backend_of(service, call.account, region)
            with _lock:
                look(service, call.account, region, own=True)
                _looked.add((service, call.account, region))


def after(call):
    """Notes what is there now; called after each call that changes something."""
    if call.changes:
        with _lock:
            for service, region in places(call):
                look(service, call.account, region)


def entries(accounts):
    """All that these accounts ever had, oldest first."""
    with _lock:
        there = {account: set() for account in accounts}
        for service, account, region in list(_looked):
            if account in there:
                there[account].update(look(service, account, region))
        return [
            entry(account, key, found, key not in there[account])
            for account in accounts
            for key, (own, found) in _seen.get(account, {}).items()
            if not own
        ]


def entry(account, key, found, gone):
    service, region, kind, _ = key
    id_, name, tags, state = found.tell()
    where = {"service": service, "kind": kind, "region": region, "account": account}
    return {**where, "id": id_, "name": name, "tags": dict(tags), "state": state, "gone": gone or state in resources.OVER}


def places(call):
    """Services and regions in which the call may have made something; global clusters are kept in us-east-1."""
    found = [(name, call.region) for name in (call.service, *CAUSES.get(call.service, ())) if name in resources.READERS]
    return [*found, ("rds", "us-east-1")] if "GlobalCluster" in call.operation and call.region != "us-east-1" else found


def backend_of(service, account, region):
    by_region = get_backend(service)[account]
    return by_region[region if region in by_region.regions else "aws"]


def look(service, account, region, own=False):
    """Notes what is new, and returns the keys of all that is there. What is noted is kept: its identity is given to no other."""
    known = _seen.setdefault(account, {})
    there = []
    for found in resources.READERS[service](backend_of(service, account, region)):
        key = (service, region, found.kind, found.key)
        there.append(key)
        if key not in known:
            known[key] = (own, found)
    return there
