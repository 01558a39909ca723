# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must be true of the page. Each check is a function; it calls `same` or `true`."""

import re
import time
import traceback
import urllib.parse

from page import SCREENS, Page, close_to, first_number

failures = []
# refusals that were asked for
EXPECTED_NOISE = re.compile(r"api/(session|sites) .* 401|api/devices/\d+/(command|need) .* (4|5)\d\d|"
                            r"messages .* 501|api/session .* 429|api/knocks .* 403")


def true(name, fact, detail=""):
    print(f"{'ok' if fact else 'not ok'} - {name}{'' if fact else f': {detail}'}", flush=True)
    if not fact:
        failures.append(name)


def same(name, seen, told, digits=None):
    fits = seen == told if digits is None else close_to(seen, told, digits)
    true(name, fits, f"the page shows {seen!r}, the API says {told!r}")


# --- signing in --------------------------------------------------------------------------------


def refused_sign_in(page):
    browser = page.browser
    browser.open(page.site.page)
    browser.wait("the form", "return document.querySelector('form input[name=user]')")
    same("without a cookie the API answers 401 with a code",
         browser.run("return fetch('api/sites').then(async a => [a.status, (await a.json()).error.code])"),
         [401, "signed-out"])
    browser.type("input[name=user]", "nobody")
    browser.type("input[name=password]", "wrong")
    browser.keys("Enter")
    said = browser.wait("the refusal", "return document.querySelector('form [role=alert]')?.innerText")
    true("a wrong password gets a hint", "wrong" in said and "administrator" in said, said)
    browser.open("about:blank")
    browser.open(page.site.page + "#token=forged")
    said = browser.wait("the refusal", "return document.querySelector('form [role=alert]')?.innerText")
    true("a forged link gets a hint", "no longer works" in said and "cariflexctl login" in said, said)
    true("the token has gone from the address", "token" not in browser.run("return location.href"))


def first_load(page):
    """By a link that works once; counts what came over the line."""
    browser = page.browser
    browser.open("about:blank")
    browser.cdp("Network.clearBrowserCache")
    browser.console()
    browser.watch_network()
    browser.requests.clear()
    page.sign_in("operator")
    # Chromium notes a paint some frames after what was drawn
    drawn, paint = (browser.wait(name, f"return performance.getEntriesByName('{name}')[0]?.startTime")
                    for name in ("cariflex-drawn", "first-contentful-paint"))
    requests = [r for r in browser.watch_network() if r["url"].startswith(("http", "ws"))]
    first = [r for r in requests if not re.search(r"/(chain|stations|commands|need|knocks)\.js$", r["url"])]
    size = sum(r["bytes"] for r in first)
    print(f"# first load: {len(first)} requests, {size} bytes; first paint {paint:.0f} ms, "
          f"overview drawn {drawn:.0f} ms", flush=True)
    true("the first load takes fewer than 15 requests", len(first) < 15, str([r["url"] for r in first]))
    true("the first load takes less than 120 kB", size < 120_000, size)
    true("the token has gone from the address", "token" not in browser.run("return location.href"))


def nothing_from_outside(page):
    host = urllib.parse.urlsplit(page.site.page).netloc
    outside = {r["url"] for r in page.browser.watch_network()
               if urllib.parse.urlsplit(r["url"]).scheme in ("http", "https", "ws", "wss")
               and urllib.parse.urlsplit(r["url"]).netloc != host}
    true("no request leaves the host", not outside, outside)


def no_complaints(page, when):
    said = [m for m in page.browser.console() if not EXPECTED_NOISE.search(m)]
    true(f"nothing on the console ({when})", not said, said)


