// SPDX-License-Identifier: LGPL-2.1-or-later
// Overview and History: the day of a site as price, load control, power under its limit, and what
// the cars were promised.

import {h} from './dom.js';
import {roomy, timeChart, valueAt} from './charts.js';
import {clock, isoDay, longDay, midnight, num, t, weekday, when} from './i18n.js';
import * as live from './live.js';
import {age, card, empty, needOf, said, sentence, tile, word} from './parts.js';

const QUARTER = 900e3, HOUR = 3600e3;
const WINDOWS = {near: [3, 6], day: [12, 24], all: [24, 36]};
const chosen = {window: null, history: null};

/** Colour and pattern of devices by their order: five tones of blue, then five of green, hatched. */
export function looksOf(devices) {
    return new Map(devices.map((d, i) => [d.id, {class: `s${i % 10}`, hatched: i % 10 >= 5}]));
}

let looks = null, looksFor = '';

function looksNow(devices) {
    const key = devices.map(d => d.id).join();
    if (key !== looksFor) {
        looksFor = key;
        looks = looksOf(devices);
    }
    return looks;
}

export function lookOf(id) {
    return looksNow(sortedDevices()).get(id) ?? {class: 's0', hatched: false};
}

export function sortedDevices() {
    return live.all('device').sort((a, b) =>
        a.station_name.localeCompare(b.station_name, undefined, {numeric: true}) || a.evse - b.evse);
}

/** "CP001", or "CP001/2" where the station has several. */
export function nameOf(device, devices) {
    return devices.filter(d => d.station === device.station).length > 1
        ? `${device.station_name}/${device.evse}` : device.station_name;
}

function planPoints(plan, row) {
    const points = [];
    row.power_kw.forEach((value, i) => {
        if (!points.length || points[points.length - 1][1] !== value) {
            points.push([plan.edges[i] * 1000, value]);
        }
    });
    points.push([plan.edges[row.power_kw.length] * 1000, null]);
    return points;
}

/** Measured before `split`, planned after it. */
function joined(before, after, split, held) {
    const points = before.filter(p => p[0] < split);
    const then = after.filter(p => p[0] > split);
    const first = valueAt(after, split) ?? held;
    points.push([split, first ?? null]);
    return points.concat(then);
}

/** The quarter of an hour that ends what has been measured. */
function measuredUntil(points) {
    return points.length ? points[points.length - 1][0] : -Infinity;
}

/** All series of a window in one grid: what was measured, and beyond it what is planned. */
function modelOf(get, ids, plan, from, to, now) {
    const meter = get('site-power');
    const split = Math.min(to, Math.max(from, Math.min(now, measuredUntil(meter))));
    const devices = ids.map(one => {
        const row = plan?.devices.find(d => d.device === one.id);
        const asked = get(`planned/${one.id}`);
        const ahead = row ? joined(asked, planPoints(plan, row), Math.max(split, plan.edges[0] * 1000)) : asked;
        return {...one, points: plan ? joined(get(`power/${one.id}`), ahead, split, 0) : get(`power/${one.id}`)};
    });
    const plants = live.all('series', s => s.id.startsWith('pv/')).map(s => s.id);
    const pvIds = get.ids ? get.ids.filter(id => id.startsWith('pv/')) : plants;
    const edges = [];
    for (let at = Math.floor(from / QUARTER) * QUARTER; at < to; at += QUARTER) {
        edges.push(at);
    }
    const pvOf = pvIds.map(get);
    const forecast = {pv: get('pv-forecast'), base: get('base-load-forecast')};
    const base = [], pv = [], net = [];
    for (const at of edges) {
        const past = at < split;
        const sun = past ? total(pvOf.map(p => valueAt(p, at))) : valueAt(forecast.pv, at);
        const cars = total(devices.map(d => valueAt(d.points, at))) ?? 0;
        const site = past ? valueAt(meter, at) : undefined;
        const load = past ? (known(site) ? Math.max(0, site + (sun ?? 0) - cars) : null)
            : valueAt(forecast.base, at);
        pv.push([at, known(sun) ? -sun : null]);
        base.push([at, known(load) ? load : null]);
        net.push([at, past ? (known(site) ? site : null) : (known(load) ? load + cars - (sun ?? 0) : null)]);
    }
    return {from, to, now, split, devices, base, pv, net, price: get('price'),
        control: unrestricted(get('load-control'), get('limit')), limit: get('limit')};
}

