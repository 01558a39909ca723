#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the daemon can say in a word, the page can say in English and French.

The words are read where the C code has them, so that a new one without a translation is noticed. Who moves such a place
corrects its entry here: an entry that finds nothing fails too."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else pathlib.Path(__file__).parents[3])
WEB = ROOT / "plugins/ui/web"
TEXT = r'"([^"\\]+)"'


def read(pattern):
    paths = sorted(ROOT.glob(pattern))
    assert paths, f"{pattern}: no such file"
    return "\n".join(path.read_text() for path in paths)


def body(path, name):
    """The function of that name in that file"""
    found = re.search(rf"^{name}\(.*?^\}}", read(path), re.M | re.S)
    assert found, f"{path}: no function {name}()"
    return found.group(0)


def table(path, name):
    """The initializer of that name in that file"""
    found = re.search(rf"\b{name}\[[^\]]*\] = \{{(.*?)\}};", read(path), re.S)
    assert found, f"{path}: no table {name}[]"
    return found.group(1)


def said(text):
    return set(re.findall(TEXT, text))


def returned(text):
    return said("".join(re.findall(r"return [^;]*;", text)))


def chosen(text):
    """The words behind ? and : of a chain of conditions"""
    return set(re.findall(r"[?:]\s*" + TEXT, text))


def triggers():
    text = read("core/engine/**/*.c") + read("core/daemon/*.c")
    words = set(re.findall(r"\.cause = " + TEXT, text)) | set(re.findall(r"cause_of\(site, " + TEXT, text))
    for call in re.findall(r"cfx_trigger_need\(([^;]*)\);", text):
        words |= said(call)
    return words


def links():
    text = read("plugins/ui/ui-site-status.c")
    whole = set(re.findall(r"\.id = " + TEXT, text))
    return whole | {word[:-1] for word in re.findall(TEXT, text) if word.endswith("/")}


def hints():
    """What is said to people beside an error whose code has no hint of its own; "syntax" is for scripts."""
    own = {key.split(".")[1] for key in words() if re.fullmatch(r"error\.[^.]+\.hint", key)}
    calls = re.findall(r"ui_answer_error\(([^;]*)\);", read("plugins/ui/ui-*.c"))
    found = set()
    for call in calls:
        texts = re.findall(r'"((?:[^"\\]|\\.)*)"', call)
        if texts and texts[0] not in own | {"syntax", "method"} and not call.rstrip().endswith("NULL"):
            found.add(texts[-1].replace('\\"', '"'))
    kinds = re.findall(r'\d\d\d, "([^"]+)", "([^"]+)" \}', read("plugins/ui/ui-answer.c"))
    return found | {text for code, text in kinds if code not in own}


def status_words():
    text = read("plugins/ocpp/ocpp-messages-remote.c")
    return set().union(*(said(words) for name, words in re.findall(r"(\w+)_words\[\] = \{(.*?)\};", text, re.S)
                         if name.endswith("_status") or name in ("start_stop", "unlock")))


def choices():
    path = "plugins/ocpp/ocpp-messages-remote.c"
    return ({f"type.{word}" for word in said(table(path, "reset_words"))}
            | {f"requestedMessage.{word}" for word in said(table(path, "trigger_words"))}
            | {f"operationalStatus.{word}" for word in said(table(path, "operational_words"))}
            | {f"chargingRateUnit.{word}" for word in
               said(table("plugins/ocpp/ocpp-messages-c*.c", "ocpp_rate_unit_words"))})


def notes():
    """What is written beside a member of a command"""
    return set(re.findall(r'\{ "\w+",\s*"([^"]+)" \}', read("plugins/ocpp/ocpp-command-list.c")))


