"""
What one account gives to another.
docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-explicit.html
"""

from moto.core.responses import EmptyResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AmiBackend
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from . import keys
from .patch import around


def snapshot(account, region, snapshot_id):
    """A snapshot that the account has in a region, or was given; None otherwise."""
    own = ec2_backends[account][region].snapshots.get(snapshot_id)
    return own or next((one for one in others(account, region, "snapshots", snapshot_id) if given_snapshot(one, account)), None)


def image(account, region, image_id):
    own = ec2_backends[account][region].amis.get(image_id)
    return own or next((one for one in others(account, region, "amis", image_id) if given_image(one, account)), None)


def others(account, region, held, name):
    for owner in list(ec2_backends.keys()):
        if owner != account and region in ec2_backends[owner].keys():
            found = getattr(ec2_backends[owner][region], held).get(name)
            if found:
                yield found


def given_snapshot(found, account):
    return account in found.create_volume_permission_userids or "all" in found.create_volume_permission_groups


def given_image(found, account):
    return {"UserId": account} in found.launch_permissions or found.is_public


@around(EBSBackend, "add_create_volume_permission")
def add_create_volume_permission(plain, backend, snapshot_id, user_ids, groups):
    shared = backend.get_snapshot(snapshot_id)
    if shared.encrypted and (not shared.kms_key_id or keys.of_aws(shared.kms_key_id, backend.account_id, backend.region_name)):
        raise EC2ClientError("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
    return plain(backend, snapshot_id, user_ids, groups)


@around(ElasticBlockStore, "modify_snapshot_attribute")
def modify_snapshot_attribute(plain, self):
    """The form with CreateVolumePermission, which moto takes and forgets."""
    wanted = self._get_param("CreateVolumePermission", {})
    if not wanted:
        return plain(self)
    self.error_on_dryrun()
    acts = {"Add": self.ec2_backend.add_create_volume_permission, "Remove": self.ec2_backend.remove_create_volume_permission}
    for form, act in acts.items():
        users = [one["UserId"] for one in wanted.get(form, []) if "UserId" in one]
        groups = [one["Group"] for one in wanted.get(form, []) if "Group" in one]
        if users or groups:
            act(self._get_param("SnapshotId"), user_ids=users, groups=groups)
    return EmptyResult()


@around(AmiBackend, "describe_images")
def describe_images(plain, backend, ami_ids=None, filters=None, exec_users=None, owners=None):
    shared = [image(backend.account_id, backend.region_name, one) for one in ami_ids or [] if one not in backend.amis]
    shared = [one for one in shared if one]
    left = [one for one in ami_ids or [] if one not in [found.id for found in shared]]
    if shared and not left:
        return shared
    return plain(backend, left, filters, exec_users, owners) + shared
