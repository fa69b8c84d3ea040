"""What tests and labs set of an account."""

import threading

from . import request

FIELDS = {
    "seconds": {},
    "final": {},
    "copies": 20,
    "capacity": [],
    "quotas": {},
    "buckets": {},
    "health": {},
    "windows": {},
    "iam": False,
    "policies": {},
    "unreachable": [],
}
"""
seconds: how long a state takes to reach, by kind ("ec2:snapshot"); an object keeps what was set when its way there began
final: end state in place of success, by kind
copies: how many copies run at once, for a region
capacity: what is missing, [{"type", "zone"}]; without a zone, everywhere
quotas: limits by quota code or name ("L-1216C47A", "rds:instances", "rds:snapshots")
buckets: requests by operation ("ec2:DescribeInstances"): {"size", "rate"}, rate a second
health: status of Route 53 health checks by id, "Success" or "Failure"
windows: seconds between now and the latest restorable time, by DB instance identifier
iam: whether policies are evaluated
policies: documents by the name of the role that they are of
unreachable: regions that do not answer
"""

_lock = threading.Lock()
_accounts = {}


def get(field, account=None):
    """What holds for an account; without one, for that of the request being answered."""
    of = account or request.account()
    return _accounts.get(of, {}).get(field, FIELDS[field])


def put(account, values):
    unknown = set(values) - set(FIELDS)
    if unknown:
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
    with _lock:
        _accounts[account] = {**_accounts.get(account, {}), **values}


def clear(account):
    with _lock:
        _accounts.pop(account, None)