/** Load control as it counts: where nothing was sent nothing is restricted, as far as limits are known. */
export function unrestricted(control, limit) {
    if (!limit.length) {
        return control;
    }
    const points = [[limit[0][0], 100], ...control.map(([at, v]) => [at, v ?? 100]), [limit[limit.length - 1][0], null]];
    return points.sort((a, b) => a[0] - b[0]);
}

function known(value) {
    return value !== null && value !== undefined;
}

function total(values) {
    const some = values.filter(known);
    return some.length ? some.reduce((a, b) => a + b, 0) : null;
}

function highest(points, from, to) {
    let best = [from, -Infinity];
    for (const p of points) {
        if (p[0] >= from && p[0] < to && known(p[1]) && p[1] > best[1]) {
            best = p;
        }
    }
    return best;
}

function dayChart(id, model, unit, redraw, narrow) {
    const {from, to, now} = model;
    const inside = points => points.filter(p => p[0] < to).map(p => p[1]).filter(known);
    const consumed = model.base.map(([at, v]) => (v ?? 0) + (total(model.devices.map(d => valueAt(d.points, at))) ?? 0));
    const top = Math.max(10, ...consumed, ...inside(model.net), ...inside(model.limit));
    const max = roomy(top);
    const lowest = Math.min(0, ...model.pv.map(p => p[1] ?? 0), ...inside(model.net));
    const grain = max > 25 ? 10 : 5;
    const min = lowest < 0 ? Math.floor(lowest / grain) * grain : 0;
    const prices = inside(model.price);
    const peak = highest(model.net, from, Math.min(to, model.split));
    const limits = inside(model.limit);
    const summary = [
        peak[1] > -Infinity && t('day.summary.peak', {kw: num(peak[1], 1), at: when(peak[0], now)}),
        limits.length && t('day.summary.limit', {low: num(Math.min(...limits)), high: num(Math.max(...limits))}),
        prices.length && t('day.summary.price', {low: num(Math.min(...prices)), high: num(Math.max(...prices)), unit}),
    ].filter(Boolean).join(' ');
    return timeChart({id, title: t('day.chart'), summary, from, to, now: Math.min(now, to),
        split: model.split, panes: [
            {id: 'price', height: narrow ? 70 : 92, unit, min: Math.min(0, ...prices), max: roomy(Math.max(10, ...prices)),
                right: {unit: '%', min: 0, max: 115, ticks: [0, 50, 100]}, layers: [
                    {kind: 'area', id: 'price', label: t('price'), class: 'k-price', points: model.price},
                    {kind: 'line', id: 'control', label: t('load-control'), class: 'k-control', right: true,
                        points: model.control}]},
            {id: 'power', height: narrow ? 240 : 330, unit: 'kW', min, max, layers: [
                {kind: 'area', id: 'pv', label: t('pv'), class: 'k-pv', points: model.pv, flip: true},
                {kind: 'stack', series: [
                    {id: 'base', label: t('base-load'), class: 'k-base', points: model.base},
                    ...model.devices.map(d => ({id: d.id, label: d.label, class: d.class, hatched: d.hatched,
                        points: d.points}))]},
                {kind: 'line', id: 'net', label: t('site-power'), class: 'k-net', points: model.net},
                {kind: 'limit', id: 'limit', label: t('limit'), class: 'k-limit', points: model.limit}]}]}, redraw);
}

