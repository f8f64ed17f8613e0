"""LangChain's client for OpenAI's protocol against the gateway."""

import openai
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from common import BASE, KEY, PNG, TEXT, fails, run, same


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


class weather(BaseModel):
    """Tells it."""

    city: str


def chat(model, **more):
    return ChatOpenAI(model=model, base_url=f"{BASE}/v1", api_key=KEY, max_retries=0, **more)


def plain(model):
    answer = chat(model).invoke("Say hello.")
    same((answer.content, answer.usage_metadata["input_tokens"]), (TEXT, 20))


def streamed(model):
    same("".join(chunk.content for chunk in chat(model, stream_usage=True).stream("Say hello.")), TEXT)


def by_responses(model):
    answer = chat(model, use_responses_api=True).invoke("Say hello.")
    same(answer.text if isinstance(answer.text, str) else answer.text(), TEXT)


def tools(model):
    bound = chat(model).bind_tools([weather])
    question = HumanMessage("How is it in Paris?")
    answer = bound.invoke([question])
    call = answer.tool_calls[0]
    same((call["name"], call["args"]), ("weather", {"city": "Paris"}))
    result = ToolMessage("sunny", tool_call_id=call["id"])
    same(bound.invoke([question, answer, result]).content, "It is sunny.")


def picture(model):
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
    ]
    same(chat(model).invoke([HumanMessage(parts)]).content, "A picture of 8 bytes.")


def structured(model):
    same(chat(model).with_structured_output(Person).invoke("Who?"), Person(name="Ada", age=36))


def errors(model):
    fails(openai.NotFoundError, lambda: chat("nobody/nothing").invoke("x"))
    fails(openai.RateLimitError, lambda: chat(model).invoke("Please be busy."))


def broken(model):
    fails(openai.APIError, lambda: list(chat(model).stream("Please break.")))


run("langchain-openai", [plain, streamed, by_responses, tools, picture, structured, errors, broken])
