"""Every resource that was ever made, read from the emulator's own state."""

import threading

from moto.backends import get_backend

from . import resources

CAUSES = {"autoscaling": ("ec2",)}
"""Services whose calls make resources of others."""

_lock = threading.Lock()
_seen = {}
"""account -> {key of a resource: its entry}"""
_looked = set()
"""(service, account, region) whose own first resources, such as the default VPC, are known."""
_kept = []
"""Resources whose identity is a key, which is then given to no other."""


def before(call):
    """What the service brings by itself is not an effect of a call."""
    if not call.changes:
        return
    for service in services(call):
        if (service, call.account, call.region) not in _looked:
            backend_of(service, call.account, call.region)
            with _lock:
                look(service, call.account, call.region, own=True)
                _looked.add((service, call.account, call.region))


def after(call):
    """Notes what is there now; called after each call that changes something."""
    if call.changes:
        with _lock:
            for service in services(call):
                look(service, call.account, call.region)


def entries(accounts):
    """All that these accounts ever had, oldest first."""
    with _lock:
        for service, account, region in list(_looked):
            if account in accounts:
                look(service, account, region)
        return [
            {key: value for key, value in entry.items() if key != "own"}
            for account in accounts
            for entry in _seen.get(account, {}).values()
            if not entry["own"]
        ]


def services(call):
    return [name for name in (call.service, *CAUSES.get(call.service, ())) if name in resources.READERS]


def backend_of(service, account, region):
    by_region = get_backend(service)[account]
    return by_region[region if region in by_region.regions else "aws"]


def look(service, account, region, own=False):
    known = _seen.setdefault(account, {})
    there = set()
    for found in resources.READERS[service](backend_of(service, account, region)):
        key = (service, region, found.kind, found.key)
        there.add(key)
        entry = known.get(key)
        if entry is None:
            entry = known[key] = {"service": service, "kind": found.kind, "region": region, "account": account, "own": own}
            _kept.append(found.resource)
        entry.update(id=found.id, name=found.name, tags=dict(found.tags), state=found.state, gone=found.state in resources.OVER)
    for key, entry in known.items():
        if key[:2] == (service, region) and key not in there:
            entry["gone"] = True
