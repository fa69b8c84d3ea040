"""
Engine versions, and the classes that there are for them.
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html
"""

from moto.core.responses import ActionResult
from moto.rds.models import DBInstance
from moto.rds.responses import RDSResponse

from .patch import answers

VERSIONS = {
    "postgres": ["13.16", "14.13", "15.8", "16.4", "17.2"],
    "mysql": ["8.0.39", "8.4.3"],
    "aurora-postgresql": ["14.13", "15.8", "16.4"],
    "aurora-mysql": ["8.0.mysql_aurora.3.07.1"],
}
FAMILIES = ("t3", "t4g", "m5", "m6g", "m6i", "m7g", "m7i", "r5", "r6g", "r6i", "r7g")
SIZES = ("micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge")
DBInstance.default_engine_versions["postgres"] = "15.8"


def versions_of(engine, version):
    for name, versions in VERSIONS.items():
        for one in versions:
            if engine in (None, name) and (version is None or one == version or one.split(".")[0] == version):
                yield name, one


@answers(RDSResponse, "describe_db_engine_versions")
def describe_db_engine_versions(self):
    found = [
        {
            "Engine": name,
            "EngineVersion": version,
            "DBParameterGroupFamily": f"{name}{version.split('.')[0]}",
            "DBEngineDescription": name,
            "Status": "available",
            "ValidUpgradeTarget": [],
            "SupportsReadReplica": True,
            "SupportsGlobalDatabases": name.startswith("aurora"),
        }
        for name, version in versions_of(self.params.get("Engine"), self.params.get("EngineVersion"))
    ]
    return ActionResult({"DBEngineVersions": found})


@answers(RDSResponse, "describe_orderable_db_instance_options")
def describe_orderable_db_instance_options(self):
    wanted = self.params.get("DBInstanceClass")
    classes = [f"db.{family}.{size}" for family in FAMILIES for size in SIZES]
    found = [
        {
            "Engine": name,
            "EngineVersion": version,
            "DBInstanceClass": one,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": [{"Name": f"{self.region}{letter}"} for letter in "abc"],
            "MultiAZCapable": True,
            "ReadReplicaCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": "gp3",
            "SupportsIops": True,
            "SupportsGlobalDatabases": name.startswith("aurora"),
        }
        for name, version in versions_of(self.params.get("Engine"), self.params.get("EngineVersion"))
        for one in classes
        if wanted in (None, one)
    ]
    return ActionResult({"OrderableDBInstanceOptions": found})