def by_password(page):
    """Somebody of the register signs in by name and password."""
    browser = page.browser
    page.site.add_person("anne", "correct horse battery")
    said = []
    for user, password in (("anne", "wrong"), ("nobody", "correct horse battery")):
        browser.open("about:blank")
        browser.open(page.site.page)
        browser.wait("the form", "return document.querySelector('form input[name=user]')")
        browser.type("input[name=user]", user)
        browser.type("input[name=password]", password)
        browser.keys("Enter")
        said.append(browser.wait("the refusal", "return document.querySelector('form [role=alert]')?.innerText"))
    same("a wrong name and a wrong password are told alike", said[0], said[1])
    true("the page stays shut", not browser.run("return document.querySelector('#tile-power')"))
    browser.type("input[name=user]", "anne")
    browser.type("input[name=password]", "correct horse battery")
    browser.keys("Enter")
    browser.wait("the overview", "return document.querySelector('#tile-power .value')")
    who = browser.text(".who")
    true("the right password opens the page", "anne" in who and "operator" in who, who)
    same("script does not see the cookie", browser.run("return document.cookie"), "")


# --- what is shown is what the API says ----------------------------------------------------------


def overview_numbers(page):
    page.show("overview")
    items = page.items()
    site = items["site"][1]
    for tile, member, digits in (("power", "power_kw", 1), ("limit", "limit_kw", 1), ("price", "price", 0),
                                 ("charging", "charging", 0)):
        same(f"overview: {member}", page.number(f"#tile-{tile} .value"), site[member], digits)
    here = [s for s in items["session"].values() if not s["ended"]]
    same("overview: due_kwh of all cars", page.number("#tile-due .value"), sum(s["due_kwh"] or 0 for s in here), 1)
    rows = {row[0]: row for row in page.rows(".columns")}
    same("overview: a row for each car", sorted(rows), sorted(s["station_name"] for s in here))
    for session in here:
        row = rows.get(session["station_name"], [""] * 6)
        for column, member in ((1, "need_kwh"), (2, "delivered_kwh"), (3, "promised_kwh"), (4, "due_kwh")):
            same(f"overview: {member} of {session['station_name']}", first_number(row[column]), session[member], 1)
    plan = items["plan"][1]
    cost = page.browser.text(".stack .facts dd")
    same("overview: the plan's cost", first_number(cost), plan["cost"], 2)


def value_of(series, at):
    """Value of a series of runs at an instant in seconds."""
    for start, n, value in series["runs"]:
        if start <= at < start + n * series["step_s"]:
            return value
    return None


def planned(plan, device, at):
    row = next(d for d in plan["devices"] if d["device"] == device)
    for i, power in enumerate(row["power_kw"]):
        if plan["edges"][i] <= at < plan["edges"][i + 1]:
            return power
    return None


def chart_values(page):
    """The table under the chart, cell by cell, against series and plan."""
    page.show("overview")
    browser = page.browser
    browser.click("figure.chart summary")
    page.settle()
    heads = browser.run("return [...document.querySelectorAll('figure.chart thead th')].map(e => e.innerText.split(' (')[0])")
    rows = browser.run("return [...document.querySelectorAll('figure.chart tbody tr')].map(tr => "
                       "[Number(tr.dataset.at) / 1000, ...[...tr.children].map(td => td.innerText)])")
    items = page.items()
    series, plan = items["series"], items["plan"][1]
    measured = max(start + n * 900 for start, n, _ in series["site-power"]["runs"])
    sources = {"Price": lambda at: value_of(series["price"], at), # where nothing was sent nothing is restricted
               "Load control": lambda at: next((v for v in [value_of(series["load-control"], at)] if v is not None), 100),
               "Effective limit": lambda at: value_of(series["limit"], at)}
    for device in items["device"].values():
        def source(at, asset=device["id"]):
            if at + 900 <= measured:
                return value_of(series[f"power/{asset}"], at)
            return value_of(series[f"planned/{asset}"], at) if at < plan["edges"][0] else planned(plan, asset, at)
        sources[device["station_name"]] = source
    checked, wrong = 0, []
    for row in rows:
        for name, source in sources.items():
            seen, told = first_number(row[1 + heads.index(name)]), source(row[0])
            if told is None and seen in (None, 0):
                continue
            digits = 2 if abs(told or 0) < 10 else 1 if abs(told) < 100 else 0
            checked += 1
            if not close_to(seen, told, digits):
                wrong.append((row[1], name, seen, told))
    true(f"chart: {checked} cells of its table are what series and plan say", checked > 300 and not wrong, wrong[:5])
    browser.click("figure.chart summary")


