"""
The resources that a call is about, with their tags.
docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
"""

import json
import re
from collections import namedtuple
from urllib.parse import parse_qs

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.rds.models import rds_backends

Subject = namedtuple("Subject", "arn tags new")
"""new: its kind, where the call makes it, else empty"""

EC2 = re.compile(r"^(i|vol|snap|ami|sg|eni|subnet|vpc|lt|eipalloc)-[0-9a-f]{8,}$")
GROUP = re.compile(r"^(AutoScalingGroupName|Tags\.member\.\d+\.ResourceId)$")
KINDS = {
    "i": "instance",
    "vol": "volume",
    "snap": "snapshot",
    "ami": "image",
    "sg": "security-group",
    "eni": "network-interface",
    "subnet": "subnet",
    "vpc": "vpc",
    "lt": "launch-template",
    "eipalloc": "elastic-ip",
}
OURS = {"snapshot", "image"}
"""Their ARNs name no account."""
MADE = {
    "CopyImage": ["image"],
    "CopySnapshot": ["snapshot"],
    "CreateImage": ["image"],
    "CreateSecurityGroup": ["security-group"],
    "CreateSnapshot": ["snapshot"],
    "CreateSnapshots": ["snapshot"],
    "CreateVolume": ["volume"],
    "RegisterImage": ["image"],
    "RunInstances": ["instance", "volume", "network-interface"],
}
"""By operation of EC2; tags of the request are of these, and not of what they are made of."""
MADE_RDS = {
    "CopyDBSnapshot": ("snapshot", "TargetDBSnapshotIdentifier"),
    "CreateDBInstance": ("db", "DBInstanceIdentifier"),
    "CreateDBInstanceReadReplica": ("db", "DBInstanceIdentifier"),
    "CreateDBSnapshot": ("snapshot", "DBSnapshotIdentifier"),
    "RestoreDBInstanceFromDBSnapshot": ("db", "DBInstanceIdentifier"),
    "RestoreDBInstanceToPointInTime": ("db", "TargetDBInstanceIdentifier"),
}
TAGS = {"CreateTags", "CreateOrUpdateTags"}
MAKES = re.compile(r"^(Create|Run|Copy|Restore|Register|Allocate|Import)")
RDS = {
    "DBInstanceIdentifier": ("db", "databases"),
    "SourceDBInstanceIdentifier": ("db", "databases"),
    "DBSnapshotIdentifier": ("snapshot", "database_snapshots"),
    "SourceDBSnapshotIdentifier": ("snapshot", "database_snapshots"),
    "DBClusterIdentifier": ("cluster", "clusters"),
    "DBClusterSnapshotIdentifier": ("cluster-snapshot", "cluster_snapshots"),
    "DBSubnetGroupName": ("subgrp", "subnet_groups"),
}


def of(call):
    """At least one: what names none is about `*`."""
    found = {"ec2": of_ec2, "rds": of_rds, "autoscaling": of_groups, "secretsmanager": of_secrets, "iam": of_roles, "s3": of_objects}.get(
        call.service, lambda _: []
    )(call)
    if MAKES.match(call.operation) and call.operation not in TAGS:
        found = [*found, *made_by(call)]
    return found or [Subject("*", {}, "")]


def made_by(call):
    if call.service == "rds" and call.operation in MADE_RDS:
        kind, field = MADE_RDS[call.operation]
        return [Subject(f"arn:aws:rds:{call.region}:{call.account}:{kind}:{fields(call).get(field, '')}", {}, kind)]
    kinds = MADE.get(call.operation, ["new"]) if call.service == "ec2" else ["new"]
    return [Subject(arn_of(call, call.region, kind, "*"), {}, kind) for kind in kinds]


def arn_of(call, region, kind, name):
    account = "" if kind in OURS else call.account
    return f"arn:aws:{call.service}:{region}:{account}:{kind}/{name}"


def fields(call):
    return {name: values[0] for name, values in parse_qs(call.body).items()}


def of_ec2(call):
    asked = fields(call)
    found = []
    for name, value in asked.items():
        if not EC2.match(value) or "Filter" in name or ".Value" in name:
            continue
        region = asked.get("SourceRegion", call.region) if name.startswith("Source") else call.region
        tags = ec2_backends[call.account][region].tags.get(value, {})
        found.append(Subject(arn_of(call, region, KINDS[value.split("-")[0]], value), dict(tags), ""))
    return found


def of_rds(call):
    found = []
    for name, value in fields(call).items():
        if name == "ResourceName":
            found.append(by_arn(call, value))
        if name not in RDS:
            continue
        kind, held = RDS[name]
        if value.startswith("arn:"):
            found.append(by_arn(call, value))
        elif value in getattr(rds_backends[call.account][call.region], held) or not MAKES.match(call.operation):
            found.append(by_arn(call, f"arn:aws:rds:{call.region}:{call.account}:{kind}:{value}"))
    return found


def by_arn(call, arn):
    parts = arn.split(":", 6)
    held = next((attribute for kind, attribute in RDS.values() if len(parts) == 7 and kind == parts[5]), None)
    resource = getattr(rds_backends[parts[4]][parts[3]], held).get(parts[6]) if held else None
    return Subject(arn, {tag["Key"]: tag["Value"] for tag in getattr(resource, "tags", None) or []}, "")


def of_groups(call):
    names = {value for field, value in fields(call).items() if GROUP.match(field)}
    groups = autoscaling_backends[call.account][call.region].autoscaling_groups
    return [group_subject(call, name, groups[name]) for name in sorted(names) if name in groups]


def group_subject(call, name, group):
    tags = {tag["Key"]: tag["Value"] for tag in group.tags}
    return Subject(f"arn:aws:autoscaling:{call.region}:{call.account}:autoScalingGroup:*:autoScalingGroupName/{name}", tags, "")


def of_roles(call):
    arn = fields(call).get("PolicySourceArn")
    return [Subject(arn, {}, "")] if arn else []


def of_objects(call):
    """A bucket, or an object in it; in paths, for names of hosts are the emulator's own."""
    return [Subject(f"arn:aws:s3:::{call.path.strip('/')}", {}, "")] if call.path.strip("/") else []


def of_secrets(call):
    try:
        name = json.loads(call.body).get("SecretId")
    except ValueError:
        return []
    if not name:
        return []
    return [Subject(name if name.startswith("arn:") else f"arn:aws:secretsmanager:{call.region}:{call.account}:secret:{name}", {}, "")]


TAG = re.compile(r"^(?:TagSpecification\.(\d+)\.)?(?:Tag|Tags\.member|Tags\.Tag)\.(\d+)\.Key$")


def request_tags(call, kind=""):
    """Tags that the call gives to what it makes or tags; with a kind, to what it makes of that."""
    asked = fields(call)
    found = {}
    for name, value in asked.items():
        tag = TAG.match(name)
        given = asked.get(f"TagSpecification.{tag[1]}.ResourceType") if tag and tag[1] else None
        if tag and (not kind or given in (None, kind)):
            found[value] = asked.get(name[: -len("Key")] + "Value", "")
    return found
