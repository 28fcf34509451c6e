"""Asks a model by Anthropic's SDK, whole and streamed, as its documentation says."""

import sys

from anthropic import Anthropic, PermissionDeniedError

client = Anthropic()
question = {
    "model": "model-of-the-tests",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "say hello"}],
}
try:
    if "whole" in sys.argv:
        print(client.messages.create(**question).content[0].text)
    if "streamed" in sys.argv:
        with client.messages.stream(**question) as stream:
            for text in stream.text_stream:
                print(text, end="|")
except PermissionDeniedError as error:
    print("refused:", error)