def stations_table(page):
    page.show("stations")
    items = page.items()
    devices = items["device"]
    words = {"available": "free", "plugged": "waiting", "charging": "charging", "full": "full", "offline": "offline",
             "faulted": "faulted", "unavailable": "out of service", "unknown": "not heard yet"}
    rows = {row[0].split("\n")[0]: row for row in page.rows("#stations")}
    same("stations: one row each", sorted(rows), sorted(d["station_name"] for d in devices.values()))
    for device in devices.values():
        row = rows[device["station_name"]]
        same(f"stations: state of {device['station_name']}", row[1].split("\n")[0], words[device["state"]])
        same(f"stations: power of {device['station_name']}", first_number(row[2]), device["power_kw"], 1)
    browser = page.browser
    browser.type("#search", "CP00")
    page.settle()
    same("stations: the search", len(page.rows("#stations")), 9)
    browser.type("#search", "nothing like this")
    page.settle()
    true("stations: nothing found says so", "Nothing matches" in browser.text("#stations"))
    browser.click("#stations .link")
    browser.run("[...document.querySelectorAll('#stations .sort')][2].click()")
    page.settle()
    powers = [first_number(row[2]) for row in page.rows("#stations")]
    known = [p for p in powers if p is not None]
    same("stations: sorted by power", known, sorted(known, reverse=True))


def messages_of(page, messages):
    browser = page.browser
    browser.wait("the messages", "return document.querySelector('.messages')")
    calls = [m for m in messages if m["type"] == "call"]
    shown = browser.run("return document.querySelectorAll('.messages li').length")
    true("detail: messages of the station", abs(shown - min(60, len(calls))) <= 2, (shown, len(calls)))
    browser.click(".messages summary")
    page.settle()
    true("detail: a message unfolds", "{" in browser.text(".messages pre"), browser.text(".messages"))


def station_detail(page):
    items = page.items()
    device = next(d for d in items["device"].values() if d["state"] == "charging")
    session = next(s for s in items["session"].values() if s["device"] == device["id"] and not s["ended"])
    page.show(f"stations/{device['id']}")
    browser = page.browser
    browser.wait("the commands", "return document.querySelector('#command')")
    same("detail: measured", page.number("#tile-d-power .value"), device["power_kw"], 1)
    text = browser.text(".content")
    same("detail: need", first_number(text.split("Need\n")[1]), session["need_kwh"], 1)
    true("detail: grade of the need", session["need_grade"] in text.split("Need\n")[1][:60].lower(), text[:400])
    answer = page.api(f"devices/{device['id']}/messages")
    if answer.get("error", {}).get("code") == "not-supported":
        true("detail: an adapter without messages says so", "keeps no messages" in text, text[-300:])
    else:
        messages_of(page, answer["messages"])
    names = [c["name"] for c in page.api(f"devices/{device['id']}/commands")["commands"]]
    same("detail: commands are the adapter's", browser.run(
        "return [...document.querySelectorAll('#command option')].map(o => o.value)"), names)
    return device


