"""
ClientToken: the same request gets the same answer, another one is refused.
docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
"""

import hashlib
import json
import re
import threading

from moto.core.responses import BaseResponse
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.responses._base_response import EC2BaseResponse

from .patch import around

TOKENED = re.compile(r"^(Run|Create|Copy|Allocate|Register|Modify|Import)")
_answers = {}
"""(account, region, action, token) -> (digest of the parameters, answer)"""
_one_at_a_time = threading.Lock()
"""The server is threaded: looking up and acting are one."""


@around(BaseResponse, "call_action")
def call_action(plain, self):
    token = token_of(self)
    return once(plain, self, token) if token else plain(self)


def token_of(self):
    if not isinstance(self, EC2BaseResponse) or not TOKENED.match(self._get_action() or ""):
        return None
    if str(self.querystring.get("DryRun", ["false"])[0]).lower() == "true":
        return None
    return self.querystring.get("ClientToken", [None])[0]


def once(plain, self, token):
    parameters = {key: value for key, value in sorted(self.querystring.items()) if key != "ClientToken"}
    digest = hashlib.sha1(json.dumps(parameters, default=str).encode()).hexdigest()
    key = (self.current_account, self.region, self._get_action(), token)
    with _one_at_a_time:
        if key not in _answers:
            answer = plain(self)
            if answer[0] == 200:
                _answers[key] = (digest, answer)
            return answer
        seen, answer = _answers[key]
        if seen != digest:
            return refused(
                self,
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
        if ended(self, answer[2]):
            return refused(self, "IdempotentInstanceTerminated", "The instance of this token was terminated.")
        return answer


def ended(self, body):
    """Whether what the token stands for was terminated since."""
    if self._get_action() != "RunInstances":
        return False
    backend = ec2_backends[self.current_account][self.region]
    found = [backend.get_instance_by_id(one) for one in re.findall(r"<instanceId>([^<]+)", body)]
    return all(instance is None or instance.state in ("terminated", "shutting-down") for instance in found)


def refused(self, code, message):
    from moto.core.responses import ActionResult

    status, headers, body = self.serialized(ActionResult(EC2ClientError(code, message)))
    return status, headers, body
