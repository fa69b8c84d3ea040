"""
Keys: one that cannot be used where the copy is made is refused.
docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html
"""

import re

from moto.ec2.exceptions import EC2ClientError
from moto.kms.models import KmsBackend, kms_backends

from .patch import around

ARN = re.compile(r"arn:aws:kms:(?P<region>[^:]+):(?P<account>\d+):(?:key/(?P<key>.+)|(?P<alias>alias/.+))")


def usable(key, account, region):
    """
    ARN of a key that is enabled in this region; raises KeyError where there is none.
    A key of another account counts as shared where its policy names this account.
    """
    named = ARN.fullmatch(key)
    if named and named["region"] != region:
        raise KeyError(key)
    owner = named["account"] if named else account
    found = kms_backends[owner][region].describe_key((named["key"] or named["alias"]) if named else key)
    if found.key_state != "Enabled" or (owner != account and account not in (found.policy or "")):
        raise KeyError(key)
    return found.arn


@around(KmsBackend, "create_alias")
def create_alias(plain, backend, target_key_id, alias_name):
    """Keys that AWS makes for its services are told apart: docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html"""
    alias = plain(backend, target_key_id, alias_name)
    if alias_name.startswith("alias/aws/"):
        backend.describe_key(target_key_id).key_manager = "AWS"
    return alias


def of_aws(key, account, region):
    """Whether it is one of those, which cannot be shared."""
    try:
        return kms_backends[account][region].describe_key(key).key_manager == "AWS"
    except Exception:  # whatever way there is no such key
        return False


def for_ec2(key, account, region):
    try:
        return usable(key, account, region)
    except Exception:  # moto's own NotFound is of another service's errors
        raise EC2ClientError("InvalidKmsKey.InvalidState", f"The KMS key {key} cannot be used in {region}.") from None


def default(backend):
    """ARN of the account's own key for EBS in a region."""
    return backend.default_kms_key_id or backend._create_default_encryption_key()