function deviceIds(devices) {
    const mine = looksNow(devices);
    return devices.map(d => ({id: d.id, label: nameOf(d, devices), ...mine.get(d.id)}));
}

// --- overview ----------------------------------------------------------------------------------

function nextChange(points, now, hold) {
    const next = points.find(p => p[0] > now && p[1] !== hold && known(p[1]));
    return next && {at: next[0], value: next[1]};
}

function tiles(site, now) {
    const heard = name => {
        const s = live.ageOf(site, site.age_s[name]);
        return s === null ? 0 : now - s * 1000;
    };
    const share = site.limit_kw > 0 && known(site.power_kw) ? site.power_kw / site.limit_kw : 0;
    const plants = live.all('series', s => s.id.startsWith('pv/'));
    const lastPv = Math.max(...plants.map(s => measuredUntil(s.data.points)), -Infinity);
    const pv = total(plants.map(s => valueAt(s.data.points, lastPv - QUARTER)));
    const pvAhead = valueAt(live.series('pv-forecast'), now);
    const priceNext = nextChange(live.series('price'), now, site.price);
    const limitNext = nextChange(live.series('limit'), now, site.limit_kw);
    const open = live.all('session', s => !s.ended);
    const due = total(open.map(s => s.due_kwh)) ?? 0;
    const promised = total(open.map(s => s.promised_kwh)) ?? 0;
    const over = share > 1;
    return h('div.tiles', {}, [
        tile({key: 'power', name: t('site-power'), swatch: 'k-net stroke', value: num(site.power_kw, 1), unit: 'kW', bad: over,
            note: t('tile.of', {kw: num(site.limit_kw), share: num(share * 100, 0)}), at: heard('live_power'), now, limit: 30e3,
            extra: h('div.meter', {role: 'presentation'}, h('i', {class: over ? 'over' : '',
                style: {width: `${Math.max(0, Math.min(100, share * 100))}%`}}))}),
        tile({key: 'limit', name: t('limit'), swatch: 'k-limit stroke', value: num(site.limit_kw), unit: 'kW',
            note: limitNext ? t('tile.then', {value: `${num(limitNext.value)} kW`, at: when(limitNext.at, now)})
                : t('tile.contract', {kw: num(site.contract_kw)}),
            extra: known(site.load_control) && site.load_control < 100
                && h('div.note', {}, t('tile.control', {percent: num(site.load_control), kw: num(site.contract_kw)}))}),
        tile({key: 'price', name: t('price'), swatch: 'k-price', value: num(site.price), unit: `${site.currency}/MWh`,
            note: [site.price_assumed && t('tile.assumed'), priceNext && t('tile.then',
                {value: num(priceNext.value), at: when(priceNext.at, now)})].filter(Boolean).join(' · ') || null,
            at: heard('price'), now}),
        tile({key: 'pv', name: t('pv'), swatch: 'k-pv', value: num(pv, 1), unit: 'kW',
            note: known(pvAhead) && t('tile.forecast', {kw: num(pvAhead, 1)}),
            at: lastPv > 0 ? lastPv : 0, now, limit: 30 * 60e3}),
        tile({key: 'charging', name: t('tile.charging'), value: String(site.charging), unit: t('tile.ofcars', {n: site.plugged}),
            note: site.connected < site.devices ? h('span.is-bad', {}, t('tile.offline', {n: site.devices - site.connected}))
                : t('tile.connected', {n: site.devices})}),
        tile({key: 'due', name: t('tile.due'), value: num(due, 1), unit: 'kWh',
            note: t('tile.promised', {kwh: num(promised, 1), n: open.filter(s => known(s.promised_kwh)).length})})]);
}

function progress(session) {
    const want = session.promised_kwh ?? session.need_kwh;
    const share = want ? Math.min(1, (session.delivered_kwh ?? 0) / want) : 0;
    return h('div.meter', {role: 'presentation'}, h('i', {style: {width: `${share * 100}%`}}));
}

