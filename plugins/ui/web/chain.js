// SPDX-License-Identifier: LGPL-2.1-or-later
// The map, the grid's signals, the links of the chain, and what stands in small print.

import {h} from './dom.js';
import {roomy, timeChart} from './charts.js';
import {num, span, t, when} from './i18n.js';
import * as live from './live.js';
import {unrestricted} from './day.js';
import {card, deviceState, empty, kindOf, markPath, said, state, word, worst} from './parts.js';

const HOUR = 3600e3;

// --- map ---------------------------------------------------------------------------------------

const map = {coast: null, features: null, site: null, error: null, zoom: 1, x: 0.5, y: 0.5, over: null, width: 0, height: 0, drag: null};
const UNITS_PER_DEGREE = 11061; // of latitude, where no coast says otherwise

async function loadMap(site, redraw) {
    map.site = site;
    try {
        const [features, text] = await Promise.all([live.call('map'),
            map.coast ? null : fetch(new URL('martinique.svg', document.baseURI)).then(a => a.ok ? a.text() : null)]);
        map.features = features.features;
        if (text) {
            const svg = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
            const box = svg.viewBox.baseVal;
            map.coast = {west: Number(svg.dataset.west), north: Number(svg.dataset.north), x: Number(svg.dataset.x),
                y: Number(svg.dataset.y), width: box.width, height: box.height,
                land: svg.querySelector('.land').getAttribute('d'), peak: svg.querySelector('.peak').getAttribute('d')};
        }
    } catch (error) {
        map.error = live.explain(error);
    }
    redraw();
}

/** A projection that holds all places: the island's where they lie on it, else one around them. */
function projection(places) {
    const {coast} = map;
    if (coast) {
        const project = ([lon, lat]) => [(lon - coast.west) * coast.x, (coast.north - lat) * coast.y];
        const inside = places.filter(p => {
            const [x, y] = project(p);
            return x > 0 && y > 0 && x < coast.width && y < coast.height;
        });
        if (inside.length * 2 >= places.length) {
            return {project, width: coast.width, height: coast.height, coast};
        }
    }
    const lons = places.map(p => p[0]), lats = places.map(p => p[1]);
    const west = Math.min(...lons), north = Math.max(...lats);
    const middle = (north + Math.min(...lats)) / 2 * Math.PI / 180;
    const perLon = UNITS_PER_DEGREE * Math.cos(middle);
    const width = (Math.max(...lons) - west) * perLon, height = (north - Math.min(...lats)) * UNITS_PER_DEGREE;
    const pad = Math.max(200, width, height) * 0.12;
    return {project: ([lon, lat]) => [(lon - west) * perLon + pad, (north - lat) * UNITS_PER_DEGREE + pad],
        width: width + 2 * pad, height: height + 2 * pad, coast: null};
}

function stationOf(feature) {
    const devices = feature.properties.devices.map(id => live.item('device', id)).filter(Boolean);
    return {feature, devices, id: feature.id, name: feature.properties.name, place: feature.properties.place,
        state: worst(devices.map(d => d.state)),
        power: devices.some(d => d.power_kw !== null) ? devices.reduce((sum, d) => sum + (d.power_kw ?? 0), 0) : null};
}

/** The part of the drawing that is seen: the whole in the proportions of its box, or closer. */
function viewBox(frame) {
    const aspect = map.width / map.height;
    const whole = frame.width / frame.height < aspect ? {width: frame.height * aspect, height: frame.height}
        : {width: frame.width, height: frame.width / aspect};
    const width = whole.width / map.zoom, height = whole.height / map.zoom;
    const left = (frame.width - whole.width) / 2, top = (frame.height - whole.height) / 2;
    const x = Math.min(left + whole.width - width, Math.max(left, left + map.x * whole.width - width / 2));
    const y = Math.min(top + whole.height - height, Math.max(top, top + map.y * whole.height - height / 2));
    return {x, y, width, height};
}

/** Where each name stands: beside its mark, on a side where it covers no other mark or name. */
function placeNames(spots, unit) {
    const taken = spots.map(({at: [x, y]}) => [x - 12 * unit, y - 12 * unit, x + 12 * unit, y + 12 * unit]);
    const sides = [[15, -11, 'start'], [-15, -11, 'end'], [0, 14, 'middle'], [0, -41, 'middle']];
    for (const spot of spots) {
        const [x, y] = spot.at;
        const width = Math.max(spot.name.length * 8.2, 46) * unit, height = 27 * unit;
        const boxes = sides.map(([dx, dy, anchor]) => {
            const left = x + dx * unit - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0);
            return [left, y + dy * unit, left + width, y + dy * unit + height];
        });
        const clash = box => taken.filter(o => o[0] < box[2] && o[2] > box[0] && o[1] < box[3] && o[3] > box[1]).length;
        const counts = boxes.map(clash);
        const best = counts.indexOf(Math.min(...counts));
        taken.push(boxes[best]);
        const [dx, dy, anchor] = sides[best];
        spot.label = {x: x + dx * unit, y: y + (dy + 11) * unit, anchor};
    }
}

