"""
HTTP statuses of errors that moto answers with 400.
docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from moto.core.serialize import EC2Serializer

from .patch import around

STATUSES = {
    "InsufficientInstanceCapacity": 500,
    "InsufficientVolumeCapacity": 500,
    "UnauthorizedOperation": 403,
    "DryRunOperation": 412,
    "RequestLimitExceeded": 503,
}


@around(EC2Serializer, "_serialized_error_to_response")
def serialized_error_to_response(plain, self, response, error, shape, serialized):
    answer = plain(self, response, error, shape, serialized)
    answer["status_code"] = STATUSES.get(serialized["Code"], answer["status_code"])
    return answer
