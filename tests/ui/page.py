# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page as the tests see it: screens, numbers in it, and what the API says."""

import re

import webdriver

SCREENS = ("overview", "map", "stations", "signals", "health", "history")

# Each text that is seen, with its contrast to what lies behind it; only those below 4.5 : 1 (3 : 1 where large).
CONTRAST = """
const lum = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const parse = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
const behind = node => {
    for (let n = node; n; n = n.parentElement) {
        const c = parse(getComputedStyle(n).backgroundColor);
        if (c.length === 3 || c[3] > 0.9) return c;
    }
    return [255, 255, 255];
};
const poor = [];
for (const node of document.querySelectorAll('body *')) {
    if (![...node.childNodes].some(c => c.nodeType === 3 && c.data.trim()) || !node.getClientRects().length) continue;
    if (node.closest('[disabled], fieldset:disabled, .sr, svg.map') || node.tagName === 'OPTION') continue;
    const style = getComputedStyle(node);
    if (style.visibility === 'hidden') continue;
    const colour = parse(node instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [lum(colour), lum(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${node.textContent.trim().slice(0, 30)} (${ratio.toFixed(2)})`);
}
return poor;
"""


class Page:
    """What a person does and reads."""

    def __init__(self, browser, site):
        self.browser = browser
        self.site = site

    def sign_in(self, role):
        self.browser.open(self.site.link(role))
        self.browser.wait("the overview", "return document.querySelector('#tile-power .value')")

    def show(self, place):
        self.browser.run("location.hash = arguments[0]", f"#/{place}")
        self.settle()

    def settle(self):
        """Until what was asked for has been drawn."""
        self.browser.run("return new Promise(done => setTimeout(() => requestAnimationFrame(done), 350))")

    def api(self, path):
        return self.browser.run(
            "return fetch(new URL('api/' + arguments[0], document.baseURI)).then(a => a.json())", path)

    def items(self):
        """The snapshot of the site, by kind and id."""
        kinds = {}
        for item in self.api("sites/1/snapshot")["items"]:
            kinds.setdefault(item["kind"], {})[item["id"]] = item
        return kinds

    def number(self, css):
        """The first number in an element; None for a dash."""
        return first_number(self.browser.text(css))

    def rows(self, css):
        """Texts of a table's body, cell by cell."""
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map(tr => "
            "[...tr.children].map(td => td.innerText.trim()))", css)

    def nameless(self):
        """Controls and pictures that a screen reader could not name."""
        tree = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        roles = ("button", "link", "textbox", "combobox", "searchbox", "checkbox", "img", "image", "table-x")
        return [f"{node['role']['value']} {node.get('backendDOMNodeId')}" for node in tree
                if not node.get("ignored") and node.get("role", {}).get("value") in roles
                and not node.get("name", {}).get("value")]

    def poor_contrast(self):
        return self.browser.run(CONTRAST)


def first_number(text):
    found = re.search(r"[-−]?\d[\d,\u202f\u00a0 ]*(?:\.\d+)?", (text or "").strip())
    return float(re.sub(r"[,\u202f\u00a0 ]", "", found[0]).replace("−", "-")) if found else None


def close_to(seen, told, digits=1):
    """Whether a number on the page is what the API says, rounded to its digits."""
    if seen is None or told is None:
        return seen is None and told is None
    return abs(seen - told) <= 0.5 * 10 ** -digits + 1e-9


__all__ = ["Page", "SCREENS", "close_to", "first_number", "webdriver"]
