"""Asks a model by OpenAI's SDK, whole and streamed, as its documentation says."""

import sys

from openai import OpenAI, PermissionDeniedError

client = OpenAI()
messages = [{"role": "user", "content": "say hello"}]
try:
    if "whole" in sys.argv:
        answer = client.chat.completions.create(model="model-of-the-tests", messages=messages)
        print(answer.choices[0].message.content)
    if "streamed" in sys.argv:
        for chunk in client.chat.completions.create(
            model="model-of-the-tests", messages=messages, stream=True
        ):
            text = chunk.choices[0].delta.content
            print(f"{text}|" if text else "", end="")
except PermissionDeniedError as error:
    print("refused:", error)
