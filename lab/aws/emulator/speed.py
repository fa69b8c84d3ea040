"""What moto looks up anew for each request, and need not: it makes thousands of resources slow."""

import functools

from moto.core import responses, utils
from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

responses.method_names_from_class = functools.lru_cache(maxsize=None)(lambda of: frozenset(utils.method_names_from_class(of)))


def tags(resource):
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(resource.id), "")
    held = resource.ec2_backend.tags.get(resource.id, {}) if resource.id else {}
    return [{"resource_id": resource.id, "key": key, "value": value, "resource_type": kind} for key, value in held.items()]


TaggedEC2Resource.get_tags = tags
