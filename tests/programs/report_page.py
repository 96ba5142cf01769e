"""A report read back: its tags, what it refers to, and its tables and marks as values. For the tests of reports."""

import base64
import hashlib
import html.parser
import re

VOID = {"meta", "link", "br", "img", "input", "hr"}
URL_ATTRIBUTES = {"src", "href", "xlink:href", "action", "data", "poster", "srcset", "background", "formaction"}


class Page(html.parser.HTMLParser):
    """Raises ValueError where the page is not well formed, or could reach for anything outside of itself."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.stack, self.ids, self.links = [], set(), []
        self.scripts, self.styles, self.policy = [], [], None
        self.tables, self.marks, self.titles, self.text, self.sections = [], [], 0, [], {}
        self.section = None
        with open(path, encoding="utf-8", errors="strict") as file:
            self.source = file.read()
        self.feed(self.source)
        self.close()
        if self.stack:
            raise ValueError(f"not closed: {self.stack}")
        self.check_references()
        self.check_policy()

    # ---- tags ----

    def handle_starttag(self, tag, attributes, closed=False):
        names = [name for name, _ in attributes]
        values = dict(attributes)
        if len(set(names)) != len(names):
            raise ValueError(f"<{tag}> has an attribute twice: {names}")
        for name, value in attributes:
            if name.startswith("on") or name == "style":
                raise ValueError(f"<{tag} {name}={value!r}>")
            if name in URL_ATTRIBUTES and not (value.startswith("#") or value == "data:,"):
                raise ValueError(f"<{tag} {name}={value!r}> leads out of the page")
        if values.get("id") in self.ids:
            raise ValueError(f"id {values['id']} is there twice")
        if "id" in values:
            self.ids.add(values["id"])
        if "href" in values and values["href"].startswith("#"):
            self.links.append(values["href"][1:])
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]
        if tag in ("iframe", "object", "embed", "base", "form", "img", "audio", "video", "use", "image"):
            raise ValueError(f"<{tag}> in a report")
        self.begin(tag, values)
        if not closed and tag not in VOID:
            self.stack.append((tag, values))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes, closed=True)

    def handle_endtag(self, tag):
        if not self.stack or self.stack[-1][0] != tag:
            raise ValueError(f"</{tag}> closes {self.stack[-1:]} at {self.getpos()}")
        _, values = self.stack.pop()
        if tag == "section":
            self.section = None
        if tag == "title" and self.stack[-1][0] != "head":
            self.titles += 1

    # ---- contents ----

    def begin(self, tag, values):
        if tag == "section":
            self.section = values["id"]
            self.sections[self.section] = ""
        elif tag == "table":
            self.tables.append({"section": self.section, "caption": "", "rows": [], "ids": []})
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
            self.tables[-1]["ids"].append(values.get("id"))
        elif tag in ("th", "td"):
            self.tables[-1]["rows"][-1].append("")
        elif "data-c" in values:
            self.marks.append(dict(values, section=self.section, tag=tag, title=""))

    def handle_data(self, data):
        tags = [tag for tag, _ in self.stack]
        if "script" in tags:
            self.scripts.append(data)
            return
        if "style" in tags:
            self.styles.append(data)
            return
        self.text.append(data)
        if self.section:
            self.sections[self.section] += data
        if "title" in tags and "svg" in tags and "data-c" in self.stack[-2][1]:
            self.marks[-1]["title"] += data
        elif "caption" in tags:
            self.tables[-1]["caption"] += data
        elif "td" in tags or "th" in tags:
            self.tables[-1]["rows"][-1][-1] += data

    # ---- the whole ----

    def check_references(self):
        missing = [link for link in self.links if link not in self.ids]
        if missing:
            raise ValueError(f"links to {missing}, which are not there")
        for address in re.findall(r"(?:https?:)?//[a-z]", re.sub(r"<(script|style)>.*?</\1>", "", self.source, flags=re.S)):
            raise ValueError(f"an address: {address}")
        if re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", "".join(self.scripts + self.styles)):
            raise ValueError("the script or the style loads something")

    def check_policy(self):
        for kind, texts in (("script-src", self.scripts), ("style-src", self.styles)):
            text = "".join(texts).encode()
            allowed = f"{kind} 'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
            if allowed not in self.policy:
                raise ValueError(f"the policy does not allow the page's own: {self.policy}")
        if not self.policy.startswith("default-src 'none';") or "unsafe" in self.policy:
            raise ValueError(f"the policy allows too much: {self.policy}")
        if self.source.count("<script") != 1 or self.source.count("<style") != 1:
            raise ValueError("more than one script or style")

    def table(self, section, caption=""):
        """Rows as dictionaries by column."""
        for table in self.tables:
            if table["section"] == section and caption in table["caption"] and table["caption"]:
                head = table["rows"][0]
                return [dict(zip(head, row), id=key) for row, key in zip(table["rows"][1:], table["ids"][1:])]
        raise ValueError(f"no table {caption!r} in {section}")

    def marks_of(self, section):
        return [mark for mark in self.marks if mark["section"] == section and mark["class"].split()[0] == "p"]


def place(mark):
    """x and y of the centre of a mark."""
    if mark["tag"] == "circle":
        return float(mark["cx"]), float(mark["cy"])
    x, y = re.match(r"M([\d.-]+) ([\d.-]+)m", mark["d"]).groups()
    return float(x), float(y)
