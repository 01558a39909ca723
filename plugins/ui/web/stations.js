// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of stations, and one station with its car, profile, messages and commands.

import {h} from './dom.js';
import {roomy, timeChart, valueAt} from './charts.js';
import {commands} from './commands.js';
import {clockSeconds, num, t, when} from './i18n.js';
import {knocks} from './knocks.js';
import * as live from './live.js';
import {needForm} from './need.js';
import {age, card, deviceState, empty, state, tile, word} from './parts.js';
import {lookOf, nameOf, sortedDevices} from './day.js';

const HOUR = 3600e3;
const table = {search: '', state: '', sort: 'name', down: false};
const ORDER = ['faulted', 'offline', 'unknown', 'unavailable', 'charging', 'plugged', 'full', 'available'];

function sessionOf(device) {
    return device.session ? live.all('session', s => s.device === device.id && !s.ended)[0] : null;
}

function limitOf(device, now) {
    const points = device.profile?.allowed ?? [];
    return points.length ? valueAt(points.map(([at, v]) => [at * 1000, v]), now) : null;
}

const COLUMNS = [
    ['name', d => nameOf(d, sortedDevices())],
    ['state', d => ORDER.indexOf(d.state)],
    ['power', d => -(d.power_kw ?? -1), 'number'],
    ['allowed', (d, now) => -(limitOf(d, now) ?? -1), 'number wide-only'],
    ['car', d => d.token ?? '~', 'wide-only'],
    ['got', d => -(sessionOf(d)?.delivered_kwh ?? -1), 'number wide-only'],
    ['departure', d => sessionOf(d)?.departure ?? '~', 'wide-only'],
    ['profile', d => d.profile?.state ?? '~', 'wide-only'],
    ['reported', d => d.reported ?? '', 'wide-only'],
];

function profileState(profile) {
    const kinds = {installed: 'ok', waiting: 'busy', clamped: 'warn', refused: 'bad', lost: 'bad', unknown: 'off'};
    const name = profile?.refused ? 'refused' : profile?.state ?? 'unknown';
    return state(kinds[name] ?? 'off', word('profile', name), false);
}

function compare(now) {
    const column = COLUMNS.find(c => c[0] === table.sort);
    return (a, b) => {
        const x = column[1](a, now), y = column[1](b, now);
        const order = typeof x === 'string' ? x.localeCompare(y, undefined, {numeric: true}) : x - y;
        return (table.down ? -order : order) || a.id - b.id;
    };
}

function row(device, devices, now) {
    const session = sessionOf(device);
    const look = lookOf(device.id);
    const allowed = limitOf(device, now);
    return h('tr', {key: device.id, 'data-device': device.id},
        h('th', {scope: 'row'}, h('i', {class: `swatch ${look.class} ${look.hatched ? 'hatch' : ''}`}), ' ',
            h('a', {href: `#/stations/${device.id}`}, nameOf(device, devices)), h('div.muted.small.place', {}, device.place ?? '')),
        h('td', {}, deviceState(device.state), device.words && h('div.muted.small', {}, device.words)),
        h('td.number', {}, num(device.power_kw, 1)),
        h('td.number.wide-only', {}, num(allowed, 1)),
        h('td.wide-only.mono', {}, device.token ? device.token.replace(/^[^:]*:/, '') : '–'),
        h('td.number.wide-only', {}, session ? [num(session.delivered_kwh, 1), h('span.muted', {},
            ` / ${num(session.promised_kwh ?? session.need_kwh, 1)}`)] : '–'),
        h('td.wide-only.nowrap', {}, session?.departure ? when(Date.parse(session.departure), now) : '–'),
        h('td.wide-only', {}, profileState(device.profile)),
        h('td.wide-only', {}, age(Date.parse(device.reported ?? ''), now, 15 * 60e3)));
}

