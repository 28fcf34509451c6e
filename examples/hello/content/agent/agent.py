#!/usr/bin/env python3
"""A guided tour of an agent's machine.

Reads its model, calls its tool, searches its knowledge, opens its files, and tries to write
where it must not. Exits with 1 when something is missing or a forbidden write succeeds.

Usage: agent.py [QUESTION...]
"""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

MODEL = Path("/etc/agent/model")
TOOLS = Path("/etc/agent/tools")
KNOWLEDGE = Path("/etc/agent/knowledge")
FILES = Path("/srv/files")

DEFAULT_QUESTION = "Where was the first lazaret opened?"


def say(topic, text):
    """Prints one line of the tour."""
    print(f"  {topic:<10} {text}")


def show_model():
    """Reads the model's parameters: plain JSON, without an envelope."""
    model = json.loads(MODEL.read_text())
    say("model", f"{model['model']} by {model['provider']}")
    for name, value in sorted(model.get("parameters", {}).items()):
        say("", f"{name} = {value}")


def search(question):
    """Finds the paragraph of the knowledge base that shares most words with the question."""
    wanted = words_of(question)
    best = (0, "", "")
    for file in sorted(KNOWLEDGE.glob("*/*.md")):
        for paragraph in file.read_text().split("\n\n"):
            score = len(wanted & words_of(paragraph))
            if score > best[0] and not paragraph.startswith("#"):
                best = (score, file.name, " ".join(paragraph.split()))
    return best


def words_of(text):
    """The words that say something."""
    return {word for word in re.findall(r"[a-z0-9]+", text.lower()) if len(word) > 3}


def show_knowledge(question):
    """Answers the question from the knowledge base."""
    score, name, paragraph = search(question)
    say("question", question)
    if score == 0:
        say("knowledge", "nothing found")
        return ""
    say("knowledge", f"{name}: {paragraph}")
    return paragraph


def show_tool(text):
    """Has the tool count the words of the answer."""
    for tool in sorted(TOOLS.glob("*/count-words")):
        result = subprocess.run(
            [tool], input=json.dumps({"text": text}), capture_output=True, text=True, check=True
        )
        answer = json.loads(result.stdout)
        say("tool", f"{answer['words']} words in the answer, the longest is '{answer['longest']}'")
        return
    raise FileNotFoundError(errno.ENOENT, "no tool 'count-words'", str(TOOLS))


def show_files():
    """Reads the file set."""
    for file in sorted(FILES.iterdir()):
        say("files", f"{file.name}: {file.read_text().strip()}")


def targets():
    """What must not be writable, if it is there."""
    folders = [*TOOLS.glob("*"), *KNOWLEDGE.glob("*"), FILES, Path(__file__).resolve().parent]
    yield MODEL
    yield from (folder / "intruder.txt" for folder in folders if folder.is_dir())


def show_refusals():
    """Tries to write, as root, and returns how many writes succeeded."""
    say("user", f"uid {os.getuid()}")
    succeeded = 0
    for target in targets():
        try:
            with open(target, "a") as file:
                file.write("I was here\n")
        except OSError as error:
            say("write", f"{target}: refused ({errno.errorcode.get(error.errno, error.errno)})")
        else:
            succeeded += 1
            say("write", f"{target}: SUCCEEDED, and it must not")
    return succeeded


def main():
    """The tour."""
    question = " ".join(sys.argv[1:]) or DEFAULT_QUESTION
    print("Hello! This is what I find in my machine:\n")
    try:
        show_model()
        show_tool(show_knowledge(question))
        show_files()
    except (OSError, ValueError, KeyError, subprocess.CalledProcessError) as error:
        print(f"\nSomething is missing: {error}", file=sys.stderr)
        return 1
    print("\nAnd this is what I may not do:\n")
    if show_refusals():
        print("\nA read-only mount let me write.", file=sys.stderr)
        return 1
    print("\nAll is in order. Goodbye!")
    return 0


if __name__ == "__main__":
    sys.exit(main())
