"""What stands before moto: faults, dead regions, throttling, policies, the ledger, and the control interface."""

import socket
import struct
import time
import traceback

from . import buckets, control, faults, iam, ledger, request, settings
from .refusal import refusal

THROTTLED = {"ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503), "kms": ("ThrottlingException", 400)}


class Front:
    """WSGI application around moto's."""

    def __init__(self, moto):
        self.moto = moto

    def __call__(self, environ, start):
        if environ.get("PATH_INFO", "").startswith("/lifeboat/"):
            return control.answer(environ, start)
        call = request.read(environ)
        if call is None:
            return self.moto(environ, start)
        token = request.current.set(call)
        try:
            return self.answer(call, environ, start)
        except ConnectionError:
            raise
        except Exception as error:
            traceback.print_exc()
            return refuse(call, start, "InternalFailure", f"{type(error).__name__}: {error}", 500)
        finally:
            request.current.reset(token)

    def answer(self, call, environ, start):
        if region_of(call) in settings.get("unreachable", call.account):
            return cut(environ)
        fault = faults.take(call)
        kind = fault["kind"] if fault else None
        if kind == "reset":
            return cut(environ)
        if kind == "refuse":
            return refuse(call, start, fault.get("code", "InternalError"), "Injected.", fault.get("status", 500))
        if kind == "throttle" or not buckets.take(call):
            code, status = THROTTLED.get(call.service, ("Throttling", 400))
            return refuse(call, start, (fault or {}).get("code", code), "Rate exceeded", (fault or {}).get("status", status))
        if kind == "slow":
            time.sleep(fault.get("seconds", 1))
        denied = iam.denial(call)
        if denied:
            return refuse(call, start, *denied)
        ledger.before(call)
        answer = self.moto_answer(call, environ, start)
        ledger.after(call)
        if fault:
            faults.done(fault)
        if kind == "late":
            time.sleep(fault.get("seconds", 1))
        return cut(environ) if kind == "lose" else answer

    def moto_answer(self, call, environ, start):
        told = []
        try:
            answer = list(self.moto(environ, lambda status, headers, *rest: told.extend((status, headers))))
        except NotImplementedError as error:
            return refuse(call, start, "NotImplemented", str(error), 501)
        status, headers = told
        if status.startswith("404") and "html" in dict(headers).get("Content-Type", ""):
            return refuse(call, start, "NotImplemented", f"{call.service} {call.operation} has not been implemented", 501)
        start(status, headers)
        return answer


def region_of(call):
    """Where the answer is made: the control planes of Route 53 and IAM stand in us-east-1."""
    return "us-east-1" if call.service in ("route53", "iam") else call.region


def refuse(call, start, code, message, status):
    kind, body = refusal(call.service, code, message, status)
    data = body.encode()
    start(f"{status} Refused", [("Content-Type", kind), ("Content-Length", str(len(data)))])
    return [data]


def cut(environ):
    """Ends the connection without an answer."""
    connection = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("cut")