function promises(now, go) {
    const open = live.all('session', s => !s.ended).sort((a, b) =>
        (a.departure ?? '9').localeCompare(b.departure ?? '9') || a.station_name.localeCompare(b.station_name));
    if (!open.length) {
        return card(t('promises'), {}, empty(t('promises.none'), t('promises.none.hint')));
    }
    return card(t('promises'), {note: t('promises.note')}, h('div.scroll', {}, h('table.data.rows', {},
        h('thead', {}, h('tr', {}, [['station'], ['need'], ['delivered', 'number'], ['promised', 'number wide-only'], ['due', 'number'], ['departure']]
            .map(([key, kind]) => h('th', {scope: 'col', class: kind ?? ''}, t(`col.${key}`))))),
        h('tbody', {}, open.map(s => h('tr', {key: s.id},
            h('th', {scope: 'row'}, h('i', {class: `swatch ${lookOf(s.device).class} ${lookOf(s.device).hatched ? 'hatch' : ''}`}), ' ',
                h('a', {href: `#/stations/${s.device}`}, s.station_name)),
            h('td', {}, needOf(s)),
            h('td.number', {}, num(s.delivered_kwh, 1), progress(s)),
            h('td.number.wide-only', {}, num(s.promised_kwh, 1)),
            h('td.number', {}, num(s.due_kwh, 1)),
            h('td.nowrap', {}, s.departure ? [when(Date.parse(s.departure), now), ' ',
                h('span.muted.small', {}, word('grade', s.departure_grade))] : h('span.muted', {}, t('unknown')),
            s.cause && h('div.is-warn.small', {}, word('cause', s.cause)))))))));
}

function planCard(plan, site, now) {
    if (!plan) {
        return card(t('plan'), {}, empty(t('plan.none'), said(site.problem) ?? t('plan.none.hint')));
    }
    return card(t('plan'), {end: age(Date.parse(plan.made), now)},
        h('dl.facts', {},
            h('dt', {}, t('plan.cost')), h('dd', {}, plan.cost === null ? '–' : `${num(plan.cost, 2)} ${site.currency}`,
                plan.gap !== null && h('span.muted', {}, ' · ', plan.gap < 1e-3 ? t('plan.exact')
                    : t('plan.gap', {percent: num(plan.gap * 100, 2)}))),
            h('dt', {}, t('plan.cause')), h('dd', {}, word('trigger', plan.cause)),
            h('dt', {}, t('plan.kept')), h('dd', {}, (plan.breach_kwh ?? 0) > 1e-3
                ? h('span.is-bad', {}, t('plan.breach', {kwh: num(plan.breach_kwh, 2)})) : t('plan.nobreach'),
            (plan.shortfall_kwh ?? 0) > 1e-3 && h('div.is-warn', {}, t('plan.shortfall', {kwh: num(plan.shortfall_kwh, 2)}))),
            plan.reason && plan.status !== 'optimal' && [h('dt', {}, t('plan.reason')), h('dd', {}, said(plan.reason))],
            h('dt', {}, t('plan.by')), h('dd', {}, plan.scheduler ?? '–', known(plan.solve_ms)
                && h('span.muted', {}, ` · ${num(plan.solve_ms, 1)} ms`))));
}

/** Sentences, the newest or the oldest first, with a heading where the day changes. */
export function storyList(stories, now) {
    let last = isoDay(now);
    return h('ol.story', {}, stories.map(one => {
        const at = Date.parse(one.at), its = isoDay(at);
        const heading = its !== last && h('li.day', {key: its}, weekday(at));
        last = its;
        return [heading, h('li', {key: one.id}, h('time.muted', {datetime: one.at}, clock(at)), h('span', {}, sentence(one, now)))];
    }));
}

