"""
Aurora: failover inside a cluster, and global clusters.
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_SwitchoverGlobalCluster.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RemoveFromGlobalCluster.html
"""

from moto.core.responses import ActionResult
from moto.rds import models as rds
from moto.rds.exceptions import InvalidParameterCombination, RDSClientError
from moto.rds.models import DBCluster, GlobalCluster, RDSBackend
from moto.rds.responses import RDSResponse

from . import states
from .patch import answers, around

GlobalCluster.status = states.Timed("rds:global-cluster", states.of())
DBCluster.is_writer = property(
    lambda cluster: bool(cluster.__dict__.get("writes")), lambda cluster, value: cluster.__dict__.__setitem__("writes", bool(value))
)


@around(RDSBackend, "create_db_cluster")
def create_db_cluster(plain, backend, kwargs):
    if kwargs["db_cluster_identifier"] in backend.clusters:
        raise RDSClientError("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    zones = kwargs.get("availability_zones")
    if zones and not all(zone.startswith(backend.region_name) for zone in zones):
        kwargs["availability_zones"] = [f"{backend.region_name}{letter}" for letter in "abc"]
    cluster = plain(backend, kwargs)
    cluster.availability_zones = [
        zone if zone.startswith(backend.region_name) else backend.region_name + zone[-1] for zone in cluster.availability_zones or []
    ]
    return cluster


@around(RDSBackend, "create_global_cluster")
def create_global_cluster(plain, backend, **kwargs):
    if kwargs["global_cluster_identifier"] in backend.global_clusters:
        raise RDSClientError("GlobalClusterAlreadyExistsFault", "The global cluster already exists.")
    source = kwargs.get("source_db_cluster_identifier")
    if source and source.startswith("arn:"):
        # moto looks for it in us-east-1 only.
        kwargs["source_db_cluster_identifier"] = None
        found = by_arn(backend.account_id, source)
        if found is None:
            raise RDSClientError("DBClusterNotFoundFault", f"DBCluster {source} not found.")
        made = plain(backend, **{**kwargs, "engine": found.engine, "engine_version": found.engine_version})
        made.storage_encrypted = found.storage_encrypted
        found.global_cluster_identifier = made.global_cluster_identifier
        found.is_writer = True
        made.members.append(found)
        return made
    return plain(backend, **kwargs)


def by_arn(account, arn):
    region, name = arn.split(":")[3], arn.split(":")[-1]
    return rds.rds_backends[account][region].clusters.get(name)


def global_cluster(backend, name):
    found = backend.global_clusters.get(name)
    if found is None:
        raise RDSClientError("GlobalClusterNotFoundFault", f"Global cluster {name} not found.")
    settle(found)
    return found


def settle(found):
    """Makes the target the writer once the move has taken its time."""
    target = found.__dict__.get("moving_to")
    if target and states.way(found).over:
        for member in found.members:
            member.is_writer = member is target
        found.moving_to = found.failover_state = None


@answers(RDSResponse, "describe_global_clusters")
def describe_global_clusters(self):
    name = self.params.get("GlobalClusterIdentifier")
    found = [global_cluster(self.global_backend, name)] if name else list(self.global_backend.global_clusters.values())
    for one in found:
        settle(one)
    return ActionResult({"GlobalClusters": found})


def move(self, interim, loses):
    found = global_cluster(self.global_backend, self.params.get("GlobalClusterIdentifier"))
    target = self.params.get("TargetDbClusterIdentifier")
    chosen = next((one for one in found.members if target == one.db_cluster_arn), None)
    if found.status != "available":
        raise RDSClientError("InvalidGlobalClusterStateFault", f"{found.global_cluster_identifier} is {found.status}.")
    if chosen is None:
        raise RDSClientError("DBClusterNotFoundFault", f"{target} is no member of {found.global_cluster_identifier}.")
    if chosen.is_writer:
        raise RDSClientError("InvalidDBClusterStateFault", f"{target} is the primary already.")
    if chosen.status != "available":
        raise RDSClientError("InvalidDBClusterStateFault", f"{target} is {chosen.status}.")
    writer = next((one for one in found.members if one.is_writer), None)
    found.moving_to = chosen
    found.failover_state = {
        "Status": interim,
        "FromDbClusterArn": writer.db_cluster_arn if writer else None,
        "ToDbClusterArn": target,
        "IsDataLossAllowed": loses,
    }
    states.begin(found, "rds:global-cluster", "available", interim)
    settle(found)
    return ActionResult({"GlobalCluster": found})


@answers(RDSResponse, "switchover_global_cluster")
def switchover_global_cluster(self):
    return move(self, "switching-over", loses=False)


@answers(RDSResponse, "failover_global_cluster")
def failover_global_cluster(self):
    allowed, switchover = self.params.get("AllowDataLoss"), self.params.get("Switchover")
    if allowed and switchover:
        raise InvalidParameterCombination("AllowDataLoss and Switchover cannot be given together.")
    return move(self, "failing-over" if allowed else "switching-over", loses=bool(allowed))


@answers(RDSResponse, "remove_from_global_cluster")
def remove_from_global_cluster(self):
    named = self.params.get("DbClusterIdentifier")
    found = global_cluster(self.global_backend, self.params.get("GlobalClusterIdentifier"))
    member = next((one for one in found.members if named in (one.db_cluster_arn, one.db_cluster_identifier)), None)
    if member is None:
        raise RDSClientError("DBClusterNotFoundFault", f"{named} is no member of {found.global_cluster_identifier}.")
    if member.is_writer and len(found.members) > 1:
        raise RDSClientError("InvalidGlobalClusterStateFault", "The primary can be removed only when it is the last member.")
    found.members.remove(member)
    member.global_cluster_identifier = None
    # A removed secondary stands on its own and takes writes.
    member.is_writer = True
    return ActionResult({"GlobalCluster": found})


@around(RDSBackend, "delete_global_cluster")
def delete_global_cluster(plain, backend, global_cluster_identifier):
    global_cluster(backend, global_cluster_identifier)
    return plain(backend, global_cluster_identifier)


@around(RDSBackend, "failover_db_cluster")
def failover_db_cluster(plain, backend, *args, **kwargs):
    """docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html"""
    cluster = plain(backend, *args, **kwargs)
    states.begin(cluster, "rds:cluster", "available", "failing-over")
    return cluster
