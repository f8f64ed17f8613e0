"""OpenAI's own Python client against the gateway: Chat Completions, then Responses."""

import json

import openai
from pydantic import BaseModel

from common import BASE, KEY, PDF, PERSON, PNG, TEXT, WEATHER, fails, run, same

client = openai.OpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0)


class Person(BaseModel):
    name: str
    age: int


def ask(model, text="Say hello.", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)


def plain(model):
    answer = ask(model)
    same(answer.choices[0].message.content, TEXT)
    same(answer.choices[0].finish_reason, "stop")
    same((answer.usage.prompt_tokens, answer.usage.completion_tokens), (20, 5))


def streamed(model):
    chunks = list(ask(model, stream=True, stream_options={"include_usage": True}))
    same("".join(c.choices[0].delta.content or "" for c in chunks if c.choices), TEXT)
    same([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
    same(chunks[-1].usage.prompt_tokens, 20)
    quiet = list(ask(model, stream=True))
    assert all(c.choices for c in quiet), "nobody asked for a chunk without choices"


FUNCTION = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": WEATHER}}


def tools(model):
    question = {"role": "user", "content": "How is it in Paris?"}
    answer = client.chat.completions.create(model=model, messages=[question], tools=[FUNCTION])
    same(answer.choices[0].finish_reason, "tool_calls")
    call = answer.choices[0].message.tool_calls[0]
    same((call.function.name, json.loads(call.function.arguments)), ("weather", {"city": "Paris"}))
    result = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    messages = [question, answer.choices[0].message, result]
    answer = client.chat.completions.create(model=model, messages=messages, tools=[FUNCTION])
    same(answer.choices[0].message.content, "It is sunny.")


def tools_streamed(model):
    strict = {"type": "function", "function": {**FUNCTION["function"], "strict": True}}
    question = [{"role": "user", "content": "How is it in Paris?"}]
    with client.chat.completions.stream(model=model, messages=question, tools=[strict]) as stream:
        for _ in stream:
            pass
        answer = stream.get_final_completion()
    call = answer.choices[0].message.tool_calls[0]
    same(json.loads(call.function.arguments), {"city": "Paris"})


def picture(model):
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    same(ask(model, parts).choices[0].message.content, "A picture of 8 bytes.")


def document(model):
    file = {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}
    parts = [{"type": "text", "text": "What is this?"}, {"type": "file", "file": file}]
    same(ask(model, parts).choices[0].message.content, "A file of 9 bytes.")


def reasoning(model):
    message = ask(model, reasoning_effort="low").choices[0].message
    same((message.content, message.reasoning), (TEXT, "Let me think."))
    again = [{"role": "user", "content": "Say hello."}, message, {"role": "user", "content": "And again."}]
    same(client.chat.completions.create(model=model, messages=again).choices[0].message.content, TEXT)
    chunks = ask(model, reasoning_effort="low", stream=True)
    said = "".join(getattr(c.choices[0].delta, "reasoning", None) or "" for c in chunks)
    same(said, "Let me think.")


def structured(model):
    answer = client.chat.completions.parse(
        model=model, messages=[{"role": "user", "content": "Who?"}], response_format=Person
    )
    same(answer.choices[0].message.parsed, Person(name="Ada", age=36))


def errors(model):
    error = fails(openai.NotFoundError, lambda: ask("nobody/nothing"))
    same(error.code, "model_not_found")
    fails(openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=[]))
    stranger = openai.OpenAI(base_url=f"{BASE}/v1", api_key="sk-wrong", max_retries=0)
    fails(openai.AuthenticationError, lambda: stranger.models.list())
    error = fails(openai.RateLimitError, lambda: ask(model, "Please be busy."))
    same(error.response.headers["retry-after"], "30")
    fails(openai.APIStatusError, lambda: ask(model, "Please break."))


def broken(model):
    said = []

    def read():
        for chunk in ask(model, "Please break.", stream=True):
            said.append(chunk.choices[0].delta.content or "")

    fails(openai.APIError, read)
    same("".join(said), "Hello ")


def cancelled(model):
    stream = ask(model, "Please be slow.", stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()


def listed(_model):
    assert len(list(client.models.list())) > 0


CHAT = [plain, streamed, tools, tools_streamed, picture, document, reasoning, structured, errors, broken, cancelled, listed]


def respond(model, question="Say hello.", **more):
    return client.responses.create(model=model, input=question, **more)


def responses_plain(model):
    answer = respond(model)
    same((answer.output_text, answer.status), (TEXT, "completed"))
    same((answer.usage.input_tokens, answer.usage.output_tokens), (20, 5))


def responses_streamed(model):
    with client.responses.stream(model=model, input="Say hello.") as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        same((said, stream.get_final_response().output_text), (TEXT, TEXT))


CALLABLE = {"type": "function", "name": "weather", "description": "Tells it.", "parameters": WEATHER, "strict": True}


def responses_tools(model):
    question = {"role": "user", "content": "How is it in Paris?"}
    answer = respond(model, [question], tools=[CALLABLE])
    call = next(item for item in answer.output if item.type == "function_call")
    same(json.loads(call.arguments), {"city": "Paris"})
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    same(respond(model, [question, *answer.output, result], tools=[CALLABLE]).output_text, "It is sunny.")


def responses_picture(model):
    parts = [
        {"type": "input_text", "text": "What is this?"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
    ]
    same(respond(model, [{"role": "user", "content": parts}]).output_text, "A picture of 8 bytes.")


def responses_reasoning(model):
    answer = respond(model, reasoning={"effort": "low"})
    thought = next(item for item in answer.output if item.type == "reasoning")
    same((thought.summary[0].text, answer.output_text), ("Let me think.", TEXT))
    again = [{"role": "user", "content": "Say hello."}, *answer.output, {"role": "user", "content": "And again."}]
    same(respond(model, again).output_text, TEXT)


def responses_structured(model):
    answer = client.responses.parse(model=model, input="Who?", text_format=Person)
    same(answer.output_parsed, Person(name="Ada", age=36))
    schema = {"type": "json_schema", "name": "person", "schema": PERSON, "strict": True}
    same(json.loads(respond(model, "Who?", text={"format": schema}).output_text)["name"], "Ada")


def responses_broken(model):
    ends = []
    try:
        for event in respond(model, "Please break.", stream=True):
            ends.append(event.type)
    except openai.APIError:
        ends.append("raised")
    assert ends[-1] in ("response.failed", "raised") and "response.completed" not in ends, ends[-3:]
    fails(openai.APIStatusError, lambda: respond(model, "Please break."))


RESPONSES = [
    responses_plain,
    responses_streamed,
    responses_tools,
    responses_picture,
    responses_reasoning,
    responses_structured,
    responses_broken,
]

run("python openai", CHAT + RESPONSES)
