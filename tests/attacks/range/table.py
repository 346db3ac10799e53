#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""table.py DIRECTORY: makes of the TAP on standard input, which it passes on without the results in it, the report of the
range: a table on standard output, DIRECTORY/range.json and DIRECTORY/range.html, both whole by themselves."""

import html
import json
import os
import re
import sys

sys.dont_write_bytecode = True

import rows  # noqa: E402

WORDS = {"before": "blocked", "after": "blocked after", "missed": "missed", "not begun": "not begun", "failed": "failed"}


def collect(lines):
    engines, results, catalogue, others, bad = [], {}, [], [], 0
    for line in lines:
        found = re.match(r"# @range (.*)$", line)
        under = re.match(r"# @catalogue (.*)$", line)
        if under:
            others.append(json.loads(under[1]))
            continue
        if not found:
            print(line, end="", flush=True)
            bad += line.startswith("not ok")
            row = re.match(r"# (\S+) +(.{52,}?) (yes|NO|-) +(yes|NO|-) +(yes|NO|-) +(yes|NO|-) +(.*)$", line)
            if row:
                words = [word.strip() for word in row.groups()]
                catalogue.append(dict(zip(("number", "title", "bare", "twin", "stopped", "report", "by"), words)))
            continue
        result = json.loads(found[1])
        if "title" in result:
            engines.append(result)
        else:
            results[result["row"], result["engine"], result["kind"]] = result
    return engines, results, join(catalogue, others), bad


def join(catalogue, others):
    """Each row of the catalogue, with what became of it under other engines. Numbers and titles occur twice: in their order."""
    waiting = {}
    for other in others:
        waiting.setdefault((other["number"], other["title"]), []).append(other)
    for row in catalogue:
        found = waiting.get((row["number"], row["title"]))
        other = found.pop(0) if found else {}
        # 124: timeout(1)'s, which catalogue_under.py has around each.
        row["under"] = {name: ("twin broken" if got["twin"] else "missed" if got["effect"] else
                               "failed" if got["status"] == 124 else "blocked")
                        for name, got in other.items() if isinstance(got, dict)}
        if row["bare"] != "yes":
            row["under"] = {name: "void" for name in row["under"]}
        row["under"]["pale"] = ("void" if row["bare"] != "yes" else "-" if row["by"] == "documented" else
                                "twin broken" if row["twin"] != "yes" else "blocked" if row["stopped"] == "yes" else "missed")
    return catalogue


def tally(catalogue, engine):
    """How many of those that were tried are blocked, and how many were tried."""
    got = [row["under"][engine] for row in catalogue if row["under"].get(engine, "-") not in ("-", "void")]
    return got.count("blocked"), got.count("missed"), got.count("twin broken"), len(got)


def entries(engines, results):
    """Every row as the JSON has it."""
    for row in rows.ROWS:
        if not any(key[0] == row.name for key in results):
            continue
        cells = {}
        for engine in engines:
            name = engine["engine"]
            attack, twin = results.get((row.name, name, "attack")), results.get((row.name, name, "twin"))
            if attack:
                cells[name] = {"attack": attack["score"], "twin": twin["score"] if twin else None,
                               "status": attack["status"]}
                if "report" in attack:
                    told = "not told" if row.untold else "limit" if not row.reports else "right"
                    cells[name] |= {"report": attack["report"] or twin["report"] or told, "events": attack["events"]}
        yield {"number": row.number, "technique": row.technique, "name": row.name, "title": row.title,
               "threats": list(row.threats), "untold": row.untold, "policy": rows.source(row), "lifted": row.lifted,
               "cells": cells,
               "void": cells.get("bare", {}).get("attack", "missed") != "missed"}


def cell(entry, engine):
    found = entry["cells"].get(engine)
    if not found:
        return "-"
    if engine == "bare":
        return "VOID" if entry["void"] else "works"
    words = WORDS[found["attack"]]
    return words + (", twin broken" if found["twin"] == "broken" else "")


def report(entry):
    return entry["cells"].get("pale", {}).get("report", "-")


def threat_table(found, engines):
    """Of each threat, under each engine, how many actions are blocked before their effect with the twin unbroken."""
    for code, name in rows.THREATS.items():
        of_it = [e for e in found if code in e["threats"] and not e["void"]]
        if not of_it:
            continue
        blocked = {}
        for engine in engines:
            cells = [e["cells"].get(engine["engine"]) for e in of_it]
            blocked[engine["engine"]] = sum(bool(c) and c["attack"] == "before" and c["twin"] == "passes" for c in cells)
        yield {"threat": code, "name": name, "actions": len(of_it), "blocked": blocked}


def print_columns(header, lines):
    widths = [max(len(line[i]) for line in [header, *lines]) for i in range(len(header))]
    for line in [header, *lines]:
        print("  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip())
    print()


def print_text(found, shown, threats, catalogue):
    print()
    print_columns(["no.", "action", *(e["title"] for e in shown), "report"],
                  [[e["number"], e["name"], *(cell(e, x["engine"]) for x in shown), report(e)] for e in found])
    compared = [x for x in shown if x["engine"] != "bare"]
    print_columns(["threat", "", "actions", *(x["title"] for x in compared)],
                  [[t["threat"], t["name"], str(t["actions"]), *(str(t["blocked"][x["engine"]]) for x in compared)]
                   for t in threats])
    if catalogue:
        print_columns(["the catalogue of bypasses", "tried", "blocked", "missed", "twin broken"],
                      [[x["title"], str(n), str(blocked), str(missed), str(broken)] for x in compared
                       for blocked, missed, broken, n in [tally(catalogue, x["engine"])] if n])
        documented = sum(row["by"] == "documented" for row in catalogue)
        print(f"{documented} more of its rows are documented as what no policy can stop.\n")


STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; color: #1c2330; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-size: 13px } th, td { text-align: left; padding: .3rem .5rem;
border-bottom: 1px solid #dde1e8; vertical-align: top } th { background: #f2f4f8; position: sticky; top: 0 }
.blocked, .right { color: #0a6b2d } .missed, .wrong { color: #b00020; font-weight: 600 } .after, .broken { color: #a35b00;
font-weight: 600 } .quiet { color: #667 } code, pre { font: 12px/1.45 ui-monospace, monospace } pre { background: #f7f8fa;
padding: .6rem; overflow: auto; margin: .3rem 0 } summary { cursor: pointer }
@media (prefers-color-scheme: dark) { body { background: #14171d; color: #dfe3ea } th { background: #20252e } pre {
background: #1b2028 } th, td { border-color: #2c333f } .blocked, .right { color: #5fd38a } .missed, .wrong { color: #ff7a8a }
.after, .broken { color: #f0b35a } .quiet { color: #9aa3b2 } }
"""


