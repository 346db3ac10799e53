# SPDX-License-Identifier: Apache-2.0
"""report_page.py FILE: the page that recorder.bats has made is well formed, needs nothing, runs nothing, and says what it has to."""
import html.parser
import sys

VOID = {"meta"}
KNOWN = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "nav", "a", "section", "dl", "dt", "dd", "p", "div", "table", "thead",
         "tbody", "tr", "th", "td", "ul", "li", "b", "span"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "id", "class", "style", "href"}
HOSTILE = '<script>document.title="x"</script>'


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.sections, self.section, self.policy, self.title = [], {}, "", None, ""
        self.rows = {}

    def handle_starttag(self, tag, attrs):
        assert tag in KNOWN, tag
        attrs = dict(attrs)
        assert set(attrs) <= ATTRIBUTES, attrs
        assert attrs.get("href", "#").startswith("#"), attrs
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag == "section":
            self.section = attrs["id"]
        if tag in ("tr", "li"):
            self.rows.setdefault(self.section, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            assert "url(" not in data and "@import" not in data
            return
        if self.open and self.open[-1] == "title":
            self.title += data
        self.sections[self.section] = self.sections.get(self.section, "") + data + "\n"
        if {"tr", "li"} & set(self.open):
            self.rows[self.section][-1] += data + " "


page = Page()
text = open(sys.argv[1], encoding="utf-8").read()
assert text.startswith("<!DOCTYPE html>\n")
page.feed(text)
page.close()
assert not page.open, page.open
assert page.policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'", page.policy
assert page.title == "Pale: web", page.title
assert list(page.sections)[1:] == ["summary", "gaps", "violations", "connections", "processes", "timeline"], list(page.sections)


def row(section, *parts):
    assert any(all(p in r for p in parts) for r in page.rows[section]), (section, parts)


row("violations", "/bin/acts", "denied", "syscall mkdir", "recorded_acts.pale:20:9", "deny mkdir")
row("connections", "/bin/acts", "tcp", "127.0.0.1:9")
row("processes", "/bin/acts generations 3", "exit 115")
row("processes", "acts generations 1", "killed by TERM")
row("processes", "denied: syscall mkdir — recorded_acts.pale:20:9 | deny mkdir")
row("processes", HOSTILE, "\\x1b[2J")
row("timeline", "exec", HOSTILE)
row("timeline", "policy", "forgotten, profile acts")
assert "Nothing is known to be missing." in page.sections["gaps"]
assert "acts" in page.sections["summary"] and "\x1b" not in text
