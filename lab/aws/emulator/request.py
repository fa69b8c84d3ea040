"""Who asks for what: service, operation, region and account of an HTTP request."""

import contextvars
import io
import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from moto.iam.models import get_account_id_from

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request")
ROUTED = {"route53": "route53", "s3": "s3"}

current = contextvars.ContextVar("request", default=None)


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    region: str
    account: str
    key: str
    """Access key id."""
    body: str
    path: str = ""

    @property
    def changes(self):
        return not re.match(r"(Describe|Get|List|Head|Test|Lookup|Search)", self.operation)

    @property
    def dry_run(self):
        return "DryRun=true" in self.body


def account():
    """The account whose request is being answered; None outside of one."""
    call = current.get()
    return call.account if call else None


def read(environ):
    """The call that a WSGI request makes, or None where it is no signed call of an AWS API."""
    scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if not scope:
        return None
    key, region, service = scope.groups()
    body = body_of(environ)
    operation = operation_of(service, environ, body)
    return Call(service, operation, region, account_of(key, operation, body), key, body, environ.get("PATH_INFO", ""))


def body_of(environ):
    """The body as text; it stays readable for whoever answers."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return ""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    data = environ["wsgi.input"].read(size) if size else b""
    environ["wsgi.input"] = io.BytesIO(data)
    return data.decode("utf-8", "replace")


def operation_of(service, environ, body):
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return target.split(".")[-1]
    if service in ROUTED:
        try:
            operation, _ = get_service_router(ROUTED[service]).match(MotoRequest({**environ, "wsgi.input": io.BytesIO()}))
            return operation.name
        except Exception:  # whatever the router makes of a strange path
            return ""
    fields = parse_qs(body or environ.get("QUERY_STRING", ""))
    return fields.get("Action", [""])[0]


def account_of(key, operation, body):
    """Taking on a role counts as a call of the role's account."""
    if operation == "AssumeRole":
        role = re.search(r"arn:[^:]+:iam::(\d+):", parse_qs(body).get("RoleArn", [""])[0])
        if role:
            return role.group(1)
    return get_account_id_from(key)
