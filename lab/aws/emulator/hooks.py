"""
Ties databases and instances to real processes: tells the lab of every call that changed something, and asks it how far what is
real has come. Where LIFEBOAT_AWS_HOOK is not set, nothing is real and nothing is told.
"""

import json
import os
import threading
import time
import urllib.request

from moto.core.responses import BaseResponse
from moto.ec2.models import ec2_backends
from moto.ec2.responses._base_response import EC2BaseResponse
from moto.rds import models as rds
from moto.rds.responses import RDSResponse

from . import states  # noqa: F401  their statuses are wrapped here
from .moments import source_of

URL = os.environ.get("LIFEBOAT_AWS_HOOK")
TOKEN = os.environ.get("LIFEBOAT_AWS_HOOK_TOKEN", "")
READS = ("Describe", "Get", "List")
FRESH = 0.02
"""Seconds for which an answer of the lab is believed."""
SETTLED = ("available", "stopped")

_lock = threading.Lock()
_telling = threading.Lock()
_state = {"databases": {}, "snapshots": {}, "instances": []}
_asked = 0.0

plain_call_action = BaseResponse.call_action


def call_action(self):
    answer = plain_call_action(self)
    if answer[0] == 200 and isinstance(self, (EC2BaseResponse, RDSResponse)) and not self._get_action().startswith(READS):
        tell(self)
    return answer


def tell(response):
    """The lab does for real what the call did, and answers once it has begun; in the order of the calls."""
    with _telling:
        body = {
            "service": "rds" if isinstance(response, RDSResponse) else "ec2",
            "operation": response._get_action(),
            "account": response.current_account,
            "region": response.region,
            "parameters": parameters_of(response),
            "databases": {
                f"{account}/{region}/{one.db_instance_identifier}": {
                    "open": lets_in(account, region, one.vpc_security_group_ids),
                    "master": one.master_username,
                }
                for account, region, one in databases()
            },
            "instances": {key: instance_of(key) for key in state()["instances"]},
        }
        ask("POST", body)


def parameters_of(response):
    given = {name: values[0] for name, values in response.querystring.items()}
    if response._get_action() == "RestoreDBInstanceToPointInTime":
        named = [given.get(f"Source{what}") for what in ("DBInstanceIdentifier", "DbiResourceId", "DBInstanceAutomatedBackupsArn")]
        given["SourceDBInstanceIdentifier"] = source_of(response.backend, *named).db_instance_arn
    return given


def state():
    if time.monotonic() - _asked > FRESH:
        ask("GET")
    return _state


def ask(method, body=None):
    global _state, _asked
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with _lock:
        with urllib.request.urlopen(urllib.request.Request(URL, data, headers, method=method), timeout=25) as answer:
            _state, _asked = json.load(answer), time.monotonic()


def databases():
    for account, regions in list(rds.rds_backends.items()):
        for region, backend in list(regions.items()):
            for one in list(backend.databases.values()):
                if one.db_cluster_identifier is None:
                    yield account, region, one


def instance_of(key):
    account, region, name = key.split("/")
    instance = ec2_backends[account][region].get_instance_by_id(name)
    groups = [group.id for nic in instance.nics.values() for group in nic.group_set]
    return {"state": instance._state.name, "in": lets_in(account, region, groups), "out": lets_out(account, region, groups)}


def lets_in(account, region, groups):
    return any(group.ingress_rules for group in found(account, region, groups))


def lets_out(account, region, groups):
    return any(group.egress_rules for group in found(account, region, groups))


def found(account, region, groups):
    backend = ec2_backends[account][region]
    return [group for name in groups if (group := backend.get_security_group_from_id(name))]


class Real:
    """A status that says it is reached only when the real thing is that far."""

    def __init__(self, model, phase):
        self.plain, self.phase = model.__dict__["status"], phase

    def __get__(self, resource, owner=None):
        if resource is None:
            return self
        status = self.plain.__get__(resource, owner)
        phase = self.phase(resource) if status in SETTLED else None
        return status if phase is None or phase in SETTLED else phase

    def __set__(self, resource, status):
        self.plain.__set__(resource, status)


def real_database(resource):
    return state()["databases"].get(f"{resource.account_id}/{resource.region}/{resource.db_instance_identifier}")


def endpoint(resource):
    real = real_database(resource)
    return {"Address": "127.0.0.1", "Port": real["port"]} if real else plain_endpoint.fget(resource)


def phase_of_snapshot(resource):
    return state()["snapshots"].get(f"{resource.account_id}/{resource.region}/{resource.db_snapshot_identifier}".lower())


if URL:
    BaseResponse.call_action = call_action
    plain_endpoint = rds.DBInstance.endpoint
    rds.DBInstance.endpoint = property(endpoint)
    rds.DBInstance.status = Real(rds.DBInstance, lambda resource: (real_database(resource) or {}).get("phase"))
    rds.DBSnapshot.status = Real(rds.DBSnapshot, phase_of_snapshot)
