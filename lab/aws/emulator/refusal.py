"""An error in the protocol of a service."""

import json

from moto.core.utils import get_service_model

JSON = {"json", "rest-json"}
SERVICES = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
"""botocore's name of a service, by the name that it signs with."""


def refusal(service, code, message, status):
    """Content type and body."""
    protocol = protocol_of(service)
    if protocol in JSON:
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    text = message.replace("&", "&amp;").replace("<", "&lt;")
    error = f"<Code>{code}</Code><Message>{text}</Message>"
    if service == "ec2":
        return "text/xml", f"<Response><Errors><Error>{error}</Error></Errors><RequestID>lifeboat</RequestID></Response>"
    if service == "s3":
        return "application/xml", f"<Error>{error}<RequestId>lifeboat</RequestId></Error>"
    kind = "Sender" if status < 500 else "Receiver"
    return (
        "text/xml",
        f"<ErrorResponse><Error><Type>{kind}</Type>{error}</Error><RequestId>lifeboat</RequestId></ErrorResponse>",
    )


def protocol_of(service):
    try:
        return get_service_model(SERVICES.get(service, service)).protocol
    except Exception:  # a service that nobody knows
        return "query"
