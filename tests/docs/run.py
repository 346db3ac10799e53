#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py FILE STAGE,… [--accept]: does what a page says, and prints as TAP whether it came out so.

Of the page's blocks those count that stand behind a comment <!-- stage: STAGE -->, up to the next such comment. Behind <!-- stage: none --> stand
commands that nobody runs; before the first comment none may stand. What a block is says its first line:

    ```console          commands behind "$ ", each with what it prints. They are run by one shell, one after another. A line that ends
                        in a backslash goes on in the next. Where nothing is shown, or only "…", what counts is that the command succeeds.
    ```LANGUAGE FILE    what FILE has from here on

Lines that are indented by four are commands, too, with what they are for behind two spaces: each has to succeed, and to write what it names by -o,
in a fresh copy of the folder DOCS_LISTED without that file; without DOCS_LISTED, where run.py was called. Those of GOES_ON may also go on for twenty
seconds, or until there is what SERVES says, after which they go on in the background. For words in capitals there it takes variables DOCS_WORD.
pale audit may find something, which its status says.

A line of "…" alone stands for any lines, and one within a line for any text. What differs from run to run is not compared: times,
process ids, digests, durations, and numbers of bytes; but none of them is zero. --accept writes what was printed into the page, where that differs.
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

STAGE = re.compile(r"<!-- stage: (\S+) -->")
FENCE = re.compile(r"( *)```(\S*) ?(\S*)")
LISTED = re.compile(r"    (\S.*?)(?:  .*)?$")
GOES_ON = re.compile(r"pale (learn|lsp|run|watch)\b|paled$|pale-export$|podman run\b")
# What others of the list need of one that goes on.
SERVES = {"paled": "-S /run/pale/register"}
NUMBER = r"\b(?=[\d.]*[1-9])\d+(\.\d+)?"
HEX = r"\b(?=0*[1-9a-f])[0-9a-f]"
VARIES = [
    (re.compile(r"\x1b\[[0-9;]*[mK]"), ""),
    (re.compile(r"\b(?!1970)\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?"), "DATE"),
    (re.compile(HEX + r"{64}\b|(?<=digest )" + HEX + r"{12}\b|" + HEX + r"{12,16}\b"), "DIGEST"),
    (re.compile(r"\b(pid|PID) [1-9]\d*"), r"\1 N"),
    (re.compile(NUMBER + r" ?(s|ms|bytes|KiB|MiB)\b"), r"N \2"),
]
WAIT_S = int(os.environ.get("DOCS_WAIT_S", 300))


def refuse(number, what):
    sys.exit(f"run.py: line {number}: {what}")


def blocks(lines, stages):
    """Of these stages: (line number, kind, file, text). A page that has commands which would be passed over is refused."""
    now, at = None, None
    for number, line in enumerate(lines, 1):
        said = STAGE.fullmatch(line.strip())
        fence = FENCE.fullmatch(line)
        if at is None and said:
            now = said[1]
        elif at is None and fence:
            at, kind, file, text = number, fence[2], fence[3], []
        elif at is None and line.lstrip().startswith("```"):
            refuse(number, "a block begins with ```LANGUAGE or ```LANGUAGE FILE")
        elif at is not None and line.strip() == "```":
            if kind != "console" and any(said.startswith("$ ") for said in text):
                refuse(at, "a block of commands is one of ```console")
            if kind == "console" and now is None:
                refuse(at, "no stage is named for these commands")
            if now in stages:
                yield at, kind, file, text
            at = None
        elif at is not None:
            text.append(line)
        elif listed := LISTED.match(line):
            if now is None:
                refuse(number, "no stage is named for this command")
            if now in stages:
                yield number, "list", "", listed[1]
    if at is not None:
        refuse(at, "this block does not end")


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
            refuse(at, "a block of commands begins with one")
        goes_on = (goes_on or line.startswith("$ ")) and line.endswith("\\")
    return found


