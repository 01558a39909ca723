// SPDX-License-Identifier: LGPL-2.1-or-later
// What the page knows: the session, the live items of a site, and whether the line to the daemon
// holds. The contract is ../API.md.

import {setZone, t} from './i18n.js';

const SILENCE = 15e3; // ms; the daemon speaks at least each 5 s
const LONGEST_PAUSE = 30e3;
const base = new URL('.', document.baseURI);

/** phase: starting, signin or on. */
export const state = {
    phase: 'starting', problem: null, refused: null, me: null, sites: [], site: null,
    clock: {simulated: false, rate: 1},
    socket: {up: false, downSince: null, backAt: null, tries: 0},
    version: 0, // rises with each message, for what is computed once
};

let items = new Map(); // kind → id → item
let onChange = () => {};
let socket = null, position = null, timer = null, lastHeard = 0, said = {now: 0, at: 0};

/** A refusal in the shape of the contract. */
export class Refusal extends Error {
    constructor(status, {code, message, hint}) {
        super(message);
        Object.assign(this, {status, code, hint});
    }
}

/** All items of a kind, or those that `test` takes. */
export function all(kind, test) {
    const list = [...(items.get(kind)?.values() ?? [])];
    return test ? list.filter(test) : list;
}

export function item(kind, id) {
    return items.get(kind)?.get(id);
}

export function site() {
    return item('site', state.site) ?? all('site')[0];
}

/** SITE time now, in ms: what the daemon said last, and what has passed since. */
export function siteNow() {
    if (!said.now) {
        return Date.now();
    }
    const passed = state.socket.up ? Math.min(6000, performance.now() - said.at) : 0;
    return said.now + passed * (state.clock.rate ?? 1);
}

/** Seconds since something was heard, counted on from when the daemon said so. */
export function ageOf(one, seconds = one.age_s) {
    return seconds === null || seconds === undefined ? null
        : Math.max(0, seconds + (siteNow() - one.heard) / 1000);
}

// --- series ------------------------------------------------------------------------------------

/** A series of runs as [instant in ms, value] steps; where nothing is known the value is null. */
export class Series {
    constructor(description) {
        this.steps = new Map();
        this.take(description);
    }

    take({unit, step_s, sensor, device, start, end, runs}) {
        Object.assign(this, {unit, step: step_s, sensor, device, start, end, cache: null});
        for (const [from, n, value] of runs) {
            for (let i = 0; i < n; i++) {
                const at = from + i * step_s;
                if (value === null) {
                    this.steps.delete(at);
                } else {
                    this.steps.set(at, value);
                }
            }
        }
        if (start) {
            for (const at of this.steps.keys()) {
                if (at < start) {
                    this.steps.delete(at);
                }
            }
        }
    }

    get points() {
        if (this.cache) {
            return this.cache;
        }
        const points = [];
        let next = null;
        for (const at of [...this.steps.keys()].sort((a, b) => a - b)) {
            if (this.step && next !== null && at > next) {
                points.push([next * 1000, null]);
            }
            const value = this.steps.get(at);
            const last = points[points.length - 1];
            if (!last || last[1] !== value || !this.step) {
                points.push([at * 1000, value]);
            }
            next = at + this.step;
        }
        if (this.step && next !== null) {
            points.push([next * 1000, null]);
        }
        this.cache = points;
        return points;
    }
}

/** The steps of a live series; empty where it is not known. */
export function series(id) {
    return item('series', id)?.data.points ?? [];
}

// --- messages ----------------------------------------------------------------------------------

function takeItem(one) {
    const list = items.get(one.kind) ?? items.set(one.kind, new Map()).get(one.kind);
    one.heard = said.now;
    if (one.gone) {
        list.delete(one.id);
    } else if (one.kind === 'series') {
        const known = list.get(one.id);
        if (known) {
            known.data.take(one);
        } else {
            list.set(one.id, {kind: 'series', id: one.id, data: new Series(one)});
        }
    } else {
        list.set(one.id, one);
        if (one.kind === 'clock') {
            state.clock = one;
        } else if (one.kind === 'site' && state.site === null) {
            state.site = one.id;
        } else if (one.kind === 'story' && list.size > 50) {
            list.delete(Math.min(...list.keys()));
        }
    }
}

function take(message) {
    lastHeard = performance.now();
    if (message.now) {
        said = {now: Date.parse(message.now), at: lastHeard};
    }
    if (message.type !== 'snapshot' && message.type !== 'delta') {
        return;
    }
    if (message.type === 'snapshot') {
        items = new Map();
        state.site = null;
    }
    position = message.at;
    message.items.forEach(takeItem);
    state.version++;
    const here = site();
    if (here) {
        setZone(here.zone);
    }
    if (!state.socket.up) {
        state.socket = {up: true, downSince: null, tries: 0,
            backAt: state.socket.downSince ? Date.now() : null};
        state.problem = null;
        state.phase = 'on';
        loadSites();
    }
    onChange();
}

