#!/usr/bin/env python3
"""Calls a service as any program would: with the key of its environment in a header.

Exits with 1 when it is refused.

Usage: caller.py URL
"""

import os
import sys
import urllib.error
import urllib.request


def main():
    """One request."""
    url = sys.argv[1]
    key = os.environ.get("GREETINGS_KEY", "none")
    print(f"  my key     {key}")
    print(f"  calling    {url}", flush=True)
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            print(f"  {response.status}        {response.read().decode().strip()}")
    except urllib.error.HTTPError as error:
        print(f"  {error.code}        {error.read().decode().strip()}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
