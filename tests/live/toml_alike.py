# SPDX-License-Identifier: Apache-2.0
"""What toml_read() makes of texts, against Python's tomllib: of those given, and of mutants of them.

    toml.py PROGRAM SEED N FILE…
"""
import datetime, json, math, random, subprocess, sys, tomllib

program, seed, n, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
random.seed(seed)
corpus = [open(f, "rb").read() for f in files]
pieces = [
    b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b"#", b"\n", b"\r\n", b"\r", b'"', b"'", b'"""', b"'''", b"\\", b"\\\n", b"\\u00e9",
    b"\\U0001F600", b"\\ud800", b"\\t", b"\\x", b" ", b"\t", b"a", b"b", b"a.b", b"a.b.c", b"[a]\n", b"[a.b]\n", b"[[a]]\n", b"[[a.b]]\n", b"a = 1\n",
    b"a.b = 1\n", b"a = {b = 1}\n", b"a = {b.c = 1, d = [1, 2]}\n", b"a = []\n", b"a = [{}]\n", b"a.b.c = 1\n", b"[a.b.c]\n", b"0", b"1", b"-", b"+", b"_",
    b"1_0", b"0x1F", b"0o17", b"0b11", b"1e3", b"1.5", b"-0", b"inf", b"nan", b"true", b"false", b"1979-05-27", b"07:32:00", b"T", b"Z", b"+01:00", b".25",
    b"2024-02-29", b"2023-02-29", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3\xa9",
]


values = [p for p in pieces if p[:1] in b"0123456789tfin\"'"] + [
    b'"x"', b"'y'", b'"""\nx"y""""', b"'''a\\'''", b'"""a\\\n  b"""', b"[1, 2]", b"[ # c\n 1,\n]", b"{a = 1, b.c = 2}", b"{}", b"[[], [{}]]", b'"\\u00e9\\U0001F600"',
    b"1979-05-27T07:32:00Z", b"1979-05-27 07:32:00.5-07:00", b"07:32:00", b"-0.0", b"+1_000.5e-3", b"0xdead_BEEF",
]
keys = [b"a", b"b", b"a.b", b"a.b.c", b'"a".\'b\'', b"c . d", b'"\\u0061"', b'""', b"1.2"]


def statement():
    k = random.choice(keys)
    kind = random.random()
    if kind < 0.25:
        return b"[" + k + b"]\n"
    if kind < 0.4:
        return b"[[" + k + b"]] # c\n"
    return k + b" = " + random.choice(values) + b"\n"


def mutant():
    kind = random.random()
    if kind < 0.5:
        t = b"".join(statement() for _ in range(random.randint(1, 6)))
    else:
        t = random.choice(corpus)
    for _ in range(random.choice((0, 1, 1, 2, 6)) if kind < 0.75 else random.randint(0, 2)):
        at = random.randint(0, len(t))
        cut = random.choice((0, 0, 0, 1, 3))
        t = t[:at] + random.choice(pieces) + t[at + cut :]
    return t


def plain(v):
    """As toml_read() says it: what JSON has no word for is the text's own, which tomllib does not keep."""
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items()}
    if isinstance(v, list):
        return [plain(x) for x in v]
    if isinstance(v, (datetime.date, datetime.time)):
        return "when"
    if isinstance(v, float) and not math.isfinite(v):
        return "when"
    return v


def fits(v):
    """tomllib's whole numbers have no end; TOML's must be taken only as far as 64 bits."""
    if isinstance(v, (dict, list)):
        return all(map(fits, v.values() if isinstance(v, dict) else v))
    return not isinstance(v, int) or -(2**63) <= v < 2**63


def like(theirs, ours):
    if theirs == "when":
        return isinstance(ours, str)
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and theirs.keys() == ours.keys() and all(like(theirs[k], ours[k]) for k in theirs)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(theirs) == len(ours) and all(map(like, theirs, ours))
    return type(theirs) is type(ours) and theirs == ours


texts = corpus + [mutant() for _ in range(n)]
told = subprocess.run([program], input=b"".join(b"%d\n%s" % (len(t), t) for t in texts), capture_output=True, check=True).stdout.splitlines()
assert len(told) == len(texts), (len(told), len(texts))
wrong = right = refused = 0
for t, line in zip(texts, told):
    try:
        theirs = tomllib.loads(t.decode())
        if not fits(theirs):
            theirs = None
    except (ValueError, OverflowError):
        theirs = None
    ours = None if line.startswith(b"!") else json.loads(line)
    right += theirs is not None
    refused += theirs is None
    if (theirs is None) != (ours is None) or (theirs is not None and not like(plain(theirs), ours)):
        wrong += 1
        print(t, line, theirs)
print(f"{right} alike, {refused} refused by both, {wrong} not alike, seed {seed}")
sys.exit(wrong > 0)