function dropped(reason) {
    const before = state.socket;
    if (socket) {
        socket.onclose = socket.onmessage = null;
        socket.close();
        socket = null;
    }
    state.socket = {up: false, downSince: before.downSince ?? Date.now(), backAt: null,
        tries: before.tries + 1};
    if (state.phase === 'starting') {
        state.problem = t('dropped.first');
    }
    clearTimeout(timer);
    const pause = Math.min(LONGEST_PAUSE, 1000 * 2 ** (before.tries)) * (0.75 + Math.random() / 2);
    timer = setTimeout(reconnect, pause);
    state.socket.reason = reason;
    onChange();
}

async function reconnect() {
    // a browser does not say why a handshake failed: a refusal is asked for by itself
    try {
        state.me = (await call('session')).session;
        connect();
    } catch (error) {
        if (error.status !== 401) {
            dropped(error.message);
        }
    }
}

export function retry() {
    clearTimeout(timer);
    reconnect();
}

function connect() {
    const url = new URL('api/live', base);
    url.protocol = url.protocol.replace('http', 'ws');
    if (state.wantedSite) {
        url.searchParams.set('site', state.wantedSite);
    }
    if (position) {
        url.searchParams.set('since', position);
    }
    socket = new WebSocket(url, 'cariflex.ui.1');
    lastHeard = performance.now();
    socket.onmessage = event => take(JSON.parse(event.data));
    socket.onclose = event => {
        if (event.code === 4401) {
            signedOut({title: t('signin.over'), hint: t('signin.over.hint')});
        } else if (event.code === 4404) {
            state.wantedSite = position = null;
            dropped('4404');
        } else {
            dropped(event.reason);
        }
    };
}

/** Shows another site. */
export function chooseSite(id) {
    state.wantedSite = id;
    position = null;
    socket?.send(JSON.stringify({type: 'site', site: id}));
}

async function loadSites() {
    try {
        state.sites = (await call('sites')).sites;
        onChange();
    } catch { /* the live channel shows what is wrong with the line */ }
}

// --- requests ----------------------------------------------------------------------------------

/** Asks the daemon; throws a Refusal. */
export async function call(path, options = {}) {
    const {body, method = body ? 'POST' : 'GET'} = options;
    let answer;
    try {
        answer = await fetch(new URL(`api/${path}`, base), {method, credentials: 'same-origin',
            headers: body ? {'Content-Type': 'application/json'} : {}, body: body && JSON.stringify(body)});
    } catch {
        throw new Refusal(0, {code: 'no-line', message: t('error.no-line'), hint: t('error.no-line.hint')});
    }
    if (answer.status === 204) {
        return null;
    }
    let value = null;
    try {
        value = await answer.json();
    } catch { /* no JSON: told below */ }
    if (!answer.ok || value === null) {
        const refusal = new Refusal(answer.status, value?.error
            ?? {code: 'unreadable', message: `${answer.status} ${answer.statusText}`, hint: null});
        if (answer.status === 401 && refusal.code === 'signed-out') {
            signedOut(state.phase === 'on' ? {title: t('signin.over'), hint: t('signin.over.hint')} : null);
        }
        throw refusal;
    }
    return value;
}

/** What to tell people about a refusal, in their language. */
export function explain(error) {
    const key = `error.${error.code}`;
    const said = t(key);
    return {title: said === key ? error.message : said, message: said === error.message ? null : error.message,
        hint: t(`${key}.hint`) === `${key}.hint` ? error.hint : t(`${key}.hint`)};
}

function signedOut(why) {
    clearTimeout(timer);
    if (socket) {
        socket.onclose = socket.onmessage = null;
        socket.close();
        socket = null;
    }
    items = new Map();
    position = null;
    Object.assign(state, {phase: 'signin', refused: why, me: null, site: null, problem: null,
        socket: {up: false, downSince: null, backAt: null, tries: 0}});
    onChange();
}

export async function signIn(user, password) {
    await begin({user, password});
}

async function begin(credentials) {
    state.me = (await call('session', {body: credentials})).session;
    state.refused = null;
    state.phase = 'starting';
    connect();
}

export async function signOut() {
    try {
        await call('session', {method: 'DELETE'});
    } catch { /* the cookie may be dead already */ }
    signedOut(null);
}

export async function start(changed) {
    onChange = changed;
    setInterval(() => {
        if (socket && performance.now() - lastHeard > SILENCE) {
            dropped('silence');
        }
    }, 1000);
    if (!await takeToken()) {
        try {
            state.me = (await call('session')).session;
            connect();
        } catch (error) {
            if (error.status !== 401) {
                dropped(error.message);
            }
        }
    }
}

/** Signs in by a link made by `cariflexctl login`; false: the address holds no token. */
export async function takeToken() {
    const token = /^#token=(.+)$/.exec(location.hash)?.[1];
    if (!token) {
        return false;
    }
    history.replaceState(null, '', location.pathname);
    try {
        signedOut(null);
        await begin({token: decodeURIComponent(token)});
    } catch (error) {
        if (error.status) {
            signedOut(explain(error));
        } else {
            dropped(error.message);
        }
    }
    return true;
}
