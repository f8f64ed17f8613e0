"""What the clients' scripts share: each scenario prints one line of JSON, and nothing stops the others."""

import json
import os
import traceback

BASE = os.environ["GATEWAY"]
KEY = os.environ["GATEWAY_KEY"]
MODELS = os.environ["GATEWAY_MODELS"].split()
TEXT = "Hello wörld!"
PNG = "iVBORw0KGgo="
PDF = "JVBERi0xLjQK"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}


def run(client, scenarios, models=None):
    """Runs every scenario against every model."""
    for model in models or MODELS:
        for scenario in scenarios:
            name = f"{client} {scenario.__name__} {model}"
            try:
                scenario(model)
                line = {"name": name, "ok": True}
            except Exception as error:  # a scenario that fails must not hide the next
                where = traceback.extract_tb(error.__traceback__)[-1]
                detail = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"
                line = {"name": name, "ok": False, "detail": detail[:600]}
            print(json.dumps(line), flush=True)


def same(got, wanted):
    """They are equal, or it says what they are."""
    if got != wanted:
        raise AssertionError(f"{got!r} is not {wanted!r}")


def fails(kind, call):
    """It raises this, which is returned."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind}")
