#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py FILE STAGE,… [--accept]: does what a page says, and prints as TAP whether it came out so.

Of the page's blocks those count that stand behind a comment <!-- stage: STAGE -->, up to the next such comment. What a block is
says its first line:

    ```console          commands behind "$ ", each with what it prints. They are run by one shell, one after another. A line that ends
                        in a backslash goes on in the next.
    ```LANGUAGE FILE    what FILE has from here on

Lines that are indented by four are commands, too, with what they are for behind two spaces: each is run in a fresh copy of /srv/listed, without
the file that it writes by -o, and has to succeed, or to go on for twenty seconds, after which it goes on in the background. For words in capitals there
it takes variables DOCS_WORD. pale audit may find something, which its status says.

A line of "…" alone stands for any lines, and one within a line for any text. What differs from run to run is not compared: times,
process ids, digests, durations, and numbers of bytes. --accept writes what was printed into the page, where that differs.
"""
import os
import re
import subprocess
import sys
import tempfile

STAGE = re.compile(r"<!-- stage: (\S+) -->")
FENCE = re.compile(r"( *)```(\S*) ?(\S*)")
LISTED = re.compile(r"    (\S.*?)(?:  .*)?$")
VARIES = [
    (re.compile(r"\x1b\[[0-9;]*[mK]"), ""),
    (re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?"), "DATE"),
    (re.compile(r"\b[0-9a-f]{64}\b|(?<=digest )[0-9a-f]{12}\b|\b[0-9a-f]{12,16}\b"), "DIGEST"),
    (re.compile(r"\b(pid|PID) \d+"), r"\1 N"),
    (re.compile(r"\b\d+(\.\d+)? ?(s|ms|bytes|KiB|MiB)\b"), r"N \2"),
]
WAIT_S = 300


def blocks(lines, stages):
    """Of these stages: (line number, kind, file, text)."""
    now, at = None, None
    for number, line in enumerate(lines, 1):
        said = STAGE.fullmatch(line.strip())
        fence = FENCE.fullmatch(line)
        if at is None and said:
            now = said[1]
        elif at is None and fence:
            at, kind, file, text = number, fence[2], fence[3], []
        elif at is not None and line.strip() == "```":
            if now in stages:
                yield at, kind, file, text
            at = None
        elif at is not None:
            text.append(line)
        elif now in stages and (listed := LISTED.match(line)):
            yield number, "list", "", listed[1]


def steps(number, text):
    """Of a block of commands: (line number, command, the lines that it prints)."""
    found, goes_on = [], False
    for at, line in enumerate(text, number + 1):
        if goes_on:
            found[-1][1] += "\n" + line
        elif line.startswith("$ "):
            found.append([at, line[2:], []])
        elif found:
            found[-1][2].append(line)
        else:
            sys.exit(f"run.py: line {at}: a block of commands begins with one")
        goes_on = (goes_on or line.startswith("$ ")) and line.endswith("\\")
    return found


class Shell:
    """bash, whose commands print into a file each: what goes on in the background keeps it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="docs-")
        self.bash = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, text=True, start_new_session=True)
        self.n = 0

    def run(self, command):
        self.n += 1
        base = f"{self.folder}/{self.n}"
        with open(base + ".sh", "w") as f:
            f.write(command + "\n")
        os.mkfifo(base + ".done")
        self.bash.stdin.write(f". {base}.sh >{base}.out 2>&1 </dev/null; echo $? >{base}.done\n")
        self.bash.stdin.flush()
        said = subprocess.run(["timeout", str(WAIT_S), "cat", base + ".done"], stdout=subprocess.PIPE, check=False)
        with open(base + ".out", errors="replace") as f:
            out = f.read().splitlines()
        if said.returncode:
            out.append(f"(run.py: it went on for more than {WAIT_S} s)")
        return out


def listed(command):
    """What a shell runs of a listed command: its status, or 0 if it goes on."""
    command = re.sub(r"\b[A-Z]{4,}\b", lambda word: os.environ.get("DOCS_" + word[0], word[0]), command)
    written = "".join(re.findall(r"(?<= -o )\S+", command))
    return f"""rm -rf /srv/try && cp -a /srv/listed /srv/try && cd /srv/try && rm -rf {written}
{command} < <(sleep 1000) & job=$!
for _ in $(seq 200); do kill -0 $job 2>/dev/null || break; sleep 0.1; done
if kill -0 $job 2>/dev/null; then echo 'exit status 0'; else wait $job; echo "exit status $?"; fi"""


def same(line):
    for what, instead in VARIES:
        line = what.sub(instead, line)
    return line.rstrip()


def pattern(expected):
    """Matches all that was printed, each line with its newline."""
    made = ""
    for line in expected:
        if line.strip() == "…":
            made += r"(?:.*\n)*?"
        else:
            made += "[^\n]*".join(re.escape(same(part)) if part.strip() else re.escape(part) for part in line.split("…")) + r" *\n"
    return re.compile(made)


def comes_out(expected, out):
    while expected and not expected[-1].strip():
        expected = expected[:-1]
    return pattern(expected).fullmatch("".join(same(line) + "\n" for line in out)) is not None


def accept(page, lines, found):
    """found: of each command that printed something else (its line number, its lines, what it printed)."""
    for at, command, expected, out in reversed(found):
        first = at + command.count("\n")
        blank = len(expected) - len("\n".join(expected).rstrip().split("\n")) if expected and not expected[-1].strip() else 0
        lines[first : first + len(expected) - blank] = out
    with open(page, "w") as f:
        f.write("\n".join(lines) + "\n")


def main():
    accepting = "--accept" in sys.argv
    page, stage = [a for a in sys.argv[1:] if a != "--accept"]
    with open(page) as f:
        lines = f.read().splitlines()
    page = os.path.abspath(page)
    name = os.path.relpath(page, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
    shell, n, wrong, bad = Shell(), 0, [], False
    for number, kind, file, text in blocks(lines, stage.split(",")):
        if kind == "list":
            out = shell.run(listed(text))
            n += 1
            good = out[-1:] == ["exit status 0"] or text.startswith("pale audit") and out[-1:] == ["exit status 1"]
            print(f"{'ok' if good else 'not ok'} {n} - {name}:{number}: {text}", flush=True)
            if not good:
                bad = True
                print("# printed:", *("#   " + line for line in out), sep="\n", flush=True)
            continue
        if kind != "console":
            if file:
                where = shell.run("pwd")[0]
                with open(os.path.join(where, file), "w") as f:
                    f.write("\n".join(text) + "\n")
            continue
        for at, command, expected in steps(number, text):
            out = shell.run(command)
            n += 1
            good = comes_out(expected, out)
            print(f"{'ok' if good else 'not ok'} {n} - {name}:{at}: {command.splitlines()[0]}", flush=True)
            if not good:
                wrong.append((at, command, expected, out))
                print("# printed:", *("#   " + line for line in out), sep="\n", flush=True)
    print(f"1..{n}")
    if accepting:
        accept(page, lines, wrong)
    if not n:
        sys.exit(f"run.py: {name} has nothing for stage {stage}")
    sys.exit(bad or bool(wrong) and not accepting)


main()