def commands(page, device):
    browser = page.browser
    choose = ("const s = document.querySelector('#command'); s.value = arguments[0];"
              "s.dispatchEvent(new Event('change'))")
    page.show(f"stations/{device['id']}")
    browser.wait("the commands", "return document.querySelector('#command')")
    browser.run(choose, "TriggerMessage")
    page.settle()
    browser.click("#send")
    said = browser.wait("the answer", "return document.querySelector('#answer')?.innerText", seconds=35)
    true("a command shows the station's own answer", '"status"' in said, said)
    browser.run(choose, "GetCompositeSchedule")
    page.settle()
    browser.run("const e = document.querySelector('#arg-duration'); e.value = ''; e.dispatchEvent(new Event('input'));"
                "document.querySelector('form.command').noValidate = true")
    browser.click("#send")
    said = browser.wait("the refusal", "return document.querySelector('#answer')?.innerText")
    true("an argument that is missing is named", "duration" in said, said)
    refused = browser.run(
        "return fetch(arguments[0], {method: 'POST', headers: {'Content-Type': 'application/json'}, body: "
        "JSON.stringify({command: 'GetCompositeSchedule', arguments: {duration: 'soon', evseId: 1}})})"
        ".then(async a => [a.status, (await a.json()).error.message])", f"api/devices/{device['id']}/command")
    true("the daemon names the member too", refused[0] == 422 and "duration" in refused[1], refused)


def stated_need(page, device):
    """A need and a time from the page are what the API and cariflexctl say."""
    browser = page.browser
    page.show(f"stations/{device['id']}")
    browser.wait("the form", "return document.querySelector('#need-kwh')")

    def state(kwh, by=""):
        browser.run("for (const [id, value] of arguments[0]) { const e = document.querySelector(id); e.value = value;"
                    "e.dispatchEvent(new Event('input')); }", [["#need-kwh", kwh], ["#need-by", by]])
        browser.click("#need-set")
        page.settle()
        return browser.wait("the answer", "return document.querySelector('#need-answer')?.innerText", seconds=20)
    true("a need: nothing is not sent", "Give an energy" in state(""))
    said = state("1001")
    true("a need: too much is refused in words", "between 0 and" in said, said)
    said = state("17.5", "09:30")
    true("a need is stored", "Stored" in said, said)
    time.sleep(1)
    page.settle()
    session = next(s for s in page.items()["session"].values() if s["device"] == device["id"] and not s["ended"])
    same("a need: the API", [session["need_kwh"], session["need_from"], session["need_grade"]], [17.5, "entry", "stated"])
    same("a need: 09:30 on Martinique", session["departure"][11:16], "13:30")
    told = next(s for s in page.site.run.ctl_json("session")["sessions"] if s["asset"] == device["id"])
    same("a need: cariflexctl", told["need"]["wh"], 17500)
    same("a need: cariflexctl, until when", told["departure"]["at"], session["departure"])
    text = browser.text(".content").split("Need\n")[1]
    same("a need: the page", first_number(text), 17.5, 1)
    true("a need: the page says by whom", "entered by hand" in text[:80], text[:80])
    refused = browser.run(
        "return fetch(arguments[0], {method: 'POST', headers: {'Content-Type': 'application/json'}, body: "
        "JSON.stringify({by: '25:00'})}).then(async a => [a.status, (await a.json()).error.message])",
        f"api/devices/{device['id']}/need")
    true("a need: the daemon names the member", refused[0] == 422 and refused[1].startswith("by:"), refused)


def knocking_station(page):
    """One that nobody has let in stands below the table, with what lets it in."""
    page.site.knock("CP777")
    browser = page.browser
    page.show("stations")
    browser.wait("the knock", "return document.querySelector('#knocks tbody tr')", seconds=25)
    told = page.site.run.ctl_json("stations")["unknown"]
    rows = page.rows("#knocks")
    same("knocks: those of cariflexctl", [row[0].split("\n")[0] for row in rows], [one["identity"] for one in told])
    same("knocks: how to let it in", rows[0][-1], "cariflexctl approve CP777")


def offline_station(page):
    page.site.world("resume")
    page.site.world("silence", "CP010", "--for", "2h")
    browser = page.browser
    page.show("stations/201")
    browser.wait("CP010 offline", "return document.querySelector('.tile .is-off')", seconds=40)
    page.site.world("pause")
    browser.wait("the commands", "return document.querySelector('#why')")
    true("offline: the command is greyed out with the reason", "offline" in browser.text("#why")
         and browser.run("return document.querySelector('#send').disabled"), browser.text("#why"))


