// SPDX-License-Identifier: LGPL-2.1-or-later
// The frame around the screens: navigation, sign-in, theme, language, and when to draw.

import {h, patch} from './dom.js';
import {clockSeconds, getLanguage, longDay, preferredLanguage, setLanguage, span, t, weekday} from './i18n.js';
import {icon, said} from './parts.js';
import * as live from './live.js';
import {history, overview} from './day.js';

const MIN_GAP = 250; // ms between two drawings that news asks for: ten open pages stay cheap
// What the first picture does not need comes after it.
const later = (file, name) => ({title: () => t(`nav.${name}`), draw: () => null, file, name});
const screens = {overview, map: later('chain', 'mapScreen'), stations: later('stations', 'stations'),
    signals: later('chain', 'signals'), health: later('chain', 'health'), history, about: later('chain', 'about')};
const MENU = ['overview', 'map', 'stations', 'signals', 'health', 'history'];
const root = document.getElementById('app');
const prefs = JSON.parse(localStorage.getItem('cariflex') ?? '{}');
const ui = {path: [], login: {user: '', password: '', busy: false, error: null}};
let drawnAt = 0, waiting = false, titled = null;

function keep(name, value) {
    prefs[name] = value;
    localStorage.setItem('cariflex', JSON.stringify(prefs));
}

