"""Faults of single calls."""

import threading

KINDS = {"refuse", "lose", "throttle", "slow", "reset", "late"}
_lock = threading.Lock()
_rules = {}
"""By account; a rule that several accounts share is one object, so it counts once."""


def put(accounts, rules):
    """In place of those that were there."""
    for rule in rules:
        if rule.get("kind") not in KINDS:
            raise ValueError(f"no such kind of fault: {rule.get('kind')}")
    made = [{**rule, "to_pass": rule.get("after", 0), "left": rule.get("times", 1), "fired": 0, "done": 0} for rule in rules]
    with _lock:
        for account in accounts:
            _rules[account] = made


def listed(account):
    with _lock:
        return [{key: value for key, value in rule.items() if key not in ("left", "to_pass")} for rule in _rules.get(account, [])]


def take(call):
    """The fault of this call, or None; each is used up by the calls that it hits."""
    with _lock:
        for rule in _rules.get(call.account, []):
            if rule["left"] == 0 or call.dry_run or not fits(rule, call):
                continue
            if rule["to_pass"] > 0:
                rule["to_pass"] -= 1
                continue
            rule["left"] -= 1
            rule["fired"] += 1
            return rule
    return None


def done(rule):
    """Its call has taken effect."""
    with _lock:
        rule["done"] += 1


def fits(rule, call):
    wanted = (rule.get("service"), rule.get("operation"), rule.get("region"))
    return all(want in (None, "*", have) for want, have in zip(wanted, (call.service, call.operation, call.region), strict=True))