def signals(page):
    page.show("signals")
    items = page.items()
    shown = browser_events(page)
    now = page.api("sites")["now"]
    told = {}
    for event in items.get("event", {}).values():
        phase = "tocome" if now < event["start"] else "over" if event["end"] and event["end"] <= now else "inforce"
        told[event["id"]] = phase
    same("signals: each event in its place", shown, told)
    true("signals: there is something to see", told)


def browser_events(page):
    return page.browser.run("return Object.fromEntries(['inforce', 'tocome', 'over'].flatMap(place => "
                            "[...document.querySelectorAll(`#${place} [data-event]`)].map(e => [e.dataset.event, place])))")


def health(page):
    page.show("health")
    links = page.items()["link"]
    shown = page.browser.run("return [...document.querySelectorAll('[data-link]')].map(e => [e.dataset.link, "
                             "e.querySelector('.how .state').innerText])")
    words = {"ok": "fine", "late": "late", "broken": "broken", "unknown": "not heard yet", "off": "not configured"}
    told = [[one["id"], words[one["state"]]] for one in sorted(links.values(), key=lambda l: (l["rank"], l["id"]))]
    same("health: each link in order with its state", shown, told)


def history(page):
    page.show("history")
    page.browser.wait("the day", "return document.querySelector('#tile-h-site')")
    day = page.api("sites/1/history")
    for tile, value, digits in (("h-site", day["energy_kwh"]["site"], 1), ("h-cars", day["energy_kwh"]["devices"], 1),
                                ("h-pv", day["energy_kwh"]["pv"], 1), ("h-cost", day["cost"], 2), ("h-plans", day["plans"], 0)):
        same(f"history: {tile[2:]}", page.number(f"#tile-{tile} .value"), value, digits)
    same("history: a row for each session", len(page.rows(".columns")), len(day["sessions"]))
    page.show("history/1999-12-31")
    page.settle()
    true("history: a day without data says so", re.search(r"Nothing was measured|day", page.browser.text(".content")))


def map_places(page):
    page.show("map")
    page.browser.wait("the coast", "return document.querySelector('.map .land')")
    items = page.items()
    shown = page.browser.run("return [...document.querySelectorAll('.map .spot')].map(e => e.getAttribute('aria-label'))")
    same("map: one mark each", len(shown), len({d["station"] for d in items["device"].values()}))
    listed = page.browser.run("return document.querySelectorAll('#places li').length")
    same("map: the list beside it", listed, len(shown))


# --- keyboard, languages, themes ------------------------------------------------------------------


def keyboard(page):
    browser = page.browser
    for screen in SCREENS:
        page.show("about")
        browser.run("document.activeElement.blur(); scrollTo(0, 0)")
        for _ in range(12):
            browser.keys("Tab")
            if browser.run("return document.activeElement.getAttribute('href')") == f"#/{screen}":
                break
        browser.keys("Enter")
        page.settle()
        true(f"keyboard reaches {screen}", browser.run(
            "return location.hash === arguments[0] && document.activeElement.id === 'title'", f"#/{screen}"),
            browser.run("return location.hash + ' ' + document.activeElement.outerHTML.slice(0, 80)"))
    page.show("overview")
    browser.run("document.querySelector('figure.chart svg').focus()")
    browser.keys("Left", "Left")
    said = browser.wait("the read-out", "return document.querySelector('figure.chart [aria-live]').textContent")
    true("arrow keys read the chart", "Effective limit" in said, said)
    browser.keys("Escape")


def names(page):
    for screen in SCREENS:
        page.show(screen)
        nameless = page.nameless()
        true(f"every control on {screen} has a name", not nameless, nameless)