function applyTheme() {
    const dark = prefs.theme ? prefs.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

/** Draws soon; news of a moment are drawn together, and not at all while nobody looks. */
export function redraw(now = false) {
    if (waiting || document.hidden) {
        return;
    }
    waiting = true;
    const wait = now ? 0 : Math.max(0, MIN_GAP - (performance.now() - drawnAt));
    setTimeout(() => requestAnimationFrame(() => {
        waiting = false;
        drawnAt = performance.now();
        draw();
    }), wait);
}

const redrawNow = () => redraw(true);

function readPath() {
    ui.path = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
    if (!(ui.path[0] in screens)) {
        ui.path = ['overview'];
    }
}

function segment(label, options, chosen, choose) {
    return h('div.seg', {role: 'group', 'aria-label': label}, options.map(([value, title, face]) =>
        h('button', {type: 'button', title, 'aria-label': title, lang: value.length === 2 ? value : null,
            'aria-pressed': String(value === chosen), onclick: () => choose(value)}, face)));
}

function preferences() {
    return [
        segment(t('language'), [['en', 'English', 'EN'], ['fr', 'Français', 'FR']], getLanguage(), value => {
            keep('language', value);
            setLanguage(value);
            redrawNow();
        }),
        segment(t('theme'), [['system', t('theme.system'), icon('system')], ['light', t('theme.light'), icon('sun')],
            ['dark', t('theme.dark'), icon('moon')]], prefs.theme ?? 'system', value => {
            keep('theme', value === 'system' ? undefined : value);
            applyTheme();
            redrawNow();
        })];
}

async function signIn(event) {
    event.preventDefault();
    const form = ui.login;
    form.busy = true;
    form.error = null;
    redrawNow();
    try {
        await live.signIn(form.user, form.password);
        form.password = '';
    } catch (error) {
        form.error = error;
    }
    form.busy = false;
    redrawNow();
}

function drawSignIn() {
    const form = ui.login;
    const say = form.error ? live.explain(form.error) : live.state.refused;
    patch(root, h('main.signin', {key: 'signin'},
        h('form.card', {onsubmit: signIn, 'aria-labelledby': 'signin-title'},
            brand(),
            h('h1', {id: 'signin-title', tabindex: '-1'}, t('signin.title')),
            say && h('div.banner.bad', {role: 'alert'}, h('b', {}, say.title ?? say.message),
                say.hint && h('span', {}, said(say.hint))),
            h('label.field', {}, h('span', {}, t('signin.user')), h('input.input', {name: 'user',
                autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true,
                value: form.user, oninput: event => {
                    form.user = event.target.value;
                }})),
            h('label.field', {}, h('span', {}, t('signin.password')), h('input.input', {name: 'password',
                type: 'password', autocomplete: 'current-password', required: true, value: form.password,
                oninput: event => {
                    form.password = event.target.value;
                }})),
            h('button.button.primary', {type: 'submit', disabled: form.busy},
                form.busy ? t('signin.busy') : t('signin.go')),
            h('p.muted.small', {}, t('signin.link'))),
        h('div.tools', {}, preferences())));
}

/** The mark of icon.svg, drawn here because a picture would be one more request. */
function brand() {
    return h('div.brand', {}, h('svg', {viewBox: '0 0 32 32', fill: 'none', 'stroke-linecap': 'round', 'aria-hidden': 'true'},
        h('rect.brand-ground', {width: 32, height: 32, rx: 7}), h('path.brand-wave', {d: 'M4 22c4 0 4-9 8-9s4 6 8 6 4-10 8-10', 'stroke-width': 3}),
        h('path.brand-limit', {d: 'M4 8h24', 'stroke-width': 2.4, 'stroke-dasharray': '5 4'})), 'Cariflex');
}

function navigation() {
    const badges = badgesNow();
    return h('nav', {'aria-label': t('nav')}, h('ul', {}, MENU.map(name =>
        h('li', {key: name}, h('a', {href: `#/${name}`, 'aria-current': ui.path[0] === name ? 'page' : null},
            icon(name), h('span', {}, t(`nav.${name}`)),
            badges[name] && h('span.badge', {class: badges[name].calm ? 'calm' : '', title: badges[name].title},
                badges[name].text))))));
}

/** Figures at the menu: what needs somebody's eye. */
function badgesNow() {
    const now = live.siteNow();
    const bad = live.all('link', l => l.state === 'broken' || l.state === 'late').length;
    const faulted = live.all('device', d => d.state === 'faulted' || d.state === 'offline').length;
    const inForce = live.all('event', e => Date.parse(e.start) <= now && (!e.end || Date.parse(e.end) > now)).length;
    return {
        health: bad > 0 && {text: bad, title: t('badge.health', {n: bad})},
        stations: faulted > 0 && {text: faulted, title: t('badge.stations', {n: faulted})},
        signals: inForce > 0 && {text: inForce, calm: true, title: t('badge.signals', {n: inForce})},
    };
}

function siteChooser() {
    if (live.state.sites.length < 2) {
        return null;
    }
    return h('label.field', {}, h('span.sr', {}, t('site')), h('select.input', {onchange: event =>
        live.chooseSite(Number(event.target.value))}, live.state.sites.map(s => h('option', {key: s.id, value: s.id,
        selected: s.id === live.state.site}, s.name))));
}

/** Patterns of the charts, once for the whole page. */
function patterns() {
    return h('svg', {width: 0, height: 0, 'aria-hidden': 'true', class: 'defs'}, h('defs', {},
        h('pattern', {id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)'},
            h('path.hatch-line', {d: 'M0 0h2v6h-2z'})),
        h('pattern', {id: 'forbidden', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)'},
            h('path.forbidden-line', {d: 'M0 0h1v7h-1z'}))));
}

function banner() {
    const socket = live.state.socket;
    if (!socket.up && socket.downSince) {
        return h('div.banner.bad', {role: 'alert', id: 'dropped'},
            h('b', {}, t('dropped.title', {since: new Date(socket.downSince).toLocaleTimeString(getLanguage())})),
            h('span', {}, t('dropped.detail', {span: span(Date.now() - socket.downSince)})),
            h('button.link', {type: 'button', onclick: live.retry}, t('dropped.retry')));
    }
    if (socket.backAt && Date.now() - socket.backAt < 6000) {
        return h('div.banner.ok', {role: 'status', id: 'recovered'}, t('dropped.back'));
    }
    return null;
}

function drawFrame() {
    const screen = screens[ui.path[0]];
    const now = live.siteNow();
    const me = live.state.me;
    patch(root, h('div.frame', {key: 'frame'}, patterns(),
        h('a.skip', {href: '#main', onclick: event => {
            event.preventDefault();
            document.getElementById('title').focus();
        }}, t('skip')),
        h('div.side', {},
            brand(),
            navigation(),
            h('div.tools', {}, preferences(), h('div.who', {},
                h('span', {}, me.user.replace(/^\w+ \(by link\)$/, t('bylink')), ' ', h('span.tag', {}, t(`role.${me.role}`))),
                h('button.link', {type: 'button', onclick: live.signOut}, t('signout'))),
            h('a.small', {href: '#/about'}, t('about')))),
        h('main.main', {id: 'main'},
            banner(),
            h('div.top', {},
                h('h1', {id: 'title', tabindex: '-1'}, screen.title(ui.path)), siteChooser(),
                h('div.clock', {}, h('span.muted.wide-only', {}, longDay(now)), h('span.muted.phone-only', {}, weekday(now)), h('b', {id: 'clock'}, clockSeconds(now)),
                    live.state.clock.simulated && h('span.tag', {title: t('simulated.title')},
                        live.state.clock.rate > 0 ? t('simulated', {rate: Math.round(live.state.clock.rate)}) : t('paused')))),
            h('div.content', {key: ui.path[0], class: `screen-${ui.path[0]}`},
                screen.draw({path: ui.path, now, redraw: redrawNow, go})),
            h('footer.phone-tools', {}, preferences(), h('span', {}, h('a', {href: '#/about'}, t('about')), ' ',
                h('button.link', {type: 'button', onclick: live.signOut}, t('signout')))))));
    document.title = `${screen.title(ui.path)} – Cariflex`;
}

export function go(path) {
    location.hash = `#/${path}`;
}

let rest = null;

/** Fetches the other screens after the first picture, or at once where one of them is asked for. */
function loadRest() {
    rest ??= (async () => {
        performance.mark('cariflex-drawn');
        for (const file of new Set(Object.values(screens).map(s => s.file).filter(Boolean))) {
            const module = await import(`./${file}.js`);
            for (const [name, screen] of Object.entries(screens)) {
                if (screen.file === file) {
                    screens[name] = module[screen.name];
                }
            }
        }
        redrawNow();
    })().catch(() => {
        rest = null; // the daemon has gone: the next drawing asks again
    });
}

function draw() {
    if (live.state.phase === 'signin') {
        drawSignIn();
    } else if (live.state.phase === 'on') {
        drawFrame();
        const place = ui.path.join('/');
        if (titled !== null && titled !== place) {
            document.getElementById('title').focus({preventScroll: true});
            scrollTo(0, 0);
        }
        titled = place;
        loadRest();
    } else {
        patch(root, h('p.starting', {role: 'status'}, live.state.problem ?? t('starting')));
    }
}

setLanguage(preferredLanguage(prefs.language));
applyTheme();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    applyTheme();
    redrawNow();
});
addEventListener('hashchange', () => {
    live.takeToken();
    readPath();
    redrawNow();
});
document.addEventListener('visibilitychange', redrawNow);
readPath();
setInterval(redraw, 1000);
live.start(redraw);
redrawNow();
