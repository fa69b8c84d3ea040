"""What there is in a service of an account and region."""

from collections import namedtuple

Found = namedtuple("Found", "kind key id name tags state resource")
"""key: the same as long as it is the same resource, also where it is renamed."""

OVER = {"terminated"}


def of_ec2(backend):
    def found(kind, resource, state=None):
        tags = backend.tags.get(resource.id, {})
        return Found(kind, id(resource), resource.id, tags.get("Name", resource.id), tags, state, resource)

    for reservation in list(backend.reservations.values()):
        for instance in reservation.instances:
            yield found("instance", instance, instance._state.name)
    for snapshot in list(backend.snapshots.values()):
        yield found("snapshot", snapshot, snapshot.status)
    for volume in list(backend.volumes.values()):
        yield found("volume", volume, volume.status)
    for image in list(backend.amis.values()):
        yield found("image", image, image.state)._replace(name=image.name)
    for group in [group for groups in list(backend.groups.values()) for group in list(groups.values())]:
        yield found("security-group", group)._replace(name=group.name)
    for subnet in [subnet for subnets in list(backend.subnets.values()) for subnet in list(subnets.values())]:
        yield found("subnet", subnet)
    for vpc in list(backend.vpcs.values()):
        yield found("vpc", vpc)
    for interface in list(backend.enis.values()):
        yield found("network-interface", interface)
    for template in list(backend.launch_templates.values()):
        yield found("launch-template", template)._replace(name=template.name)
    for address in list(backend.addresses):
        tags = backend.tags.get(address.allocation_id, {})
        yield Found("address", id(address), address.allocation_id, address.public_ip, tags, None, address)


def of_rds(backend):
    kinds = {
        "instance": (backend.databases, "db_instance_identifier"),
        "snapshot": (backend.database_snapshots, "db_snapshot_identifier"),
        "cluster": (backend.clusters, "db_cluster_identifier"),
        "cluster-snapshot": (backend.cluster_snapshots, "db_cluster_snapshot_identifier"),
        "subnet-group": (backend.subnet_groups, "name"),
        "parameter-group": (backend.db_parameter_groups, "name"),
    }
    for kind, (held, attribute) in kinds.items():
        for name, resource in list(held.items()):
            tags = {tag["Key"]: tag["Value"] for tag in getattr(resource, "tags", None) or []}
            own = getattr(resource, attribute, None) or name
            yield Found(kind, id(resource), own, own, tags, getattr(resource, "status", None), resource)


def of_route53(backend):
    for zone in list(backend.zones.values()):
        yield Found("zone", id(zone), zone.id, zone.name, backend.resource_tags.get(zone.id, {}), None, zone)
        for record in list(zone.rrsets):
            name = " ".join(filter(None, [record.name, record.type, record.set_identifier]))
            yield Found("record", (zone.id, name), name, name, {}, str(record.weight) if record.weight is not None else None, zone)
    for check in list(backend.health_checks.values()):
        yield Found("health-check", id(check), check.id, check.id, backend.resource_tags.get(check.id, {}), None, check)


def of_autoscaling(backend):
    for group in list(backend.autoscaling_groups.values()):
        tags = {tag["Key"]: tag["Value"] for tag in group.tags or []}
        yield Found("group", id(group), group.name, group.name, tags, str(group.desired_capacity), group)


def of_kms(backend):
    for key in list(backend.keys.values()):
        yield Found("key", id(key), key.id, key.description, {}, key.key_state, key)


def of_secrets(backend):
    for secret in list(backend.secrets.values()):
        tags = {tag["Key"]: tag["Value"] for tag in secret.tags or []}
        yield Found("secret", id(secret), secret.arn, secret.name, tags, None, secret)


def of_s3(backend):
    for bucket in list(backend.buckets.values()):
        yield Found("bucket", id(bucket), bucket.name, bucket.name, {}, None, bucket)
        for name in list(bucket.keys.keys()):
            for version in bucket.keys.getlist(name):
                state = "delete-marker" if type(version).__name__ == "FakeDeleteMarker" else None
                yield Found("object", id(version), f"{bucket.name}/{name}", name, {}, state, version)


READERS = {
    "ec2": of_ec2,
    "rds": of_rds,
    "route53": of_route53,
    "autoscaling": of_autoscaling,
    "kms": of_kms,
    "secretsmanager": of_secrets,
    "s3": of_s3,
}
