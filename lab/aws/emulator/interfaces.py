"""
Network interfaces: each has security groups of its own; those of an instance are those of its first one.
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html
"""

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance

from .patch import around

NetworkInterface.group_set = property(lambda interface: interface._group_set)


def groups(instance):
    first = getattr(instance, "nics", {}).get(0)
    return first._group_set if first else instance.__dict__.get("security_groups", [])


def set_groups(instance, wanted):
    instance.__dict__["security_groups"] = wanted
    first = getattr(instance, "nics", {}).get(0)
    if first:
        first._group_set = list(wanted)


Instance.security_groups = property(groups, set_groups)


@around(Instance, "prep_nics")
def prep_nics(plain, instance, nic_spec, *args, **kwargs):
    """
    An interface that is made with an instance goes with it.
    docs.aws.amazon.com/AWSEC2/latest/UserGuide/modify-network-interface-attributes.html (termination behavior)
    """
    plain(instance, nic_spec, *args, **kwargs)
    given = {str(one.get("DeviceIndex")): one for one in nic_spec or []}
    for index, interface in instance.nics.items():
        said = given.get(str(index), {})
        if "NetworkInterfaceId" not in said and said.get("DeleteOnTermination") is not False:
            interface.delete_on_termination = True
