"""Aider's command line against the gateway, with the set-up that Settings → Gateway shows."""

import os
import subprocess
import sys
import tempfile

from common import BASE, KEY, TEXT, run


def aider(model, words, *arguments):
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "HOME": home,
            "OPENAI_API_BASE": f"{BASE}/v1",
            "OPENAI_API_KEY": KEY,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "AIDER_CHECK_UPDATE": "false",
            "AIDER_ANALYTICS": "false",
        }
        command = [sys.executable, "-m", "aider", "--model", f"openai/{model}", "--message", words, "--yes-always"]
        command += ["--no-git", "--no-pretty", "--no-show-model-warnings", "--no-auto-commits", "--map-tokens", "0"]
        command += ["--no-check-update", "--no-gitignore", "--chat-mode", "ask", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=home, timeout=300)


def streamed(model):
    told = aider(model, "Say hello.", "--stream")
    assert TEXT in told.stdout, told.stdout + told.stderr


def plain(model):
    told = aider(model, "Say hello.", "--no-stream")
    assert TEXT in told.stdout, told.stdout + told.stderr


run("aider", [streamed, plain])
