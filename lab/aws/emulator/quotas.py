"""
Service quotas, as the accounts' settings say.
docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html
"""

import re

from moto.core.exceptions import JsonRESTError
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.rds import models as rds
from moto.rds.exceptions import RDSClientError
from moto.servicequotas.models import ServiceQuotasBackend

from . import settings

QUOTAS = {
    "ec2": {"L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 1000)},
    "rds": {"L-7B6409FD": ("DB instances", 40), "L-272F1212": ("Manual DB instance snapshots", 100)},
}
NAMED = {"L-7B6409FD": "rds:instances", "L-272F1212": "rds:snapshots"}
STANDARD = re.compile(r"^[acdhimrtz]\d")


def limit(service, code):
    given = settings.get("quotas")
    return given.get(code, given.get(NAMED.get(code), QUOTAS[service][code][1]))


def for_instances(backend, kind, count):
    if not STANDARD.match(kind):
        return
    running = [one for one in backend.all_instances() if one.state in ("running", "pending") and STANDARD.match(one.instance_type)]
    used = sum(cpus(one.instance_type) for one in running)
    allowed = limit("ec2", "L-1216C47A")
    if used + count * cpus(kind) > allowed:
        raise EC2ClientError(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {allowed} allows for the instance bucket "
            "that the specified instance type belongs to.",
        )


def cpus(kind):
    return INSTANCE_TYPES.get(kind, {}).get("VCpuInfo", {}).get("DefaultVCpus", 2)


def for_databases(backend):
    if len(backend.databases) >= limit("rds", "L-7B6409FD"):
        raise RDSClientError("InstanceQuotaExceeded", "DB Instance Quota Exceeded")


rds.RDSBackend.SNAPSHOT_QUOTA = property(lambda backend: limit("rds", "L-272F1212") + automatic(backend))


def automatic(backend):
    """Automatic snapshots do not count."""
    held = (*backend.database_snapshots.values(), *backend.cluster_snapshots.values())
    return sum(1 for one in held if one.snapshot_type != "manual")


def described(service, code, region, account):
    name, _ = QUOTAS[service][code]
    return {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": name,
        "QuotaArn": f"arn:aws:servicequotas:{region}:{account}:{service}/{code}",
        "Value": float(limit(service, code)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


plain_list = ServiceQuotasBackend.list_aws_default_service_quotas
plain_get = ServiceQuotasBackend.get_service_quota


def list_quotas(self, service_code):
    if service_code in QUOTAS:
        return [described(service_code, code, self.region_name, self.account_id) for code in QUOTAS[service_code]]
    return plain_list(self, service_code)


def get_quota(self, service_code, quota_code):
    if service_code not in QUOTAS:
        return plain_get(self, service_code, quota_code)
    if quota_code not in QUOTAS[service_code]:
        raise JsonRESTError("NoSuchResourceException", f"There is no quota {quota_code} of {service_code}.")
    return described(service_code, quota_code, self.region_name, self.account_id)


ServiceQuotasBackend.list_aws_default_service_quotas = list_quotas
ServiceQuotasBackend.get_service_quota = get_quota
