"""Serves an emulated AWS: `python -m emulator PORT`, on 127.0.0.1."""

import logging
import os
import signal
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from . import behaviour  # noqa: F401  moto behaves otherwise from here on
from .front import Front


def serve(port):
    os.environ["MOTO_PORT"] = str(port)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    application = Front(DomainDispatcherApplication(backend_app))
    make_server("127.0.0.1", port, application, threaded=True, request_handler=MotoRequestHandler).serve_forever()


def backend_app(service):
    """What fails inside it is told in the protocol of the service, not as a page."""
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


if __name__ == "__main__":
    serve(int(sys.argv[1]))