function scale(frame, box, unit) {
    const metres = [1000, 2000, 5000, 10000, 20000].find(m => m / 10 / unit > 60) ?? 50000;
    const x = box.x + 14 * unit, y = box.y + box.height - 16 * unit;
    return h('g.scale', {'aria-hidden': 'true'},
        h('path', {d: `M${x} ${y - 4 * unit}V${y}H${x + metres / 10}V${y - 4 * unit}`, 'stroke-width': 1.5 * unit}),
        h('text', {x: x + 4 * unit, y: y - 5 * unit, 'font-size': 11 * unit}, `${metres / 1000} km`));
}

function drawMapPicture(list, others, frame, redraw) {
    const box = viewBox(frame);
    const unit = box.width / map.width; // one pixel in units of the drawing
    const spots = list.map(s => ({...s, at: frame.project(s.feature.geometry.coordinates)}));
    placeNames(spots, unit);
    const move = (dx, dy) => {
        map.x = Math.min(1, Math.max(0, map.x + dx / map.zoom));
        map.y = Math.min(1, Math.max(0, map.y + dy / map.zoom));
        redraw();
    };
    const zoom = factor => {
        map.zoom = Math.min(8, Math.max(1, map.zoom * factor));
        redraw();
    };
    return [h('svg.map', {width: map.width, height: map.height, viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`, role: 'group', 'aria-label': t('map.label', {n: list.length}),
        onpointerdown: event => {
            map.drag = {x: event.clientX, y: event.clientY};
        },
        onpointermove: event => {
            if (map.drag && map.zoom > 1 && event.buttons) {
                const from = map.drag;
                map.drag = {x: event.clientX, y: event.clientY};
                move((from.x - event.clientX) / map.width, (from.y - event.clientY) / map.height);
            }
        },
        onpointerup: () => {
            map.drag = null;
        }},
    frame.coast && [h('path.land', {d: frame.coast.land, 'stroke-width': unit}), h('path.peak', {d: frame.coast.peak})],
    others.map(f => {
        const [x, y] = frame.project(f.geometry.coordinates);
        return h('a.othersite', {key: `site-${f.id}`, href: '#/map', 'aria-label': `${t('site')} ${f.properties.name}`,
            onclick: () => live.chooseSite(f.id)},
        h('rect', {x: x - 9 * unit, y: y - 9 * unit, width: 18 * unit, height: 18 * unit, rx: 3 * unit, 'stroke-width': 2 * unit}),
        h('text.name', {x: x + 14 * unit, y: y + 5 * unit, 'font-size': 13 * unit, 'stroke-width': 3.5 * unit}, f.properties.name));
    }),
    spots.map(s => {
        const [x, y] = s.at;
        const kind = kindOf(s.state);
        const r = 11 * unit;
        return h('a', {key: s.id, class: `spot is-${kind} ${map.over === s.id ? 'over' : ''}`, href: `#/stations/${s.devices[0]?.id ?? ''}`,
            'aria-label': `${s.name}, ${s.place ?? ''}: ${word('state', s.state)}, ${num(s.power, 1)} kW`,
            onpointerenter: () => {
                map.over = s.id;
                redraw();
            }, onpointerleave: () => {
                map.over = null;
                redraw();
            }},
        h('circle', {cx: x, cy: y, r, 'stroke-width': 2 * unit}),
        h('path', {d: markPath(kind), transform: `translate(${x - 6 * unit} ${y - 6 * unit}) scale(${unit})`}),
        h('text.name', {x: s.label.x, y: s.label.y, 'text-anchor': s.label.anchor,
            'font-size': 13 * unit, 'stroke-width': 3.5 * unit}, s.name),
        h('text.power', {x: s.label.x, y: s.label.y + 13 * unit, 'text-anchor': s.label.anchor,
            'font-size': 11 * unit, 'stroke-width': 3.5 * unit}, s.power === null ? word('state', s.state) : `${num(s.power, 1)} kW`));
    }),
    scale(frame, box, unit)),
    h('div.zoom', {}, h('button.button', {type: 'button', 'aria-label': t('map.in'), onclick: () => zoom(1.6)}, '+'),
        h('button.button', {type: 'button', 'aria-label': t('map.out'), disabled: map.zoom <= 1, onclick: () => zoom(1 / 1.6)}, '−'),
        map.zoom > 1 && [['↑', 0, -0.15, 'up'], ['↓', 0, 0.15, 'down'], ['←', -0.15, 0, 'left'], ['→', 0.15, 0, 'right']].map(([face, dx, dy, key]) =>
            h('button.button', {key, type: 'button', 'aria-label': t(`map.${key}`), onclick: () => move(dx, dy)}, face)))];
}

