# SPDX-License-Identifier: Apache-2.0
"""What tests expect, and what they say when it is not so."""
import os
import time

WAIT = int(os.environ.get("PALE_TEST_WAIT", "60"))


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


def in_time(what, test, more=lambda: ""):
    """Machines may be slow, and nothing is measured here. `more` is said when it was in vain."""
    end = time.monotonic() + WAIT
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}{more()}")
        time.sleep(0.02)


def same(value, expected):
    if value != expected:
        raise AssertionError(f"\n{value!r:.3000}\ninstead of\n{expected!r:.3000}")


def has(text, part):
    if part not in text:
        raise AssertionError(f"\n{part!r:.2000} is not in\n{text[-2000:]!r}")
