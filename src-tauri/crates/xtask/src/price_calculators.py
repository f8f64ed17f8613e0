"""What two price calculators of others say each recording cost.

Usage: price_calculators.py FOLDER... > calculators.json

Reads recordings (JSON files) and hands what the provider said it counted to `genai-prices` and to LiteLLM's
`completion_cost`, each by its own reading of it. Prints {recording id: {"genai": …, "litellm": …}}; a value is
a decimal text in dollars, or null where the calculator knows no such model.
"""

import datetime
import json
import os
import pathlib
import re
import sys
import urllib.parse

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOG"] = "ERROR"

import genai_prices  # noqa: E402
import litellm  # noqa: E402

WHEN = datetime.datetime(2026, 11, 10, 12, tzinfo=datetime.timezone.utc)
# Our provider, their names; genai-prices' API flavour by the wire format.
GENAI = {"bedrock": "aws", "google": "google", "vertex": "google", "xai": "x-ai", "mistral": "mistral"}
FLAVOR = {"openai-chat": "chat", "openai-responses": "responses"}
PLAIN = {"groq", "mistral", "perplexity", "anthropic", "bedrock", "cohere"}
LITELLM = {
    "google": "gemini", "vertex": "vertex_ai", "fireworks": "fireworks_ai", "together": "together_ai",
    "moonshotai": "moonshot", "zai": "zai", "vercel-gateway": "vercel_ai_gateway",
}


def model_of(recording):
    """What was asked for; else what answered."""
    body = recording["request"].get("body")
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            body = None
    path = urllib.parse.unquote(recording["request"].get("path") or "")
    asked = body.get("model") if isinstance(body, dict) else None
    for pattern in (r"/models/([^/:?]+)", r"/model/([^/?]+)", r"/deployments/([^/?]+)"):
        found = re.search(pattern, path)
        asked = asked or (found and found.group(1))
    return asked or recording["expect"].get("model") or "unnamed"


def by_genai(recording, model, usage):
    provider, wire = recording["provider"], recording["wire"]
    named = "usageMetadata" if wire in ("google-generate", "gemini") else "usage"
    theirs = GENAI.get(provider, provider)
    flavor = "default" if provider in PLAIN else FLAVOR.get(wire, "default")
    if provider == "vertex" and wire == "anthropic-messages":
        flavor = "anthropic"
    answer = {"model": model, "modelVersion": model, named: usage}
    found = genai_prices.extract_usage(answer, provider_id=theirs, api_flavor=flavor)
    price = genai_prices.calc_price(found.usage, model, provider_id=theirs, genai_request_timestamp=WHEN)
    return format(price.total_price, "f")


def by_litellm(recording, model):
    said = recording["expect"]["usage"]
    provider = LITELLM.get(recording["provider"], recording["provider"])
    cached, written = said.get("cached") or 0, said.get("cache_write") or 0
    usage = litellm.Usage(
        prompt_tokens=said["input"] or 0,
        completion_tokens=said["output"] or 0,
        total_tokens=(said["input"] or 0) + (said["output"] or 0),
        prompt_tokens_details={"cached_tokens": cached},
        completion_tokens_details={"reasoning_tokens": said.get("reasoning") or 0},
        **({"cache_creation_input_tokens": written} if written else {}),
        **({"cache_read_input_tokens": cached} if recording["wire"] == "anthropic-messages" else {}),
    )
    answer = litellm.ModelResponse(model=model, usage=usage)
    cost = litellm.completion_cost(completion_response=answer, model=model, custom_llm_provider=provider)
    return format(cost, ".15f")


def attempt(work):
    """None where the calculator refuses: it says so by an exception."""
    try:
        return work()
    except Exception as refusal:  # noqa: BLE001
        print(f"  refused: {type(refusal).__name__}: {str(refusal)[:120]}", file=sys.stderr)
        return None


def main(folders):
    answers = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).glob("*.json")):
            recording = json.loads(path.read_text())
            raw = recording["expect"].get("raw_usage")
            counted = recording["expect"].get("usage") or {}
            if recording["response"]["status"] >= 400 or not raw or counted.get("input") is None:
                continue
            model = model_of(recording)
            print(recording["id"], model, file=sys.stderr)
            answers[recording["id"]] = {
                "genai": attempt(lambda: by_genai(recording, model, raw)),
                "litellm": attempt(lambda: by_litellm(recording, model)),
            }
    versions = {"genai-prices": "0.2.3", "litellm": "1.109.1", "recordings": answers}
    json.dump(versions, sys.stdout, indent=1, sort_keys=True)
    print()


main(sys.argv[1:])