function drawTable({now, redraw}) {
    const devices = sortedDevices();
    if (!devices.length) {
        return [knocks(now, redraw), empty(t('stations.none'), t('stations.none.hint'))];
    }
    const words = table.search.toLowerCase();
    const shown = devices.filter(d => (!table.state || d.state === table.state)
        && (!words || [nameOf(d, devices), d.place, d.token, d.words, d.name].some(v => v && v.toLowerCase().includes(words))))
        .sort(compare(now));
    const present = ORDER.filter(s => devices.some(d => d.state === s));
    return [
        h('div.filters', {role: 'search'},
            h('label.field.wide', {}, h('span', {}, t('stations.search')), h('input.input', {type: 'search', id: 'search',
                value: table.search, placeholder: t('stations.search.hint'), oninput: event => {
                    table.search = event.target.value;
                    redraw();
                }})),
            h('label.field', {}, h('span', {}, t('col.state')), h('select.input', {id: 'state', onchange: event => {
                table.state = event.target.value;
                redraw();
            }}, h('option', {value: '', selected: table.state === ''}, t('stations.all')), present.map(s =>
                h('option', {key: s, value: s, selected: table.state === s},
                    `${word('state', s)} (${devices.filter(d => d.state === s).length})`)))),
            h('p.muted.counted', {role: 'status'}, t('stations.count', {n: shown.length, all: devices.length}))),
        h('section.card.flush', {'aria-label': t('nav.stations')}, h('div.scroll', {}, h('table.data.rows', {id: 'stations'},
            h('thead', {}, h('tr', {}, COLUMNS.map(([key, , kind]) => h('th', {key, scope: 'col', class: kind ?? '',
                'aria-sort': table.sort === key ? (table.down ? 'descending' : 'ascending') : 'none'},
            h('button.sort', {type: 'button', onclick: () => {
                table.down = table.sort === key && !table.down;
                table.sort = key;
                redraw();
            }}, t(`col.${key}`)))))),
            h('tbody', {}, shown.length ? shown.map(d => row(d, devices, now))
                : h('tr', {}, h('td.empty-cell', {colspan: COLUMNS.length}, t('stations.nomatch'), ' ',
                    h('button.link', {type: 'button', onclick: () => {
                        table.search = table.state = '';
                        redraw();
                    }}, t('stations.clear')))))))),
        knocks(now, redraw)];
}

// --- one station -------------------------------------------------------------------------------

const detail = {id: null, facts: null, messages: null, error: null, filter: '', open: new Set(), asked: 0};

async function loadDetail(id, redraw) {
    Object.assign(detail, {id, facts: null, messages: null, error: null});
    try {
        detail.facts = await live.call(`devices/${id}`);
    } catch (error) {
        detail.error = live.explain(error);
    }
    await loadMessages(id);
    redraw();
}

async function loadMessages(id) {
    detail.asked = performance.now();
    if (!live.state.me?.commands) {
        return;
    }
    try {
        const {messages} = await live.call(`devices/${id}/messages`);
        if (detail.id === id) {
            detail.messages = messages;
        }
    } catch (error) {
        detail.messages = error.code === 'not-supported' ? {title: t('messages.notkept')} : live.explain(error);
    }
}

