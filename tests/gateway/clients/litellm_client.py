"""LiteLLM against the gateway, by OpenAI's protocol and by Anthropic's."""

import json
import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

from common import BASE, KEY, PERSON, PNG, TEXT, WEATHER, fails, run, same

litellm.telemetry = False
litellm.suppress_debug_info = True
WAYS = [("openai/", f"{BASE}/v1"), ("anthropic/", BASE)]


def ask(way, model, content="Say hello.", **more):
    prefix, base = way
    messages = more.pop("messages", [{"role": "user", "content": content}])
    return litellm.completion(
        model=prefix + model, api_base=base, api_key=KEY, messages=messages, num_retries=0, **more
    )


def plain(model):
    for way in WAYS:
        answer = ask(way, model)
        same((answer.choices[0].message.content, answer.choices[0].finish_reason), (TEXT, "stop"))
        same(answer.usage.prompt_tokens, 20)


def streamed(model):
    for way in WAYS:
        chunks = ask(way, model, stream=True)
        same("".join(chunk.choices[0].delta.content or "" for chunk in chunks), TEXT)


def tools(model):
    tool = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": WEATHER}}
    question = {"role": "user", "content": "How is it in Paris?"}
    for way in WAYS:
        answer = ask(way, model, messages=[question], tools=[tool])
        call = answer.choices[0].message.tool_calls[0]
        same(json.loads(call.function.arguments), {"city": "Paris"})
        result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        messages = [question, answer.choices[0].message.model_dump(), result]
        answer = ask(way, model, messages=messages, tools=[tool])
        same(answer.choices[0].message.content, "It is sunny.")


def picture(model):
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    for way in WAYS:
        same(ask(way, model, parts).choices[0].message.content, "A picture of 8 bytes.")


def structured(model):
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
    answer = ask(WAYS[0], model, "Who?", response_format=form)
    same(json.loads(answer.choices[0].message.content), {"name": "Ada", "age": 36})


def errors(model):
    for way in WAYS:
        fails(litellm.NotFoundError, lambda: ask(way, "nobody/nothing"))
        fails(litellm.RateLimitError, lambda: ask(way, model, "Please be busy."))


def broken(model):
    for way in WAYS:
        fails(Exception, lambda: list(ask(way, model, "Please break.", stream=True)))


run("litellm", [plain, streamed, tools, picture, structured, errors, broken])
