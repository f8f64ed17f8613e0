"""Google's own Python client (google-genai) against the gateway."""

import json

from google import genai
from google.genai import errors, types

from common import BASE, KEY, PERSON, TEXT, WEATHER, fails, run, same

options = types.HttpOptions(base_url=BASE, api_version="v1beta")
client = genai.Client(api_key=KEY, http_options=options)


def ask(model, contents="Say hello.", **config):
    return client.models.generate_content(
        model=model, contents=contents, config=types.GenerateContentConfig(**config) if config else None
    )


def plain(model):
    answer = ask(model)
    same((answer.text, answer.candidates[0].finish_reason.name), (TEXT, "STOP"))
    same(answer.usage_metadata.prompt_token_count, 20)


def streamed(model):
    chunks = list(client.models.generate_content_stream(model=model, contents="Say hello."))
    same("".join(chunk.text or "" for chunk in chunks), TEXT)


def tools(model):
    declared = types.FunctionDeclaration(name="weather", description="Tells it.", parameters_json_schema=WEATHER)
    tool = types.Tool(function_declarations=[declared])
    question = types.Content(role="user", parts=[types.Part(text="How is it in Paris?")])
    answer = ask(model, [question], tools=[tool])
    call = answer.function_calls[0]
    same((call.name, call.args), ("weather", {"city": "Paris"}))
    result = types.Part.from_function_response(name="weather", response={"output": "sunny"})
    contents = [question, answer.candidates[0].content, types.Content(role="user", parts=[result])]
    same(ask(model, contents, tools=[tool]).text, "It is sunny.")


def picture(model):
    parts = ["What is this?", types.Part.from_bytes(data=b"\x89PNG\r\n\x1a\n", mime_type="image/png")]
    same(ask(model, parts).text, "A picture of 8 bytes.")


def reasoning(model):
    thinking = types.ThinkingConfig(thinking_budget=1024, include_thoughts=True)
    answer = ask(model, thinking_config=thinking)
    thoughts = "".join(p.text for p in answer.candidates[0].content.parts if p.thought and p.text)
    same((thoughts, answer.text), ("Let me think.", TEXT))
    contents = [
        types.Content(role="user", parts=[types.Part(text="Say hello.")]),
        answer.candidates[0].content,
        types.Content(role="user", parts=[types.Part(text="And again.")]),
    ]
    same(ask(model, contents, thinking_config=thinking).text, TEXT)


def structured(model):
    answer = ask(model, "Who?", response_mime_type="application/json", response_json_schema=PERSON)
    same(json.loads(answer.text), {"name": "Ada", "age": 36})


def errors_are_told(model):
    same(fails(errors.ClientError, lambda: ask("nobody/nothing")).code, 404)
    stranger = genai.Client(api_key="wrong", http_options=options)
    same(fails(errors.ClientError, lambda: stranger.models.generate_content(model=model, contents="x")).code, 401)
    same(fails(errors.ClientError, lambda: ask(model, "Please be busy.")).code, 429)


def broken(model):
    said = []

    def read():
        for chunk in client.models.generate_content_stream(model=model, contents="Please break."):
            said.append(chunk.text or "")

    fails(errors.APIError, read)
    same("".join(said), "Hello ")


def counted(model):
    assert 0 < client.models.count_tokens(model=model, contents="Say hello.").total_tokens < 100


run("google-genai", [plain, streamed, tools, picture, reasoning, structured, errors_are_told, broken, counted])