/** The box tells its size first; then the picture is drawn to it. */
function mapBox(placed, others, frame, redraw) {
    return h('div.mapbox', {ref: node => {
        map.width = 0;
        new ResizeObserver(([entry]) => {
            const {width, height} = entry.contentRect;
            if (Math.abs(map.width - width) > 1 || Math.abs(map.height - height) > 1) {
                Object.assign(map, {width, height});
                redraw();
            }
        }).observe(node);
    }}, map.width > 0 && drawMapPicture(placed, others, frame, redraw));
}

function drawMap({redraw}) {
    const site = live.site();
    if (!site) {
        return empty(t('nosite'), t('nosite.hint'));
    }
    if (map.site !== site.id) {
        loadMap(site.id, redraw);
    }
    if (map.error) {
        return empty(map.error.title, said(map.error.hint) ?? '');
    }
    if (!map.features) {
        return empty(t('loading'));
    }
    const stations = map.features.filter(f => f.properties.kind === 'station' && f.properties.site === site.id).map(stationOf)
        .sort((a, b) => a.name.localeCompare(b.name, undefined, {numeric: true}));
    const placed = stations.filter(s => s.feature.geometry);
    const sites = map.features.filter(f => f.properties.kind === 'site' && f.geometry);
    const others = sites.filter(f => f.id !== site.id);
    const frame = projection([...placed.map(s => s.feature), ...(placed.length ? others : sites)].map(f => f.geometry.coordinates));
    const groups = ['faulted', 'offline', 'unknown', 'unavailable', 'charging', 'plugged', 'full', 'available'];
    return h('div.columns.mapcolumns', {},
        h('section.card.flush', {'aria-label': t('nav.map')}, placed.length || sites.length ? mapBox(placed, placed.length ? others : sites, frame, redraw)
            : empty(t('map.none'), t('map.none.hint')),
        h('p.credit.small.muted', {}, frame.coast ? [t('map.credit'), ' ', h('a', {href: '#/about'}, t('about'))] : t('map.nocoast'))),
        h('div.stack', {},
            card(site.name, {note: t('map.site', {n: stations.length})}, h('div.sums', {}, groups.filter(g => stations.some(s => s.state === g))
                .map(g => h('span', {key: g}, deviceState(g), h('b', {}, String(stations.filter(s => s.state === g).length)))))),
            live.state.sites.length > 1 && card(t('sites'), {}, h('ul.sites', {}, live.state.sites.map(s => h('li', {key: s.id},
                h('button.link', {type: 'button', 'aria-pressed': String(s.id === site.id), onclick: () => live.chooseSite(s.id)}, s.name),
                h('span.muted.small', {}, ` ${word('sitestate', s.state)} · ${num(s.power_kw, 1)} / ${num(s.limit_kw)} kW`))))),
            h('section.card.flush', {'aria-label': t('nav.stations')}, h('ul.places', {id: 'places'}, stations.map(s => h('li', {key: s.id,
                class: map.over === s.id ? 'over' : '', onpointerenter: () => {
                    map.over = s.id;
                    redraw();
                }, onpointerleave: () => {
                    map.over = null;
                    redraw();
                }},
            h('a', {href: `#/stations/${s.devices[0]?.id ?? ''}`}, h('b', {}, s.name), h('span.muted.small', {}, s.place ?? t('map.noplace'))),
            h('span.number', {}, s.power === null ? '' : `${num(s.power, 1)} kW`), deviceState(s.state)))))));
}

export const mapScreen = {title: () => t('nav.map'), draw: drawMap};

// --- signals -----------------------------------------------------------------------------------

function phase(event, now) {
    const end = event.end ? Date.parse(event.end) : Infinity;
    return now < Date.parse(event.start) ? 'tocome' : now < end ? 'inforce' : 'over';
}