function facts(list) {
    return h('dl.facts', {}, list.filter(one => one && one[1] !== null && one[1] !== undefined && one[1] !== '')
        .map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

function withUnit(value, unit, digits) {
    return value === null || value === undefined ? null : `${num(value, digits)} ${unit}`;
}

function stationCard(device, now) {
    const station = detail.facts?.station;
    const booted = station?.booted && Date.parse(station.booted);
    return card(t('detail.station'), {}, station ? facts([
        [t('detail.place'), station.place],
        [t('detail.model'), [station.vendor, station.model].filter(Boolean).join(' ')],
        [t('detail.serial'), station.serial], [t('detail.firmware'), station.firmware],
        [t('detail.booted'), booted && when(booted, now)],
        [t('detail.adapter'), `${station.adapter ?? '–'} · ${station.identity ?? '–'}`],
        [t('detail.rated'), withUnit(detail.facts.rated_kw, 'kW')],
        [t('detail.register'), withUnit(device.energy_kwh, 'kWh', 1)],
        [t('detail.voltage'), withUnit(device.voltage_v, 'V', 0)],
        [t('detail.external'), withUnit(device.external_kw, 'kW')],
        [t('detail.clockoff'), Math.abs(device.clock_off_s ?? 0) > 2 ? `${num(device.clock_off_s, 0)} s` : null],
        [t('detail.sensors'), detail.facts.sensors?.length ? detail.facts.sensors.map(s => `${s.id} ${s.name}`).join(', ') : null],
    ]) : h('p.muted', {}, detail.error?.title ?? t('loading')));
}

function sessionCard(device, session, now, redraw) {
    if (!session) {
        const last = live.all('session', s => s.device === device.id && s.ended)
            .sort((a, b) => b.ended.localeCompare(a.ended))[0];
        return card(t('detail.session'), {}, empty(device.plugged ? t('detail.session.plugged') : t('detail.session.none'),
            last ? t('detail.session.last', {at: when(Date.parse(last.ended), now), kwh: num(last.delivered_kwh, 1)}) : ''));
    }
    const want = session.promised_kwh ?? session.need_kwh;
    const share = want ? Math.min(1, (session.delivered_kwh ?? 0) / want) : 0;
    const graded = (value, from, grade) => [value, ' ', h('span.tag', {}, word('grade', grade)), ' ',
        h('span.muted.small', {}, word('from', from))];
    return card(t('detail.session'), {end: h('span.muted.small.mono', {}, session.id.split('/').slice(1).join('/'))},
        h('div.delivered', {}, h('b', {}, `${num(session.delivered_kwh, 1)} kWh`), h('span.muted', {},
            want ? t('detail.of', {kwh: num(want, 1)}) : ''), h('div.meter', {role: 'presentation'},
            h('i', {style: {width: `${share * 100}%`}}))),
        facts([
            [t('col.car'), session.car ?? session.token],
            [t('col.arrival'), when(Date.parse(session.arrival), now)],
            [t('col.need'), graded(withUnit(session.need_kwh, 'kWh', 1) ?? t('unknown'), session.need_from, session.need_grade)],
            [t('col.minimum'), session.minimum_kwh !== null && graded(withUnit(session.minimum_kwh, 'kWh', 1), session.minimum_from, session.minimum_grade)],
            [t('col.departure'), graded(session.departure ? when(Date.parse(session.departure), now) : t('unknown'), session.departure_from, session.departure_grade)],
            [t('col.promised'), session.promised_kwh !== null ? `${num(session.promised_kwh, 1)} kWh` : t('detail.nopromise')],
            [t('col.due'), withUnit(session.due_kwh, 'kWh', 1)],
            [t('col.shortfall'), session.shortfall_kwh > 0.05 || session.cause ? [session.shortfall_kwh > 0.05 && `${num(session.shortfall_kwh, 1)} kWh `,
                session.cause && h('span.is-warn', {}, word('cause', session.cause))] : null],
            [t('detail.soc'), withUnit(device.soc_percent, '%', 0)],
            [t('detail.phases'), device.phases ? t('detail.phases.max', {n: device.phases, a: num(device.current_max_a)}) : null],
            [t('detail.full'), session.full ? t('yes') : null]]),
        live.state.me?.commands && needForm(device, session, redraw));
}

/** Desired from plans, installed at the station, measured; the price behind. */
function profileChart(device, site, now, redraw) {
    const from = Math.floor(now / HOUR) * HOUR - 6 * HOUR, to = Math.floor(now / HOUR) * HOUR + 18 * HOUR;
    const plan = live.item('plan', site.id);
    const rowOf = plan?.devices.find(d => d.device === device.id);
    const desired = live.series(`planned/${device.id}`).filter(p => !rowOf || p[0] < plan.edges[0] * 1000);
    if (rowOf) {
        rowOf.power_kw.forEach((value, i) => desired.push([plan.edges[i] * 1000, value]));
        desired.push([plan.edges[rowOf.power_kw.length] * 1000, null]);
    }
    const installed = (device.profile?.allowed ?? []).map(([at, v]) => [at * 1000, v]);
    const measured = live.series(`power/${device.id}`);
    const price = live.series('price');
    const look = lookOf(device.id);
    const prices = price.filter(p => p[0] < to && p[1] !== null).map(p => p[1]);
    const max = roomy(Math.max(1, device.power_max_kw ?? 0, ...installed.map(p => p[1] ?? 0), ...desired.map(p => p[1] ?? 0)));
    const at = Math.min(now, to - 1);
    const summary = t('detail.chart.summary', {desired: num(valueAt(desired, at), 1), installed: num(valueAt(installed, at), 1),
        measured: num(device.power_kw, 1)});
    return timeChart({id: `profile-${device.id}`, title: t('detail.chart'), summary, from, to, now, panes: [
        {id: 'profile', height: 230, unit: 'kW', min: 0, max, right: {unit: `${site.currency}/MWh`, min: 0,
            max: roomy(Math.max(10, ...prices)) * 1.6}, layers: [
            {kind: 'area', id: 'price', label: t('price'), class: 'k-price soft', points: price, right: true},
            {kind: 'area', id: 'measured', label: t('measured'), class: look.class, hatched: look.hatched, points: measured},
            {kind: 'line', id: 'desired', label: t('desired'), class: 'k-want', points: desired},
            {kind: 'line', id: 'installed', label: t('installed'), class: 'k-installed', points: installed}]}]}, redraw);
}

function profileCard(device, site, now, redraw) {
    const profile = device.profile ?? {};
    return card(t('detail.chart'), {note: t('detail.chart.note'), end: profileState(profile)},
        profileChart(device, site, now, redraw), h('div.after', {}, facts([[t('detail.failsafe'), withUnit(profile.fail_safe_kw, 'kW')],
            [t('detail.words'), profile.words && h('q', {}, profile.words)],
            !device.steerable && [t('detail.steering'), h('span.is-warn', {}, t('detail.notsteerable'))]])));
}

function folded(messages) {
    const calls = [];
    const answers = new Map();
    for (const m of messages) { // newest first: an answer comes before its call
        if (m.type === 'call') {
            calls.push({call: m, answer: answers.get(m.id)});
            answers.delete(m.id);
        } else {
            answers.set(m.id, m);
        }
    }
    return calls;
}

function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}

function messagesCard(device, now, redraw) {
    const end = h('button.link', {type: 'button', onclick: async () => {
        await loadMessages(device.id);
        redraw();
    }}, t('messages.again'));
    if (!Array.isArray(detail.messages)) {
        return card(t('messages'), {end}, detail.messages ? empty(detail.messages.title) : h('p.muted', {}, t('loading')));
    }
    const calls = folded(detail.messages);
    const actions = [...new Set(calls.map(c => c.call.action))].sort();
    const shown = calls.filter(c => !detail.filter || c.call.action === detail.filter).slice(0, 60);
    return card(t('messages'), {end, note: t('messages.note')},
        calls.length === 0 ? empty(t('messages.none')) : [
            h('label.field.narrow', {}, h('span', {}, t('messages.action')), h('select.input', {onchange: event => {
                detail.filter = event.target.value;
                redraw();
            }}, h('option', {value: '', selected: detail.filter === ''}, t('messages.all')),
            actions.map(a => h('option', {key: a, value: a, selected: detail.filter === a}, a)))),
            h('ol.messages', {}, shown.map(({call, answer}) => h('li', {key: call.at + call.id}, h('details', {
                open: detail.open.has(call.id), ontoggle: event => {
                    detail.open[event.target.open ? 'add' : 'delete'](call.id);
                    redraw();
                }}, h('summary', {}, h('time.muted', {datetime: call.at}, clockSeconds(Date.parse(call.at))),
                h('span', {class: `way ${call.direction}`, title: t(`messages.${call.direction}`)}, call.direction === 'in' ? '→' : '←',
                    h('span.sr', {}, t(`messages.${call.direction}`))),
                h('b', {}, call.action), answer ? (answer.type === 'error' && h('span.is-bad', {}, t('messages.error')))
                    : h('span.muted.small', {}, t('messages.noanswer'))),
            detail.open.has(call.id) && [h('pre.mono', {}, pretty(call.text), call.cut ? '\n…' : ''),
                answer && h('pre.mono.answer', {}, pretty(answer.text), answer.cut ? '\n…' : '')]))))]);
}

function drawDetail({now, redraw, path}) {
    const id = Number(path[1]);
    const device = live.item('device', id);
    const site = live.site();
    if (!device) {
        return empty(t('detail.unknown', {id: path[1]}), h('a', {href: '#/stations'}, t('detail.back')));
    }
    if (detail.id !== id) {
        loadDetail(id, redraw);
    } else if (performance.now() - detail.asked > 5000 && !document.hidden) {
        loadMessages(id).then(redraw);
    }
    const devices = sortedDevices();
    const session = sessionOf(device);
    const at = devices.findIndex(d => d.id === id);
    const next = devices[at + 1], before = devices[at - 1];
    return [
        h('div.crumbs', {}, h('a', {href: '#/stations'}, `‹ ${t('nav.stations')}`), h('span.end', {},
            before && h('a', {href: `#/stations/${before.id}`}, `‹ ${nameOf(before, devices)}`),
            next && h('a', {href: `#/stations/${next.id}`}, `${nameOf(next, devices)} ›`))),
        h('div.tiles', {},
            h('div.tile', {key: 'state'}, h('div.name', {}, t('col.state')), h('div.value.word', {}, deviceState(device.state)),
                device.words && h('div.note', {}, device.words), age(Date.parse(device.reported ?? ''), now, 15 * 60e3)),
            tile({key: 'd-power', name: t('measured'), value: num(device.power_kw, 1), unit: 'kW',
                note: t('detail.max', {kw: num(device.power_max_kw)})}),
            tile({key: 'd-allowed', name: t('installed'), value: num(limitOf(device, now), 1), unit: 'kW', note: profileState(device.profile)}),
            tile({key: 'd-energy', name: t('col.delivered'), value: session ? num(session.delivered_kwh, 1) : '–', unit: 'kWh',
                note: session && session.promised_kwh !== null ? t('detail.promised', {kwh: num(session.promised_kwh, 1)}) : null})),
        profileCard(device, site, now, redraw),
        h('div.halves', {},
            h('div.stack', {}, sessionCard(device, session, now, redraw), live.state.me.commands && commands(device, session, redraw)),
            h('div.stack', {}, stationCard(device, now), live.state.me.commands && messagesCard(device, now, redraw)))];
}

export const stations = {
    title: path => {
        const device = path[1] && live.item('device', Number(path[1]));
        return device ? nameOf(device, sortedDevices()) : t('nav.stations');
    },
    draw: context => context.path[1] ? drawDetail(context) : drawTable(context),
};