def tag(name, text, style=None):
    return f'<{name}{f" class={style}" if style else ""}>{html.escape(text)}</{name}>'


def html_cell(entry, engine):
    words = cell(entry, engine)
    style = {"blocked": "blocked", "missed": "missed", "works": "quiet", "-": "quiet"}.get(words, "after")
    return tag("td", words, style)


def html_detail(entry):
    events = "\n".join(f'{e["operation"]} {e["object"]}  {e["executable"]}, line {e["line"]}: {e["rule"]}  ({e["mechanism"]})'
                       for e in entry["cells"].get("pale", {}).get("events", []))
    silence = "nothing is told" + (": " + entry["untold"] if entry["untold"] else "")
    return (f'<details><summary>{html.escape(entry["title"])}</summary>{tag("pre", entry["policy"])}'
            f'{tag("pre", events or silence)}</details>')


def write_html(path, found, shown, threats, catalogue):
    compared = [x for x in shown if x["engine"] != "bare"]
    out = ["<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
           f"<title>The range</title><style>{STYLE}</style><h1>The range</h1>",
           "<p>What attackers have a process do, under each way to confine it. Bare, each has to have its effect; blocked is: it "
           "did not come to it. Pale's policy is written for the honest twin, which has to go on as it did. Open an action for "
           "the policy and what Pale told.</p><ul>"]
    out += [f'<li><b>{html.escape(x["title"])}</b>: {html.escape(x["what"])}</li>' for x in shown]
    out += ["</ul><h2>Threats</h2><p>Actions that are blocked before their effect, with the twin unbroken.</p><table><tr>",
            *(tag("th", w) for w in ("", "threat", "actions", *(x["title"] for x in compared))), "</tr>"]
    for t in threats:
        out += ["<tr>", tag("td", t["threat"]), tag("td", t["name"]), tag("td", str(t["actions"]))]
        for x in compared:
            n = t["blocked"][x["engine"]]
            out.append(tag("td", str(n), "blocked" if n == t["actions"] else None if n else "missed"))
        out.append("</tr>")
    out += ["</table><h2>Actions</h2><table><tr>",
            *(tag("th", w) for w in ("no.", "ATT&CK", "threat", "action", *(x["title"] for x in shown), "report")), "</tr>"]
    for e in found:
        told = report(e)
        out += ["<tr>", tag("td", e["number"]), tag("td", e["technique"]), tag("td", ", ".join(e["threats"])),
                f"<td>{html_detail(e)}</td>", *(html_cell(e, x["engine"]) for x in shown),
                tag("td", told, "right" if told == "right" else "quiet" if told in ("limit", "-") else "wrong"), "</tr>"]
    out.append("</table>")
    if catalogue:
        out += ["<h2>The catalogue of bypasses</h2><p>Each works bare. Docker's container has the guest's files and network "
                "here, and bubblewrap and firejail are started by root; Landlock's rules are made of the row's policy. What no policy "
                "can stop has no word.</p><table><tr>",
                *(tag("th", w) for w in ("no.", "tried", *(x["title"] for x in compared), "report", "by")), "</tr>"]
        for c in catalogue:
            words = [c["under"].get(x["engine"], "-") for x in compared]
            out += ["<tr>", tag("td", c["number"]), tag("td", c["title"]),
                    *(tag("td", w, {"blocked": "blocked", "missed": "missed", "-": "quiet"}.get(w, "after")) for w in words),
                    tag("td", {"yes": "right", "NO": "wrong"}.get(c["report"], "-")), tag("td", c["by"]), "</tr>"]
        out.append("</table>")
    with open(path, "w") as f:
        f.write("\n".join(out) + "</html>\n")


def main():
    if len(sys.argv) != 2:
        print("usage: table.py DIRECTORY", file=sys.stderr)
        return 2
    engines, results, catalogue, bad = collect(sys.stdin)
    shown = [e for e in engines if e["engine"] != "lifted"]
    found = list(entries(engines, results))
    threats = list(threat_table(found, shown))
    print_text(found, shown, threats, catalogue)
    os.makedirs(sys.argv[1], exist_ok=True)
    with open(f"{sys.argv[1]}/range.json", "w") as f:
        json.dump({"engines": engines, "threats": threats, "actions": found, "catalogue": catalogue}, f, indent=1)
        f.write("\n")
    write_html(f"{sys.argv[1]}/range.html", found, shown, threats, catalogue)
    print(f"{sys.argv[1]}/range.json and {sys.argv[1]}/range.html have it all.")
    return bad != 0 or not found


if __name__ == "__main__":
    sys.exit(main())