def french_form(page):
    """The form of a command, made from the adapter's own English schema."""
    browser = page.browser
    page.show("stations/111")
    browser.wait("the commands", "return document.querySelector('#command')")
    browser.run("const s = document.querySelector('#command'); s.value = 'Reset'; s.dispatchEvent(new Event('change'))")
    page.settle()
    form = browser.run("return [...document.querySelectorAll('.args label.field')].map(l => l.textContent)")
    true("a command's form is French", any("sans valeur, toute la borne" in text for text in form)
         and any("Immediate – tout de suite" in text for text in form) and not any("left out" in text for text in form), form)


def languages(page):
    browser = page.browser
    page.show("overview")
    browser.click("button[lang=fr]")
    page.settle()
    same("French by the switch", [browser.run("return document.documentElement.lang"), browser.text("nav li:nth-child(3) a span")],
         ["fr", "Bornes"])
    for screen in SCREENS:
        page.show(screen)
        keys = re.findall(r"\b(?:col|tile|state|link|detail|history|plan|day|map|health|signal|signals)\.[a-z]+\b",
                          browser.text("#app"))
        true(f"no word is missing in French on {screen}", not keys, keys)
    french_form(page)
    browser.reload()
    browser.wait("the page", "return document.querySelector('#title')")
    same("the choice is kept", browser.run("return document.documentElement.lang"), "fr")
    browser.click("button[lang=en]")
    page.settle()
    same("English again", browser.text("nav li:nth-child(3) a span"), "Stations")


def themes(page):
    browser = page.browser
    ground = "return getComputedStyle(document.body).backgroundColor"
    browser.theme("light")
    page.settle()
    light = browser.run(ground)
    browser.theme("dark")
    page.settle()
    dark = browser.run(ground)
    true("the theme follows the system", light != dark, (light, dark))
    browser.click("button[aria-label=Light]")
    page.settle()
    same("the switch wins", browser.run(ground), light)
    for theme in ("Light", "Dark"):
        browser.click(f"button[aria-label={theme}]")
        for screen in (*SCREENS, "stations/111", "about"):
            page.show(screen)
            poor = page.poor_contrast()
            true(f"contrast of {screen}, {theme.lower()}", not poor, poor)
    browser.click("button[aria-label='As the system']")


def phone(page):
    browser = page.browser
    browser.size(390, 844, True)
    for screen in (*SCREENS, "stations/151"):
        page.show(screen)
        if screen.startswith("stations/"):
            browser.wait("its messages", "return document.querySelectorAll('.messages li').length > 30")
        wide = browser.run("return document.documentElement.scrollWidth") - 390
        true(f"{screen} fits a phone", wide <= 0, f"{wide} px too wide")
        below = browser.run("return document.documentElement.scrollHeight - scrollY "
                            "- Math.max(innerHeight, document.querySelector('#app').getBoundingClientRect().bottom)")
        true(f"{screen} ends where its content ends", below <= 1, f"{below:.0f} px of nothing")
    browser.size(1440, 900)


# --- the line, the role ----------------------------------------------------------------------------


def live_update(page):
    """What stands on the page changes in place, without loading anything."""
    browser = page.browser
    page.show("overview")
    before = browser.text("#clock")
    browser.run("window.still = document.querySelector('#clock')")
    page.site.world("resume")
    browser.wait("time to go on", "return document.querySelector('#clock').innerText !== arguments[0]", before, seconds=20)
    time.sleep(2)
    page.site.world("pause")
    time.sleep(1.5)
    page.settle()
    true("the element is the same one", browser.run("return window.still === document.querySelector('#clock')"))
    site = page.items()["site"][1]
    same("live: power_kw", page.number("#tile-power .value"), site["power_kw"], 1)
    same("live: price", page.number("#tile-price .value"), site["price"], 0)


