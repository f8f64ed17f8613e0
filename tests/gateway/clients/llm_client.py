"""The command `llm` against the gateway, set up as its documentation says."""

import json
import os
import subprocess
import sys
import tempfile

from common import BASE, KEY, PNG, TEXT, run, same

home = tempfile.TemporaryDirectory()


def llm(model, *arguments):
    entry = f"- model_id: ours\n  model_name: {model}\n  api_base: {BASE}/v1\n  api_key_name: ours\n  vision: true\n  supports_schema: true\n"
    with open(os.path.join(home.name, "extra-openai-models.yaml"), "w", encoding="utf-8") as file:
        file.write(entry)
    command = [sys.executable, "-m", "llm", "-m", "ours", "--key", KEY, "--no-log", *arguments]
    environment = {**os.environ, "LLM_USER_PATH": home.name}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def plain(model):
    same(llm(model, "--no-stream", "Say hello.").stdout.strip(), TEXT)


def streamed(model):
    same(llm(model, "Say hello.").stdout.strip(), TEXT)


def picture(model):
    import base64

    path = os.path.join(home.name, "a.png")
    with open(path, "wb") as file:
        file.write(base64.b64decode(PNG))
    same(llm(model, "--attachment-type", path, "image/png", "What is this?").stdout.strip(), "A picture of 8 bytes.")


def structured(model):
    same(json.loads(llm(model, "--schema", "name, age int", "Who?").stdout), {"name": "Ada", "age": 36})


def errors(model):
    wrong = llm("nobody/nothing", "Say hello.")
    assert wrong.returncode != 0 and "404" in wrong.stderr, wrong.stderr


def broken(model):
    assert llm(model, "Please break.").returncode != 0


run("llm", [plain, streamed, picture, structured, errors, broken])
