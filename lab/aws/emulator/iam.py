"""
Who may do what: policies, evaluated for each account on its own.
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import fnmatch

from moto.sts.models import sts_backends

from . import conditions, settings, subjects

FREE = {"sts:GetCallerIdentity", "sts:AssumeRole", "sts:GetSessionToken"}
PREFIXES = {"monitoring": "cloudwatch"}
S3 = {
    "ListObjectsV2": ["ListBucket"],
    "ListObjects": ["ListBucket"],
    "HeadBucket": ["ListBucket"],
    "ListBuckets": ["ListAllMyBuckets"],
    "ListObjectVersions": ["ListBucketVersions"],
    "HeadObject": ["GetObject"],
    "CopyObject": ["GetObject", "PutObject"],
    "CreateMultipartUpload": ["PutObject"],
    "UploadPart": ["PutObject"],
    "CompleteMultipartUpload": ["PutObject"],
    "DeleteObjects": ["DeleteObject"],
    "GetObjectLockConfiguration": ["GetBucketObjectLockConfiguration"],
    "PutObjectLockConfiguration": ["PutBucketObjectLockConfiguration"],
}
"""docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""


def denial(call):
    """Code, message and status of the refusal of a call; None where it may be made."""
    if not settings.get("iam", call.account):
        return None
    role = role_of(call)
    statements = list(statements_of(call.account, role))
    for action in actions_of(call):
        if action in FREE:
            continue
        for subject in subjects.of(call):
            known = conditions.context(call, subject)
            for needed, more in [(action, {}), *implied(call, subject, known)]:
                why = refused(statements, needed, subject, {**known, **more})
                if why:
                    who = f"arn:aws:sts::{call.account}:assumed-role/{role}"
                    what = f"is not authorized to perform: {needed} on resource: {subject.arn} because {why}"
                    return refusal(call.service, f"User: {who} {what}")
    return None


def implied(call, subject, known):
    """
    What is asked for beside the call, with more that conditions know then: to tag what is made, and to give it a role.
    docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-grant-permissions-tags-on-create.html
    docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if not subject.new:
        return
    if call.service == "ec2" and "aws:tagkeys" in known:
        yield "ec2:CreateTags", {"ec2:createaction": [call.operation]}
    if call.service == "rds" and "aws:tagkeys" in known:
        yield "rds:AddTagsToResource", {}
    if call.operation == "RunInstances" and any(name.startswith("IamInstanceProfile.") for name in subjects.fields(call)):
        yield "iam:PassRole", {"iam:passedtoservice": ["ec2.amazonaws.com"]}


def actions_of(call):
    prefix = PREFIXES.get(call.service, call.service)
    names = S3.get(call.operation, [call.operation]) if call.service == "s3" else [call.operation]
    return [f"{prefix}:{name}" for name in names]


def role_of(call):
    for assumed in sts_backends[call.account]["aws"].assumed_roles:
        if assumed.access_key_id == call.key:
            return assumed.role_arn.split("/")[-1]
    return ""


def statements_of(account, role):
    documents = settings.get("policies", account).get(role, [])
    for document in documents if isinstance(documents, list) else [documents]:
        found = document["Statement"]
        yield from found if isinstance(found, list) else [found]


def refused(statements, action, subject, context):
    """Why; None where it is allowed."""
    allowed = False
    for statement in statements:
        if not (
            concerns(statement, action) and covers(statement, subject.arn) and conditions.hold(statement.get("Condition", {}), context)
        ):
            continue
        if statement["Effect"] == "Deny":
            return "an explicit deny in an identity-based policy"
        allowed = True
    return None if allowed else f"no identity-based policy allows the {action} action"


def concerns(statement, action):
    if "NotAction" in statement:
        return not any(like(action, one) for one in as_list(statement["NotAction"]))
    return any(like(action, one) for one in as_list(statement["Action"]))


def covers(statement, arn):
    if "NotResource" in statement:
        return not any(like(arn, one) for one in as_list(statement["NotResource"]))
    # What has no ARN of its own is any resource: only `*` covers it.
    return any(like(arn, one) for one in as_list(statement.get("Resource", "*")))


def like(value, pattern):
    # `${*}` is an asterisk itself: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    return fnmatch.fnmatchcase(value.lower(), pattern.lower().replace("[", "[[]").replace("${*}", "[*]"))


def as_list(value):
    return value if isinstance(value, list) else [value]


def refusal(service, message):
    if service == "ec2":
        return "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403
    if service in ("kms", "secretsmanager", "servicequotas"):
        return "AccessDeniedException", message, 400
    return "AccessDenied", message, 403
