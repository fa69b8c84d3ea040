"""
What policies would allow, asked without doing it.
docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.responses import IamResponse

from . import conditions, iam, settings
from .patch import answers
from .subjects import Subject


@answers(IamResponse, "simulate_principal_policy")
def simulate_principal_policy(self):
    role = role_in(self._get_param("PolicySourceArn"))
    policies, evaluated = settings.get("policies"), settings.get("iam")
    if role not in policies and role not in [one.name for one in self.backend.roles.values()] and (policies or evaluated):
        raise NotFoundException(f"The role with name {role} cannot be found.")
    statements = list(iam.statements_of(self.current_account, role))
    known = {conditions.normal(one["ContextKeyName"]): one["ContextKeyValues"] for one in self._get_param("ContextEntries", []) or []}
    known.setdefault("aws:requestedregion", ["us-east-1"])
    results = [
        {"EvalActionName": action, "EvalResourceName": arn, "EvalDecision": decision(statements, action, arn, known, role, policies)}
        for action in self._get_param("ActionNames", [])
        for arn in self._get_param("ResourceArns", []) or ["*"]
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def role_in(arn):
    """Of a role, or of a session of one."""
    return arn.split("/")[1] if ":assumed-role/" in arn else arn.split("/")[-1]


def decision(statements, action, arn, known, role, policies):
    if role not in policies and not settings.get("iam"):
        # Nothing is evaluated, so everything is allowed.
        return "allowed"
    why = iam.refused(statements, action, Subject(arn, {}, ""), known)
    return "allowed" if why is None else "explicitDeny" if "explicit" in why else "implicitDeny"
