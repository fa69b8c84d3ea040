"""
Ids of hosted zones begin with Z.
docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html
"""

from moto.route53 import models

from .patch import around


@around(models, "create_route53_zone_id")
def create_route53_zone_id(plain, *args, **kwargs):
    return "Z" + plain(*args, **kwargs)[1:]
