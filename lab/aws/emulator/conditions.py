"""
Conditions of policy statements.
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import fnmatch
import re

from . import subjects


def context(call, subject):
    """Values by condition key, in lower case but for the tag's own key."""
    known = {"aws:requestedregion": [call.region], "aws:principalaccount": [call.account], "ec2:region": [call.region]}
    # EC2 gives the request's tags to what is made of them alone.
    beside = call.service == "ec2" and not subject.new and subjects.MAKES.match(call.operation) and call.operation != "CreateTags"
    asked = {} if beside else subjects.request_tags(call, subject.new if subject.new != "new" else "")
    for key, value in asked.items():
        known[f"aws:requesttag/{key}"] = [value]
    if asked:
        known["aws:tagkeys"] = list(asked)
    if call.operation == "ChangeResourceRecordSets":
        # docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
        names = [name.lower().rstrip(".") for name in re.findall(r"<Name>([^<]*)</Name>", call.body)]
        known["route53:changeresourcerecordsetsnormalizedrecordnames"] = names
    for key, value in subject.tags.items():
        for prefix in ("aws", call.service):
            known[f"{prefix}:resourcetag/{key}"] = [value]
    return known


def hold(wanted, known):
    """Whether every condition holds."""
    return all(one(operator, values(known, key), expected) for operator, keys in wanted.items() for key, expected in keys.items())


def values(known, key):
    return known.get(normal(key))


def normal(key):
    """Names of keys are the same in any case; those of tags are not."""
    name, slash, tag = key.partition("/")
    return name.lower() + slash + tag


def one(operator, found, expected):
    wanted = [str(value) for value in (expected if isinstance(expected, list) else [expected])]
    if operator == "Null":
        return (found is None) == (wanted[0].lower() == "true")
    quantifier, _, plain = operator.rpartition(":")
    optional = plain.endswith("IfExists")
    plain = plain.removesuffix("IfExists")
    negated = plain in ("StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase", "ArnNotLike", "ArnNotEquals")
    match = COMPARISONS[plain.replace("Not", "")]
    if found is None:
        # A negated operator holds for what is not there.
        return optional or negated or quantifier == "ForAllValues"
    hits = [any(match(value, pattern) for pattern in wanted) != negated for value in found]
    return any(hits) if quantifier == "ForAnyValue" else all(hits)


def like(value, pattern):
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


COMPARISONS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": like,
    "ArnLike": like,
    "ArnEquals": like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}
