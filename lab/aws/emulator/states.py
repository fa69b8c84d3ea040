"""
States that take time, show progress, and may end badly.

An object keeps the time and the end that were set when its way began; a setting made later is for later ways.
docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
"""

import time

from moto.ec2.models import amis, instances
from moto.ec2.models.elastic_block_store import Snapshot, Volume, VolumeAttachment
from moto.rds import models as rds

from . import settings


class Way:
    """From one state to another."""

    def __init__(self, kind, target, interim):
        self.began = time.monotonic()
        self.seconds = settings.get("seconds").get(kind, 0) if interim else 0
        self.interim = interim
        self.target = settings.get("final").get(kind, target) if interim in BIRTHS else target

    @property
    def fraction(self):
        return 1.0 if self.seconds <= 0 else min(1.0, (time.monotonic() - self.began) / self.seconds)

    @property
    def over(self):
        return self.fraction >= 1

    @property
    def state(self):
        return self.target if self.over else self.interim


BIRTHS = {"pending", "creating"}
"""Ways that may end in an error state."""


class Timed:
    """A status attribute: writing it begins the way there, reading it tells how far it is."""

    def __init__(self, kind, interim):
        self.kind, self.interim = kind, interim

    def __set__(self, resource, target):
        before = resource.__dict__.get("_way")
        begin(resource, self.kind, target, self.interim(before.state if before else None, target))

    def __get__(self, resource, owner=None):
        return self if resource is None else way(resource).state


def begin(resource, kind, target, interim):
    resource.__dict__["_way"] = Way(kind, target, interim)


def way(resource):
    return resource.__dict__["_way"]


def percent(resource):
    return int(100 * way(resource).fraction)


def of(**targets):
    """The state on the way to each target, wherever it comes from."""
    return lambda before, target: targets.get(target)


def of_database(before, target):
    if target == "stopped":
        return "stopping"
    if target == "available":
        return {None: "creating", "stopped": "starting"}.get(before)
    return None


Snapshot.status = Timed("ec2:snapshot", of(completed="pending"))
Snapshot.progress = property(lambda snapshot: f"{percent(snapshot)}%")
amis.Ami.state = Timed("ec2:image", of(available="pending"))
rds.DBInstance.status = Timed("rds:instance", of_database)
rds.DBSnapshot.status = Timed("rds:snapshot", of(available="creating"))
rds.DBClusterSnapshot.status = Timed("rds:cluster-snapshot", of(available="creating"))
rds.DBSnapshot.percent_progress = property(percent, lambda snapshot, value: None)
rds.DBClusterSnapshot.percent_progress = property(
    lambda snapshot: percent(snapshot) if "_way" in snapshot.__dict__ else 0, lambda snapshot, value: None
)
VolumeAttachment.status = Timed("ec2:attachment", of(attached="attaching"))


class ClusterStatus(Timed):
    """moto writes `creating` past the attribute, and hands it out once."""

    def __get__(self, cluster, owner=None):
        if cluster is not None and "_way" not in cluster.__dict__:
            self.__set__(cluster, "creating")
        return super().__get__(cluster, owner)

    def __set__(self, cluster, target):
        super().__set__(cluster, "available" if target == "creating" else target)


rds.DBCluster.status = ClusterStatus("rds:cluster", of_database)


class TimedInstanceState(instances.InstanceState):
    INTERIM = {"running": ("pending", 0), "stopped": ("stopping", 64), "terminated": ("shutting-down", 32)}

    def __init__(self, name="pending", code=0):
        self.name, self.code = name, code

    @property
    def name(self):
        return way(self).state

    @name.setter
    def name(self, value):
        before = self.__dict__.get("_way")
        if before and before.target == value:
            return
        begin(self, "ec2:instance", value, self.INTERIM.get(value, (None,))[0])
        self.checks = Way("ec2:status", "ok", "initializing")

    @property
    def code(self):
        return self._code if way(self).over else self.INTERIM[way(self).target][1]

    @code.setter
    def code(self, value):
        self._code = value


instances.InstanceState = TimedInstanceState


def checks(instance):
    """docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceStatusSummary.html"""
    if instance.state != "running":
        return {"Status": "not-applicable"}
    status = instance._state.checks.state
    passed = "passed" if status == "ok" else "initializing"
    return {"Status": status, "Details": [{"Name": "reachability", "Status": passed}]}


instances.Instance.instance_status = property(checks)
instances.Instance.system_status = property(checks)


def volume_status(volume):
    birth = volume.__dict__.get("_way")
    if birth and not birth.over:
        return "creating"
    if birth and birth.target != "available":
        return birth.target
    return "in-use" if volume.attachment else "available"


Volume.status = property(volume_status)
