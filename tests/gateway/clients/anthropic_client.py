"""Anthropic's own Python client against the gateway."""

import json

import anthropic

from common import BASE, KEY, PDF, PERSON, PNG, TEXT, WEATHER, fails, run, same

client = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0)


def ask(model, content="Say hello.", **more):
    messages = more.pop("messages", [{"role": "user", "content": content}])
    return client.messages.create(model=model, max_tokens=4000, messages=messages, **more)


def text(answer):
    return "".join(block.text for block in answer.content if block.type == "text")


def plain(model):
    answer = ask(model)
    same((text(answer), answer.stop_reason), (TEXT, "end_turn"))
    same((answer.usage.input_tokens, answer.usage.output_tokens), (20, 5))


def streamed(model):
    question = [{"role": "user", "content": "Say hello."}]
    with client.messages.stream(model=model, max_tokens=100, messages=question) as stream:
        same("".join(stream.text_stream), TEXT)
        answer = stream.get_final_message()
    same((text(answer), answer.stop_reason, answer.usage.output_tokens), (TEXT, "end_turn", 5))


TOOL = {"name": "weather", "description": "Tells it.", "input_schema": WEATHER}


def tools(model):
    question = {"role": "user", "content": "How is it in Paris?"}
    answer = ask(model, messages=[question], tools=[TOOL])
    same(answer.stop_reason, "tool_use")
    call = next(block for block in answer.content if block.type == "tool_use")
    same((call.name, call.input), ("weather", {"city": "Paris"}))
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
    messages = [question, {"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
    same(text(ask(model, messages=messages, tools=[TOOL])), "It is sunny.")


def tools_streamed(model):
    question = [{"role": "user", "content": "How is it in Paris?"}]
    with client.messages.stream(model=model, max_tokens=100, messages=question, tools=[TOOL]) as stream:
        answer = stream.get_final_message()
    call = next(block for block in answer.content if block.type == "tool_use")
    same(call.input, {"city": "Paris"})


def picture(model):
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    blocks = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    same(text(ask(model, blocks)), "A picture of 8 bytes.")


def document(model):
    source = {"type": "base64", "media_type": "application/pdf", "data": PDF}
    blocks = [{"type": "text", "text": "What is this?"}, {"type": "document", "source": source}]
    same(text(ask(model, blocks)), "A file of 9 bytes.")


def reasoning(model):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    answer = ask(model, thinking=thinking)
    thought = next(block for block in answer.content if block.type == "thinking")
    same((thought.thinking, text(answer)), ("Let me think.", TEXT))
    messages = [
        {"role": "user", "content": "Say hello."},
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": "And again."},
    ]
    same(text(ask(model, messages=messages, thinking=thinking)), TEXT)
    question = messages[:1]
    with client.messages.stream(model=model, max_tokens=4000, messages=question, thinking=thinking) as stream:
        thought = stream.get_final_message().content[0]
    same((thought.type, thought.thinking, thought.signature != ""), ("thinking", "Let me think.", True))


def structured(model):
    form = {"format": {"type": "json_schema", "schema": PERSON}}
    same(json.loads(text(ask(model, "Who?", output_config=form))), {"name": "Ada", "age": 36})


def errors(model):
    fails(anthropic.NotFoundError, lambda: ask("nobody/nothing"))
    fails(anthropic.BadRequestError, lambda: ask(model, messages=[]))
    stranger = anthropic.Anthropic(base_url=BASE, api_key="sk-wrong", max_retries=0)
    fails(anthropic.AuthenticationError, lambda: stranger.models.list())
    error = fails(anthropic.RateLimitError, lambda: ask(model, "Please be busy."))
    same(error.response.headers["retry-after"], "30")
    fails(anthropic.APIStatusError, lambda: ask(model, "Please break."))


def broken(model):
    said = []

    def read():
        question = [{"role": "user", "content": "Please break."}]
        with client.messages.stream(model=model, max_tokens=100, messages=question) as stream:
            said.extend(stream.text_stream)

    fails(anthropic.APIError, read)
    same("".join(said), "Hello ")


def cancelled(model):
    question = [{"role": "user", "content": "Please be slow."}]
    with client.messages.stream(model=model, max_tokens=100, messages=question) as stream:
        next(iter(stream.text_stream))


def counted(model):
    counted = client.messages.count_tokens(model=model, messages=[{"role": "user", "content": "Say hello."}])
    assert 0 < counted.input_tokens < 100


def listed(_model):
    assert len(list(client.models.list())) > 0


SCENARIOS = [
    plain,
    streamed,
    tools,
    tools_streamed,
    picture,
    document,
    reasoning,
    structured,
    errors,
    broken,
    cancelled,
    counted,
    listed,
]

run("python anthropic", SCENARIOS)