function effect(spanOne) {
    const value = spanOne.values.map(v => typeof v === 'number' ? num(v) : String(v)).join(', ');
    const percent = typeof spanOne.values[0] === 'number' ? num(spanOne.values[0] * 100, 0) : null;
    const key = `signal.${spanOne.type}`;
    const said = t(key, {value, percent});
    return said === key ? `${spanOne.type} = ${value}` : said;
}

function effects(event, now) {
    const spans = event.spans;
    if (!spans.length) {
        return '–';
    }
    if (spans.length > 3) {
        const values = spans.map(s => s.values[0]).filter(v => typeof v === 'number');
        const at = spans.find(s => s.from * 1000 <= now && now < s.to * 1000);
        return [t('signal.many', {n: spans.length, what: word('signaltype', spans[0].type), low: num(Math.min(...values)), high: num(Math.max(...values))}),
            at && h('div.muted.small', {}, t('signal.nowvalue', {value: at.values.map(v => num(v)).join(', ')}))];
    }
    return spans.map(s => h('div', {key: s.from + s.type}, effect(s), spans.length > 1
        && h('span.muted.small', {}, ` ${when(s.from * 1000, now)}–${when(s.to * 1000, now)}`)));
}

function until(event, name, now) {
    if (name === 'tocome') {
        return t('signal.begins', {span: span(Date.parse(event.start) - now)});
    }
    return name === 'inforce' ? (event.end ? t('signal.ends', {span: span(Date.parse(event.end) - now)}) : t('signal.endless')) : '';
}

function eventEnd(event, now) {
    return event.end ? when(Date.parse(event.end), now) : t('signal.endless');
}

function eventTable(title, id, list, now, kind, none) {
    return card(title, {note: String(list.length)}, list.length === 0 ? empty(none) : h('div.scroll', {}, h('table.data.rows.events', {id},
        h('thead', {}, h('tr', {}, ['event', 'effect', 'from', 'to', 'known'].map(key => h('th', {scope: 'col',
            class: ['from', 'to', 'known'].includes(key) ? 'wide-only' : ''}, t(`col.${key}`))))),
        h('tbody', {}, list.map(e => h('tr', {key: e.id, 'data-event': e.id},
            h('th', {scope: 'row'}, state(kind, e.name || e.id, false), h('div.muted.small', {}, [e.program, e.priority !== null
                && t('signal.priority', {n: e.priority})].filter(Boolean).join(' · '))),
            h('td', {}, effects(e, now), h('div.small.phone-only', {}, `${when(Date.parse(e.start), now)} – ${eventEnd(e, now)}`),
                h('div.muted.small', {}, until(e, phase(e, now), now))),
            h('td.nowrap.wide-only', {}, when(Date.parse(e.start), now)),
            h('td.nowrap.wide-only', {}, eventEnd(e, now)),
            h('td.nowrap.wide-only', {}, when(Date.parse(e.known), now))))))));
}

function signalChart(site, now, redraw) {
    const from = Math.floor(now / HOUR) * HOUR - 6 * HOUR, to = from + 36 * HOUR;
    const price = live.series('price'), limit = live.series('limit'), control = live.series('load-control');
    const level = live.series('demand-response');
    const prices = price.map(p => p[1]).filter(v => v !== null);
    const limits = limit.map(p => p[1]).filter(v => v !== null);
    return timeChart({id: 'signals', title: t('signals.chart'), from, to, now, summary: t('day.summary.limit',
        {low: num(Math.min(...limits, site.limit_kw)), high: num(Math.max(...limits, site.limit_kw))}), panes: [
        {id: 'price', height: 110, unit: `${site.currency}/MWh`, min: Math.min(0, ...prices), max: roomy(Math.max(10, ...prices)), layers: [
            {kind: 'area', id: 'price', label: t('price'), class: 'k-price', points: price},
            {kind: 'line', id: 'control', label: t('load-control'), class: 'k-control', points: unrestricted(control, limit), right: true}],
            right: {unit: '%', min: 0, max: 115, ticks: [0, 50, 100]}},
        {id: 'limit', height: 110, unit: 'kW', min: 0, max: roomy(Math.max(10, ...limits)), right: level.length
            ? {unit: t('level'), min: 0, max: 3.3, ticks: [0, 1, 2, 3]} : undefined, layers: [
            {kind: 'limit', id: 'limit', label: t('limit'), class: 'k-limit', points: limit},
            level.length ? {kind: 'line', id: 'level', label: t('demand-response'), class: 'k-pvline', unit: '', points: level, right: true}
                : null].filter(Boolean)}]}, redraw);
}