class Shell:
    """bash, whose commands print into a file each: what goes on in the background keeps it, until the end."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="docs-")
        self.bash = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, text=True, start_new_session=True)
        self.n = 0

    def run(self, command):
        """Its status, None if it did not end, and the lines that it printed."""
        self.n += 1
        base = f"{self.folder}/{self.n}"
        with open(base + ".sh", "w") as f:
            f.write(command + "\n")
        os.mkfifo(base + ".done")
        self.bash.stdin.write(f". {base}.sh >{base}.out 2>&1 </dev/null; echo $? >{base}.done\n")
        self.bash.stdin.flush()
        said = subprocess.run(["timeout", str(WAIT_S), "cat", base + ".done"], stdout=subprocess.PIPE, text=True, check=False)
        with open(base + ".out", errors="replace") as f:
            out = f.read().splitlines()
        if said.returncode:
            return None, out + [f"(run.py: it did not end, or the shell did, within {WAIT_S} s)"]
        return int(said.stdout), out

    def end(self):
        os.killpg(self.bash.pid, signal.SIGKILL)
        self.bash.wait()
        shutil.rmtree(self.folder)


def listed(command):
    """What a shell runs of a listed command. It ends with its status, or with 0 if it may go on, and does."""
    command = re.sub(r"\b[A-Z]{4,}\b", lambda word: os.environ.get("DOCS_" + word[0], word[0]), command)
    written = " ".join(re.findall(r"(?<= -o )\S+", command))
    folder = os.environ.get("DOCS_LISTED")
    fresh = f"rm -rf {folder}.try && cp -a {folder} {folder}.try && cd {folder}.try && rm -rf {written} || return 125\n" if folder else ""
    # Its own standard input stays open: some serve until that ends.
    run = f"{command} < <(exec sleep 1000) & job=$!\n"
    if command in SERVES:
        run += f"while kill -0 $job 2>/dev/null; do [ ! {SERVES[command]} ] || return 0; sleep 0.1; done\n"
    elif GOES_ON.match(command):
        run += "for _ in $(seq 200); do kill -0 $job 2>/dev/null || break; sleep 0.1; done\n! kill -0 $job 2>/dev/null || return 0\n"
    return fresh + run + "wait $job" + "".join(f" && [ -e {file} ]" for file in written.split())


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


def shown(expected):
    """Without the empty lines before the next command."""
    while expected and not expected[-1].strip():
        expected = expected[:-1]
    return expected


def comes_out(expected, status, out):
    compared = any(line.strip() != "…" for line in expected)
    if status is None or status and not compared:
        return False
    return pattern(expected).fullmatch("".join(same(line) + "\n" for line in out)) is not None


def accept(page, lines, found):
    """found: of each command that printed something else (its line number, its text, the lines it was to print, what it printed)."""
    for at, command, expected, out in reversed(found):
        first = at + command.count("\n")
        lines[first : first + len(expected)] = out
    with open(page, "w") as f:
        f.write("\n".join(lines) + "\n")


class Tap:
    def __init__(self, name):
        self.name, self.n, self.failed = name, 0, 0

    def say(self, good, number, command, out):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {self.name}:{number}: {command.splitlines()[0]}", flush=True)
        if not good:
            print("# printed:", *("#   " + line for line in out), sep="\n", flush=True)


def write(shell, file, text):
    _, where = shell.run("pwd")
    with open(os.path.join(where[0], file), "w") as f:
        f.write("\n".join(text) + "\n")


def try_page(found, shell, tap):
    """Yields of each command that printed something else what accept() takes. Ends early where one does not end."""
    for number, kind, file, text in found:
        if kind == "list":
            status, out = shell.run(listed(text))
            good = status == 0 or status == 1 and re.match(r"pale audit\b", text)
            tap.say(good, number, text, out if good else out + [f"(run.py: status {status})"])
            if status is None:
                return
        elif kind == "console":
            for at, command, expected in steps(number, text):
                expected = shown(expected)
                status, out = shell.run(command)
                good = comes_out(expected, status, out)
                tap.say(good, at, command, out if good else out + [f"(run.py: status {status})"])
                if status is None:
                    return
                if not good:
                    yield at, command, expected, status, out
        elif file:
            write(shell, file, text)


def main():
    accepting = "--accept" in sys.argv
    page, stages = [a for a in sys.argv[1:] if a != "--accept"]
    stages = stages.split(",")
    with open(page) as f:
        lines = f.read().splitlines()
    page = os.path.abspath(page)
    tap = Tap(os.path.relpath(page, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")))
    for stage in stages:
        if stage == "none" or not any(kind in ("console", "list") for _, kind, _, _ in blocks(lines, [stage])):
            sys.exit(f"run.py: {tap.name} has nothing for stage {stage}")
    shell = Shell()
    try:
        found = list(try_page(list(blocks(lines, stages)), shell, tap))
    finally:
        shell.end()
    print(f"1..{tap.n}")
    accepted = []
    if accepting:
        # What failed and is shown to print nothing would be accepted as printing nothing.
        accepted = [(at, command, expected, out) for at, command, expected, status, out in found if out or not status]
        accept(page, lines, accepted)
    sys.exit(tap.failed > len(accepted))


main()
