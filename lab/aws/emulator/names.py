"""
Route 53: changes that spread, records that are there once, health checks.
docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html
docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheckStatus.html
"""

import secrets
import string

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.exceptions import DnsNameInvalidForZone, Route53ClientError
from moto.route53.models import RecordSet, Route53Backend
from moto.route53.responses import Route53

from . import settings, states
from .patch import answers, around


class Change:
    """Of a batch; `PENDING` until all name servers have it."""

    status = states.Timed("route53:change", lambda before, target: "PENDING")

    def __init__(self, comment):
        self.id = "/change/C" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(20))
        self.submitted_at, self.comment = utcnow(), comment
        self.status = "INSYNC"

    def told(self):
        info = {"Id": self.id, "Status": self.status, "SubmittedAt": self.submitted_at}
        return {"ChangeInfo": {**info, **({"Comment": self.comment} if self.comment else {})}}


def changed(self, comment=None):
    change = Change(comment)
    self.backend.__dict__.setdefault("changes", {})[change.id] = change
    return ActionResult(change.told())


@answers(Route53, "change_resource_record_sets")
def change_resource_record_sets(self):
    zone = self.backend.get_hosted_zone(self._get_param("HostedZoneId"))
    batch = self._get_param("ChangeBatch.Changes")
    apply(zone, batch)
    return changed(self, self._get_param("ChangeBatch.Comment"))


def apply(zone, batch):
    """The whole batch, or nothing of it."""
    records, wrong = list(zone.rrsets), []
    for change in batch:
        wanted = dict(change["ResourceRecordSet"])
        wanted["Name"] = wanted["Name"].rstrip(".").lower() + "."
        wanted["ResourceRecords"] = [one["Value"] for one in wanted.get("ResourceRecords") or []]
        if not wanted["Name"].endswith("." + zone.name.strip(".") + ".") and wanted["Name"].strip(".") != zone.name.strip("."):
            raise DnsNameInvalidForZone(name=wanted["Name"], zone_name=zone.name)
        new = RecordSet(wanted)
        index = next((n for n, one in enumerate(records) if same(one, new)), None)
        told = f"[name='{new.name}', type='{new.type}'{identifier(new)}]"
        if change["Action"] == "CREATE" and index is not None:
            wrong.append(f"Tried to create resource record set {told} but it already exists")
        elif change["Action"] == "DELETE" and index is None:
            wrong.append(f"Tried to delete resource record set {told} but it was not found")
        elif change["Action"] == "DELETE" and not alike(records[index], new):
            wrong.append(f"Tried to delete resource record set {told} but the values provided do not match the current values")
        elif change["Action"] == "DELETE":
            del records[index]
        elif index is None:
            wrong.extend(clashes(records, new, told))
            records.append(new)
        else:
            records[index] = new
    if wrong:
        raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(wrong)}]")
    zone.rrsets = records


def same(one, other):
    return (one.name.rstrip(".").lower(), one.type, one.set_identifier) == (
        other.name.rstrip(".").lower(),
        other.type,
        other.set_identifier,
    )


def alike(one, other):
    fields = ("ttl", "weight", "failover", "health_check_id", "region")
    text = lambda value: None if value is None else str(value)  # noqa: E731
    return sorted(one.records or []) == sorted(other.records or []) and all(
        text(getattr(one, name)) == text(getattr(other, name)) for name in fields
    )


def identifier(record):
    return f", set identifier='{record.set_identifier}'" if record.set_identifier else ""


def clashes(records, new, told):
    """Records of one name and type are all simple, all weighted or all of failover."""
    kind = lambda one: "weighted" if one.weight is not None else "failover" if one.failover else "simple"  # noqa: E731
    others = [one for one in records if (one.name.rstrip(".").lower(), one.type) == (new.name.rstrip("."), new.type)]
    if any(kind(one) != kind(new) for one in others):
        return [f"RRSet {told} conflicts with another RRSet of the same name and type that has another routing policy"]
    return []


@answers(Route53, "get_change")
def get_change(self):
    name = "/change/" + self._get_param("Id").split("/")[-1]
    found = self.backend.__dict__.get("changes", {}).get(name)
    if found is None:
        raise Route53ClientError("NoSuchChange", f"A change with id {name} does not exist.")
    return ActionResult(found.told())


@around(Route53Backend, "create_hosted_zone")
def create_hosted_zone(plain, backend, name, private_zone, caller_reference=None, *args, **kwargs):
    """docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html"""
    if caller_reference and any(zone.caller_reference == caller_reference for zone in backend.zones.values()):
        raise Route53ClientError(
            "HostedZoneAlreadyExists", f"A hosted zone has already been created with the reference {caller_reference}."
        )
    return plain(backend, name, private_zone, caller_reference, *args, **kwargs)


@around(Route53, "create_hosted_zone")
def create_hosted_zone_response(plain, self):
    result = plain(self).result
    return ActionResult({**result, **changed(self).result})


@around(Route53, "delete_hosted_zone")
def delete_hosted_zone(plain, self):
    plain(self)
    return changed(self)


@around(Route53Backend, "create_health_check")
def create_health_check(plain, backend, caller_reference, health_check_args):
    """docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHealthCheck.html"""
    found = next((one for one in backend.health_checks.values() if one.caller_reference == caller_reference), None)
    if found is None:
        made = plain(backend, caller_reference, health_check_args)
        made.asked = health_check_args
        return made
    if found.asked != health_check_args:
        raise Route53ClientError("HealthCheckAlreadyExists", f"A health check with the reference {caller_reference} already exists.")
    return found


CHECKERS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-northeast-1", "sa-east-1")


@answers(Route53, "get_health_check_status")
def get_health_check_status(self):
    """As the settings say; without one, well."""
    name = self._get_param("HealthCheckId")
    self.backend.get_health_check(name)
    good = settings.get("health").get(name, "Success") == "Success"
    status = "Success: HTTP Status Code 200, OK" if good else "Failure: The health checker could not establish a connection."
    seen = {"Status": status, "CheckedTime": utcnow()}
    return ActionResult(
        {"HealthCheckObservations": [{"Region": region, "IPAddress": "192.0.2.1", "StatusReport": seen} for region in CHECKERS]}
    )


@around(Route53Backend, "list_resource_record_sets")
def list_resource_record_sets(plain, backend, zone_id, start_type, start_name, max_items):
    """In one order, also among those of one name and type."""
    zone = backend.get_hosted_zone(zone_id)
    zone.rrsets.sort(key=lambda one: one.set_identifier or "")
    return plain(backend, zone_id, start_type, start_name, max_items)
