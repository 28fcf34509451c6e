"""Pushes, lists and pulls an artifact with oras for Python: oras.py ADDRESS USER PASSWORD SCHEME."""

import pathlib
import sys

import oras.client
import requests

address, user, password, scheme = sys.argv[1:]
backend = "token" if scheme == "Tokens" else "basic"
client = oras.client.OrasClient(hostname=address, auth_backend=backend)
if scheme == "Tokens":
    # This client asks for a token once: for all that it will do.
    service = {"service": "lazaret-registry", "scope": "repository:acme/oras:pull,push"}
    answer = requests.get(f"https://{address}/auth/token", params=service, auth=(user, password))
    client.auth.set_token_auth(answer.json()["token"])
elif user:
    client.auth.set_basic_auth(user, password)

pathlib.Path("report.txt").write_text("fine")
target = f"{address}/acme/oras:v1"
pushed = client.push(
    target=target,
    files=["report.txt:text/plain"],
    manifest_annotations={"made": "here"},
    disable_path_validation=True,
)
assert pushed.status_code == 201, pushed.text
manifest = client.get_manifest(target)
assert manifest["annotations"]["made"] == "here", manifest
assert client.get_tags(target) == ["v1"]
(pulled,) = client.pull(target=target, outdir="pulled")
assert pathlib.Path(pulled).read_text() == "fine"