def dropped_line(page):
    browser = page.browser
    page.show("overview")
    before = browser.text("#clock")
    page.site.run.kill_daemon()
    try:
        said = browser.wait("the banner", "return document.querySelector('#dropped')?.innerText", seconds=20)
    finally:
        page.site.run.start_daemon()
        page.site.run.wait_ready()
    true("a dropped line is shown with its time", re.search(r"since \d", said), said)
    browser.wait("recovery", "return !document.querySelector('#dropped')", seconds=60)
    browser.wait("signed in still", "return document.querySelector('#tile-power .value')", seconds=20)
    true("it recovers by itself", True)
    page.site.world("resume")
    browser.wait("news", "return document.querySelector('#clock').innerText !== arguments[0]", before, seconds=20)
    page.site.world("pause")
    true("news come again", True)
    time.sleep(1)
    browser.console()  # failed attempts in between are no fault


def viewer(page):
    browser = page.browser
    browser.click(".who .link")
    browser.wait("the form", "return document.querySelector('form input[name=user]')")
    page.sign_in("viewer")
    page.show("stations/111")
    page.settle()
    same("a viewer sees no command, no messages, no need to state",
         browser.run("return ['#command', '.messages', 'form.need'].map(css => document.querySelector(css))"), [None, None, None])
    same("and the daemon would refuse a need", browser.run(
        "return fetch('api/devices/111/need', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({need_kwh: 5})}).then(async a => [a.status, (await a.json()).error.code])"), [403, "role"])
    page.show("stations")
    page.settle()
    true("a viewer sees no knocks", not browser.run("return document.querySelector('#knocks')"))
    same("and the daemon tells of none", browser.run("return fetch('api/knocks').then(a => a.status)"), 403)
    status = browser.run(
        "return fetch('api/devices/111/command', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({command: 'Reset', arguments: {type: 'OnIdle'}})}).then(async a => [a.status, "
        "(await a.json()).error.code])")
    same("and the daemon would refuse one", status, [403, "role"])


def too_many_attempts(page):
    """The last: whoever comes from this address has to wait then."""
    browser = page.browser
    ask = ("return fetch('api/session', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: "
           "JSON.stringify({user: 'eve', password: 'wrong'})}).then(async a => [a.status, (await a.json()).error.code, "
           "Number(a.headers.get('Retry-After'))])")
    for _ in range(30):
        answer = browser.run(ask)
        if answer[0] == 429:
            break
    true("who tries on and on has to wait", answer[:2] == [429, "too-many"] and answer[2] > 0, answer)
    browser.click(".who .link")
    browser.wait("the form", "return document.querySelector('form input[name=user]')")
    browser.type("input[name=user]", "eve")
    browser.type("input[name=password]", "wrong")
    browser.keys("Enter")
    said = browser.wait("the refusal", "return document.querySelector('form [role=alert]')?.innerText")
    true("and the page says so", "Too many" in said and "Wait" in said, said)


def run_all(browser, site, moment):
    page = Page(browser, site)

    def part(check, *args):
        """One that breaks off fails, and the others go on."""
        try:
            return check(page, *args)
        except (Exception, SystemExit) as error:
            true(check.__name__, False, f"{type(error).__name__}: {error}")
            traceback.print_exc()

    part(refused_sign_in)
    part(by_password)
    site.to(moment)
    for check in (first_load, overview_numbers, chart_values, stations_table):
        part(check)
    device = part(station_detail)
    for check in (signals, health, history, map_places):
        part(check)
    part(no_complaints, "all screens")
    part(commands, device)
    part(stated_need, device)
    part(knocking_station)
    for check in (offline_station, keyboard, names, languages, themes, phone):
        part(check)
    part(no_complaints, "after everything")
    for check in (live_update, dropped_line, viewer, nothing_from_outside):
        part(check)
    part(no_complaints, "as a viewer")
    part(too_many_attempts)
    print(f"# {len(failures)} failed: {failures}" if failures else "# all is well", flush=True)
    return 1 if failures else 0