function drawSignals({now, redraw}) {
    const site = live.site();
    if (!site) {
        return empty(t('nosite'), t('nosite.hint'));
    }
    const events = live.all('event').sort((a, b) => a.start.localeCompare(b.start));
    const of = name => events.filter(e => phase(e, now) === name);
    return [
        card(t('signals.chart'), {}, signalChart(site, now, redraw)),
        eventTable(t('signals.inforce'), 'inforce', of('inforce'), now, 'busy', t('signals.inforce.none')),
        eventTable(t('signals.tocome'), 'tocome', of('tocome'), now, 'warn', t('signals.tocome.none')),
        of('over').length > 0 && eventTable(t('signals.over'), 'over', of('over').reverse(), now, 'off', '')];
}

export const signals = {title: () => t('nav.signals'), draw: drawSignals};

// --- health ------------------------------------------------------------------------------------

const LINKS = {ok: 'ok', late: 'warn', broken: 'bad', unknown: 'off', off: 'off'};

function linkName(link) {
    const [id, instance] = link.id.split('/');
    return `${word('link', id)}${instance ? ` ${instance}` : ''}`;
}

/** What a link says of itself, in the page's language where the page can know it. */
function linkDetail(link, id) {
    if (link.of) {
        return t(`health.${id}`, {count: num(link.count), of: num(link.of)});
    }
    if (id === 'price' && link.detail) {
        return t(live.site()?.price === null ? 'health.price.none' : 'health.price.assumed');
    }
    return said(link.detail);
}

function drawHealth() {
    const links = live.all('link').sort((a, b) => a.rank - b.rank || a.id.localeCompare(b.id));
    if (!links.length) {
        return empty(t('health.none'), t('health.none.hint'));
    }
    const count = name => links.filter(l => l.state === name).length;
    const bad = count('broken'), late = count('late');
    return [
        h('div.banner.inside', {id: 'verdict', class: bad ? 'bad' : late ? 'warn' : 'ok', role: 'status'},
            h('b', {}, bad ? t('health.broken', {n: bad}) : late ? t('health.late', {n: late}) : t('health.fine', {n: links.length}))),
        h('section.card.flush', {'aria-label': t('nav.health')}, h('ol.chain', {id: 'chain'}, links.map(link => {
            const old = live.ageOf(link);
            const [id] = link.id.split('/');
            const hint = link.state === 'ok' || link.state === 'off' ? null : t(`remedy.${id}`);
            return h('li', {key: link.id, class: `is-${LINKS[link.state] ?? 'off'}`, 'data-link': link.id},
                h('span.mark', {}, h('svg', {viewBox: '0 0 12 12', 'aria-hidden': 'true'}, h('path', {d: markPath(LINKS[link.state]), fill: 'currentColor'}))),
                h('div.what', {}, h('b', {}, linkName(link)), ' ', link.id === 'scheduler' && h('span.muted.small', {}, link.subject),
                    link.detail && h('div.small', {}, linkDetail(link, id)),
                    hint && hint !== `remedy.${id}` && h('div.small.remedy', {}, hint)),
                h('div.how', {}, state(LINKS[link.state] ?? 'off', word('linkstate', link.state)),
                    h('div.age', {class: link.state === 'late' ? 'stale' : ''}, old === null ? (link.late_s === null ? '' : t('age.none'))
                        : [t('age.ago', {age: span(old * 1000)}), link.late_s !== null && h('span.muted', {}, ` · ${t('health.limit', {age: span(link.late_s * 1000)})}`)])));
        })))];
}

export const health = {title: () => t('nav.health'), draw: drawHealth};

// --- about -------------------------------------------------------------------------------------

function drawAbout() {
    return [
        card('Cariflex', {}, h('p', {}, t('about.what')), h('p.muted', {}, t('about.licence'))),
        card(t('about.map'), {}, h('p', {}, t('about.map.text')), h('p.mono', {}, '© OpenStreetMap contributors · ODbL 1.0 · openstreetmap.org/copyright · opendatacommons.org/licenses/odbl/1-0'),
            h('p.muted', {}, t('about.map.changes'))),
        card(t('about.keys'), {}, h('dl.facts', {}, [['Tab', 'about.keys.tab'], ['← →', 'about.keys.arrows'], ['Home End', 'about.keys.ends'], ['Esc', 'about.keys.esc']]
            .map(([key, words]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, t(words))])))];
}

export const about = {title: () => t('about'), draw: drawAbout};
