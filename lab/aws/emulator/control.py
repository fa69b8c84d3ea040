"""The control interface: faults, settings, ledger, ready. JSON in and out."""

import json

from . import faults, ledger, settings


def answer(environ, start):
    size = int(environ.get("CONTENT_LENGTH") or 0)
    path = environ["PATH_INFO"].removeprefix("/lifeboat/")
    try:
        asked = json.loads(environ["wsgi.input"].read(size)) if size else {}
        known = ROUTES.get(path)
        status, result = ("200 OK", known(asked)) if known else ("404 Not Found", {"error": f"nothing at {path}"})
    except Exception as error:  # told to whoever asked
        status, result = "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}
    data = json.dumps(result, default=str).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
    return [data]


def put_faults(asked):
    faults.put(asked["accounts"], asked["rules"])
    return {}


def fired(asked):
    return {"rules": faults.listed(asked["accounts"][0])}


def put_settings(asked):
    for account in asked["accounts"]:
        if asked.get("clear"):
            settings.clear(account)
        settings.put(account, asked["settings"])
    return {}


def show_ledger(asked):
    return {"entries": ledger.entries(asked["accounts"])}


ROUTES = {
    "faults": put_faults,
    "fired": fired,
    "settings": put_settings,
    "ledger": show_ledger,
    "ready": lambda _: {"ready": True},
}
