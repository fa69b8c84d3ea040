"""
Long lists in pages.
docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html
"""

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.amis import AmisResponse
from moto.ec2.responses.elastic_block_store import ElasticBlockStore
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from .patch import around

EC2 = [
    (ElasticBlockStore, "describe_snapshots", "Snapshots"),
    (ElasticBlockStore, "describe_volumes", "Volumes"),
    (AmisResponse, "describe_images", "Images"),
]
RDS = [
    ("describe_db_instances", "DBInstances"),
    ("describe_db_snapshots", "DBSnapshots"),
    ("describe_db_clusters", "DBClusters"),
    ("describe_db_cluster_snapshots", "DBClusterSnapshots"),
    ("describe_global_clusters", "GlobalClusters"),
    ("describe_db_engine_versions", "DBEngineVersions"),
    ("describe_orderable_db_instance_options", "OrderableDBInstanceOptions"),
]


def page(items, asked, token, most):
    """This page, and the token of the next one or None."""
    size = min(int(asked), most) if asked else most
    start = int(token or 0)
    return items[start : start + size], str(start + size) if start + size < len(items) else None


def of_ec2(owner, name, key):
    @around(owner, name)
    def paged(plain, self):
        asked = self._get_param("MaxResults")
        if asked and not 5 <= int(asked) <= 1000:
            raise EC2ClientError("InvalidParameterValue", f"Value ( {asked} ) for parameter maxResults is invalid.")
        result = plain(self).result
        result[key], result["NextToken"] = page(list(result[key]), asked, self._get_param("NextToken"), 1000)
        return ActionResult(result)


def of_rds(name, key):
    @around(RDSResponse, name)
    def paged(plain, self):
        asked = self.params.get("MaxRecords")
        if asked and not 20 <= int(asked) <= 100:
            raise RDSClientError("InvalidParameterValue", f"Invalid value {asked} for MaxRecords. Must be between 20 and 100")
        result = plain(self).result
        result[key], result["Marker"] = page(list(result[key]), asked, self.params.get("Marker"), 100)
        return ActionResult(result)


for owner, name, key in EC2:
    of_ec2(owner, name, key)
for name, key in RDS:
    of_rds(name, key)