FAMILIES = {
    "cause": lambda: (said(table("core/engine/plan/cfx-plan-promise.c", "in_way_names"))
                      | returned(body("core/engine/plan/cfx-plan-promise.c", "cfx_plan_cause_of_shortage"))
                      | returned(body("core/engine/session/cfx-session-track.c", "cause_at_end"))),
    "trigger": triggers,
    "from": lambda: said(table("core/engine/session/cfx-session.c", "from_names")),
    "grade": lambda: said(body("core/engine/session/cfx-session.c", "cfx_from_grade")),
    "state": lambda: returned(body("plugins/ui/ui-site-device.c", "state_word")),
    "profile": lambda: said(table("plugins/ui/ui-site-device.c", "words")),
    "sitestate": lambda: said(body("core/engine/report/cfx-engine-json.c", "cfx_site_state_name")),
    "link": links,
    "linkstate": lambda: (chosen("".join(re.findall(r"state = [^;,]*[,;]", read("plugins/ui/ui-site-status.c"))))
                          | chosen(body("plugins/ui/ui-site-status.c", "instance_state"))),
    "error": lambda: (chosen(re.search(r"code = (.*?);", read("plugins/ui/ui-answer.c"), re.S).group(1))
                      | set(re.findall(r"\b[45]\d\d,\s*" + TEXT, read("plugins/ui/*.c")))),
    "cmd": lambda: set(re.findall(r"^\s*\{ " + TEXT + r",\s+\"[^\"]+\",\s+CFX_ROLE", read("plugins/ocpp/*.c"), re.M)),
    "choice": choices,
    "answer": status_words,
    "signal": lambda: said(table("plugins/openadr/ven-signals.c", "types")),
    "signaltype": lambda: said(table("plugins/openadr/ven-signals.c", "types")),
}

def words():
    """{key: (English, French)} of words.js"""
    found = {}
    for key, rest in re.findall(r"^    '([^']+)': \[(.*)\],$", (WEB / "words.js").read_text(), re.M):
        found[key] = re.findall(r"'((?:[^'\\]|\\.)*)'", rest)
    return found


class Words(unittest.TestCase):
    known = words()

    def test_what_the_daemon_says(self):
        for family, find in FAMILIES.items():
            with self.subTest(family):
                found = find()
                self.assertGreater(len(found), 2, f"{family}: the words of the C code are not found")
                missing = {f"{family}.{word}" for word in found} - set(self.known)
                self.assertFalse(missing, "words.js lacks what the C code says")

    def test_sentences(self):
        """Those of said.* are the C code's, word for word, and all that it says to people beside forms and errors."""
        known = {both[0].replace("\\'", "'") for key, both in self.known.items() if key.startswith("said.")}
        for find in (notes, hints):
            found = find()
            self.assertGreater(len(found), 5, find.__name__)
            self.assertFalse(found - known, "words.js lacks what the C code says")
        text = read("plugins/*/*.c").replace('\\"', '"')
        self.assertFalse({sentence for sentence in known if f'"{sentence}"' not in text}, "the C code no longer says this")

    def test_stories(self):
        topics = set(re.findall(r'"(cfx\.story\.[^"]+)"', read("core/engine/**/*.c")))
        self.assertGreater(len(topics), 5)
        self.assertFalse(topics - set(self.known), "words.js lacks these sentences")

    def test_what_the_page_asks_for(self):
        for path in WEB.glob("*.js"):
            asked = set(re.findall(r"\bt\('([^']+)'[,)]", path.read_text()))
            self.assertFalse(asked - set(self.known), path.name)

    def test_both_languages(self):
        self.assertGreater(len(self.known), 300)
        for key, both in self.known.items():
            with self.subTest(key):
                self.assertEqual(len(both), 2)
                self.assertEqual(bool(both[0]), bool(both[1]), "one language is empty")
                if not key.startswith("cfx.story."):  # those are English as the daemon says them
                    fills = [sorted(set(re.findall(r"\{(\w+)\}", text))) for text in both]
                    self.assertEqual(*fills)
        lines = re.findall(r"^    '", (WEB / "words.js").read_text(), re.M)
        self.assertEqual(len(lines), len(self.known), "a line cannot be read, or a key is there twice")


if __name__ == "__main__":
    unittest.main(verbosity=0)
