"""Everything that makes moto behave like AWS; importing it does."""

from importlib import import_module

ORDER = (
    "speed statuses states guards volumes snapshots sharing images launches interfaces quotas databases engines backups moments "
    "replicas clusters names zones scaling pages simulation tokens hooks"
)
"""Of the patches, for some go around others: what is real is told of last, when a call is over."""

for name in ORDER.split():
    import_module(f".{name}", __package__)
