"""What there is in a service of an account and region."""

from collections import namedtuple

from .clusters import settle

Found = namedtuple("Found", "kind key resource tell")
"""key: the same as long as it is the same resource, also where it is renamed; tell: its id, name, tags and state, at any time."""

OVER = {"terminated", "deleted"}


def of_ec2(backend):
    def found(kind, resource, state=None, name=None):
        def tell():
            tags = backend.tags.get(resource.id, {})
            return resource.id, name(resource) if name else tags.get("Name", resource.id), tags, state(resource) if state else None

        return Found(kind, id(resource), resource, tell)

    def address(resource):
        return Found(
            "address",
            id(resource),
            resource,
            lambda: (resource.allocation_id, resource.public_ip, backend.tags.get(resource.allocation_id, {}), None),
        )

    instances = [instance for reservation in list(backend.reservations.values()) for instance in reservation.instances]
    groups = [group for held in list(backend.groups.values()) for group in list(held.values())]
    subnets = [subnet for held in list(backend.subnets.values()) for subnet in list(held.values())]
    yield from (found("instance", one, lambda it: it._state.name) for one in instances)
    yield from (found("snapshot", one, lambda it: it.status) for one in list(backend.snapshots.values()))
    yield from (found("volume", one, lambda it: it.status) for one in list(backend.volumes.values()))
    yield from (found("image", one, lambda it: it.state, lambda it: it.name) for one in list(backend.amis.values()))
    yield from (found("security-group", one, name=lambda it: it.name) for one in groups)
    yield from (found("subnet", one) for one in subnets)
    yield from (found("vpc", one) for one in list(backend.vpcs.values()))
    yield from (found("network-interface", one) for one in list(backend.enis.values()))
    yield from (found("launch-template", one, name=lambda it: it.name) for one in list(backend.launch_templates.values()))
    yield from (address(one) for one in list(backend.addresses))


def of_rds(backend):
    def found(kind, resource, attribute):
        def tell():
            own = getattr(resource, attribute)
            tags = {tag["Key"]: tag["Value"] for tag in getattr(resource, "tags", None) or []}
            return own, own, tags, getattr(resource, "status", None)

        return Found(kind, id(resource), resource, tell)

    kinds = {
        "instance": (backend.databases, "db_instance_identifier"),
        "snapshot": (backend.database_snapshots, "db_snapshot_identifier"),
        "cluster": (backend.clusters, "db_cluster_identifier"),
        "cluster-snapshot": (backend.cluster_snapshots, "db_cluster_snapshot_identifier"),
        "subnet-group": (backend.subnet_groups, "name"),
        "parameter-group": (backend.db_parameter_groups, "name"),
    }
    for kind, (held, attribute) in kinds.items():
        # Automatic snapshots come and go with their database.
        yield from (found(kind, one, attribute) for one in list(held.values()) if getattr(one, "snapshot_type", "manual") == "manual")
    yield from (of_world(one) for one in list(backend.global_clusters.values()))


def of_world(cluster):
    """A global cluster; its state is the name of the member that writes."""

    def tell():
        settle(cluster)
        writer = next((one.db_cluster_identifier for one in cluster.members if one.is_writer), None)
        return cluster.global_cluster_identifier, cluster.global_cluster_identifier, {}, writer

    return Found("global-cluster", id(cluster), cluster, tell)


def of_route53(backend):
    def tags(resource):
        return backend.resource_tags.get(resource.id.split("/")[-1], {})

    def zone(resource):
        return Found("zone", id(resource), resource, lambda: (resource.id, resource.name, tags(resource), None))

    def record(held, resource):
        name = " ".join(filter(None, [resource.name, resource.type, resource.set_identifier]))
        return Found("record", (held.id, name), resource, lambda: (name, name, {}, weight(held, name)))

    def weight(held, name):
        for one in held.rrsets:
            if " ".join(filter(None, [one.name, one.type, one.set_identifier])) == name and one.weight is not None:
                return str(one.weight)
        return None

    for one in list(backend.zones.values()):
        yield zone(one)
        yield from [record(one, each) for each in list(one.rrsets)]
    for check in list(backend.health_checks.values()):
        yield Found("health-check", id(check), check, lambda it=check: (it.id, it.id, tags(it), None))


def of_autoscaling(backend):
    def found(group):
        def tell():
            return group.name, group.name, {tag["Key"]: tag["Value"] for tag in group.tags or []}, str(group.desired_capacity)

        return Found("group", id(group), group, tell)

    yield from (found(one) for one in list(backend.autoscaling_groups.values()))


def of_kms(backend):
    for key in list(backend.keys.values()):
        yield Found("key", id(key), key, lambda it=key: (it.id, it.description, {}, it.key_state))


def of_secrets(backend):
    for secret in list(backend.secrets.values()):
        tags = lambda it: {tag["Key"]: tag["Value"] for tag in it.tags or []}  # noqa: E731
        yield Found("secret", id(secret), secret, lambda it=secret, tags=tags: (it.arn, it.name, tags(it), None))


def of_s3(backend):
    for bucket in list(backend.buckets.values()):
        yield Found("bucket", id(bucket), bucket, lambda it=bucket: (it.name, it.name, {}, None))
        for name in list(bucket.keys.keys()):
            for version in bucket.keys.getlist(name):
                state = "delete-marker" if type(version).__name__ == "FakeDeleteMarker" else None
                told = (f"{bucket.name}/{name}", name, {}, state)
                yield Found("object", id(version), version, lambda told=told: told)


READERS = {
    "ec2": of_ec2,
    "rds": of_rds,
    "route53": of_route53,
    "autoscaling": of_autoscaling,
    "kms": of_kms,
    "secretsmanager": of_secrets,
    "s3": of_s3,
}