function drawOverview({now, redraw, go}) {
    const site = live.site();
    if (!site) {
        return empty(t('nosite'), t('nosite.hint'));
    }
    const narrow = innerWidth < 760;
    const window = chosen.window ?? (narrow ? 'near' : 'day');
    const [back, ahead] = WINDOWS[window];
    const from = Math.floor(now / HOUR) * HOUR - back * HOUR, to = Math.floor(now / HOUR) * HOUR + ahead * HOUR;
    const devices = sortedDevices();
    const plan = live.item('plan', site.id);
    const model = modelOf(live.series, deviceIds(devices), plan, from, to, now);
    const stories = live.all('story').sort((a, b) => b.id - a.id).slice(0, 12);
    return [
        site.state !== 'steered' && h('div.banner.warn.inside', {role: 'status'}, h('b', {}, word('sitestate', site.state)),
            site.problem && h('span', {}, said(site.problem))),
        tiles(site, now),
        card(t('day.title'), {end: h('div.seg', {role: 'group', 'aria-label': t('window')}, Object.entries(WINDOWS).map(([name, [b, a]]) =>
            h('button', {type: 'button', 'aria-pressed': String(name === window), 'aria-label': t('window.say', {back: b, ahead: a}),
                onclick: () => {
                    chosen.window = name;
                    redraw();
                }}, `−${b} … +${a} h`)))},
        dayChart('overview', model, `${site.currency}/MWh`, redraw, narrow)),
        h('div.columns', {}, promises(now, go), h('div.stack', {}, planCard(plan, site, now),
            card(t('story'), {}, stories.length ? storyList(stories, now) : empty(t('story.none')))))];
}

export const overview = {title: () => live.site()?.name ?? t('nav.overview'), draw: drawOverview};

// --- history -----------------------------------------------------------------------------------

async function loadDay(day, redraw) {
    const wanted = chosen.history = {day, state: 'loading', data: chosen.history?.data};
    redraw();
    try {
        const data = await live.call(`sites/${live.site().id}/history${day ? `?day=${day}` : ''}`);
        data.series = new Map(data.series.map(one => [one.id, new live.Series(one)]));
        Object.assign(wanted, {state: 'there', data, day: data.day});
    } catch (error) {
        Object.assign(wanted, {state: 'failed', error: live.explain(error)});
    }
    if (chosen.history === wanted) {
        redraw();
    }
}

function shift(day, by) {
    return isoDay(midnight(day) + 12 * HOUR + by * 24 * HOUR);
}

function dayPicker(shown, data, now, go) {
    const today = isoDay(now);
    const day = shown ?? today;
    const first = data?.first_day ?? today, last = data?.last_day ?? today;
    return h('div.filters', {},
        h('button.button', {type: 'button', disabled: day <= first, 'aria-label': t('history.before'),
            onclick: () => go(`history/${shift(day, -1)}`)}, '‹ ', h('span.wide-only', {}, t('history.before'))),
        h('label.field', {}, h('span.sr', {}, t('history.day')), h('input.input', {type: 'date', id: 'day', value: day,
            min: first, max: last, onchange: event => event.target.value && go(`history/${event.target.value}`)})),
        h('button.button', {type: 'button', disabled: day >= last, 'aria-label': t('history.after'),
            onclick: () => go(`history/${shift(day, 1)}`)}, h('span.wide-only', {}, t('history.after')), ' ›'));
}

function historySessions(data, now) {
    if (!data.sessions.length) {
        return card(t('history.sessions'), {}, empty(t('history.sessions.none')));
    }
    const list = data.sessions.map(s => live.item('session', s.id) ?? s).sort((a, b) => a.arrival.localeCompare(b.arrival));
    return card(t('history.sessions'), {}, h('div.scroll', {}, h('table.data.rows.sessions', {},
        h('thead', {}, h('tr', {}, [['station'], ['arrival'], ['left', 'wide-only'], ['asked', 'number wide-only'], ['promised', 'number wide-only'], ['delivered', 'number'], ['shortfall', 'number']]
            .map(([key, kind]) => h('th', {scope: 'col', class: kind ?? ''}, t(`col.${key}`))))),
        h('tbody', {}, list.map(s => h('tr', {key: s.id},
            h('th', {scope: 'row'}, s.station_name),
            h('td.nowrap', {}, when(Date.parse(s.arrival), Date.parse(data.start))),
            h('td.nowrap.wide-only', {}, s.ended ? when(Date.parse(s.ended), Date.parse(data.start)) : h('span.muted', {}, t('stillthere'))),
            h('td.number.wide-only', {}, num(s.asked_kwh, 1)), h('td.number.wide-only', {}, num(s.promised_kwh, 1)),
            h('td.number', {}, num(s.delivered_kwh, 1), h('span.muted.phone-only', {}, ` / ${num(s.asked_kwh, 1)}`)),
            h('td.number', {}, num(s.shortfall_kwh, 1), s.cause && h('div.is-warn.small', {}, word('cause', s.cause)))))))));
}

function drawHistory({path, now, redraw, go}) {
    const site = live.site();
    if (!site) {
        return empty(t('nosite'), t('nosite.hint'));
    }
    const wanted = /^\d{4}-\d\d-\d\d$/.test(path[1] ?? '') ? path[1] : null;
    const day = wanted ?? isoDay(now);
    if (!chosen.history || (chosen.history.day !== day && chosen.history.asked !== day)) {
        loadDay(day, redraw);
        chosen.history.asked = day;
    }
    const {state, data, error} = chosen.history;
    const parts = [dayPicker(day, data, now, go)];
    if (state === 'failed') {
        parts.push(h('div.banner.bad.inside', {role: 'alert'}, h('b', {}, error.title), error.hint && h('span', {}, said(error.hint))));
    }
    if (!data) {
        return parts.concat(state === 'loading' ? empty(t('history.loading')) : []);
    }
    const from = Date.parse(data.start), to = Date.parse(data.end);
    // the past alone: what was only foreseen for the rest of today stays out
    const get = id => id.endsWith('-forecast') ? [] : data.series.get(id)?.points ?? [];
    get.ids = [...data.series.keys()];
    const devices = sortedDevices();
    const model = modelOf(get, deviceIds(devices), null, from, to, Math.min(now, to));
    const kwh = data.energy_kwh;
    const nothing = !get('site-power').length;
    parts.push(h('div.tiles', {class: state === 'loading' ? 'loading' : ''},
        tile({key: 'h-site', name: t('history.import'), value: num(kwh.site, 1), unit: 'kWh',
            note: kwh.site === null ? t('history.gaps') : now < to ? t('history.sofar') : null}),
        tile({key: 'h-cars', name: t('history.charged'), value: num(kwh.devices, 1), unit: 'kWh'}),
        tile({key: 'h-pv', name: t('pv'), value: num(kwh.pv, 1), unit: 'kWh'}),
        tile({key: 'h-cost', name: t('history.cost'), value: num(data.cost, 2), unit: site.currency,
            note: data.cost === null ? t('history.gaps') : t('history.cost.note')}),
        tile({key: 'h-plans', name: t('history.plans'), value: num(data.plans, 0)})));
    parts.push(card(longDay(from + 12 * HOUR), {}, nothing ? empty(t('history.nothing'), t('history.nothing.hint'))
        : dayChart('history', model, `${site.currency}/MWh`, redraw, innerWidth < 760)));
    const told = [...data.story].sort((a, b) => a.id - b.id);
    parts.push(h('div.columns', {}, historySessions(data, now), card(t('story'), {},
        told.length ? h('div.tall', {tabindex: '0'}, storyList(told, from + 12 * HOUR)) : empty(t('story.none')))));
    return parts;
}

export const history = {title: () => t('nav.history'), draw: drawHistory};
