// SPDX-License-Identifier: LGPL-2.1-or-later
// Charts over time in SVG: steps, stacks and limits on shared axes, past solid, plan in another
// tone, a "now" line, a crosshair for mouse, finger and arrow keys, and the same as a table.
//
// A series is an ascending list of [instant in ms, value or null]; a value holds until the next.

import {h, patch} from './dom.js';
import {clock, day, hourOf, num, t, weekday} from './i18n.js';

const LEFT = 46, RIGHT = 46, AXIS = 22, GAP = 22, TOP = 10;
const QUARTER = 900e3;
const state = new Map(); // by the chart's id: width, crosshair, what is fixed in the legend

function stateOf(id) {
    if (!state.has(id)) {
        state.set(id, {width: 0, at: null, pinned: null, over: null, table: false});
    }
    return state.get(id);
}

/** The value of a series at an instant; undefined: before its first. */
export function valueAt(points, at) {
    let low = 0, high = points.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (points[middle][0] <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? points[low - 1][1] : undefined;
}

/** The part of a series inside [from, to), beginning with what holds at `from`. */
export function within(points, from, to) {
    const part = points.filter(p => p[0] > from && p[0] < to);
    const first = valueAt(points, from);
    if (first !== undefined) {
        part.unshift([from, first]);
    }
    return part;
}

function ticks(min, max, wanted) {
    const raw = (max - min) / Math.max(1, wanted);
    const power = 10 ** Math.floor(Math.log10(raw || 1));
    const step = [1, 2, 2.5, 5, 10].find(s => s * power >= raw * 0.999) * power;
    const list = [];
    for (let v = Math.ceil(min / step - 1e-9) * step; v <= max + step * 1e-9; v += step) {
        list.push(Math.abs(v) < step * 1e-9 ? 0 : v);
    }
    return {list, step};
}

/** Rounds an axis' end outwards, so that the highest value does not touch the edge. */
export function roomy(max) {
    if (!(max > 0)) {
        return 1;
    }
    const {step} = ticks(0, max * 1.08, 4);
    return Math.ceil(max * 1.08 / step) * step;
}

function stepPath(points, end, x, y) {
    let d = '', open = false;
    for (let i = 0; i < points.length; i++) {
        const [start, value] = points[i];
        const stop = points[i + 1]?.[0] ?? end;
        if (value === null || value === undefined || stop <= start) {
            open = open && stop <= start;
            continue;
        }
        d += (open ? 'V' : `M${x(start)} `) + y(value) + `H${x(stop)}`;
        open = true;
    }
    return d;
}

function areaPath(points, end, x, y, floor) {
    let d = '';
    for (let i = 0; i < points.length; i++) {
        const [start, value] = points[i];
        const stop = points[i + 1]?.[0] ?? end;
        if (!value || stop <= start) {
            continue;
        }
        d += `M${x(start)} ${floor}V${y(value)}H${x(stop)}V${floor}z`;
    }
    return d;
}

/** The tops of a stack at all instants where one of its series changes. */
function stackOf(series, from, to) {
    const edges = [...new Set([from, ...series.flatMap(s => s.points.map(p => p[0]))])]
        .filter(e => e >= from && e < to).sort((a, b) => a - b);
    const tops = [edges.map(() => 0)];
    for (const one of series) {
        const below = tops[tops.length - 1];
        tops.push(edges.map((e, i) => below[i] + Math.max(0, valueAt(one.points, e) ?? 0)));
    }
    return {edges, tops};
}

function bandPath(edges, lower, upper, end, x, y) {
    let d = '';
    for (let i = 0; i < edges.length;) {
        if (upper[i] - lower[i] < 1e-6) {
            i++;
            continue;
        }
        let j = i, forth = '', back = '';
        for (; j < edges.length && upper[j] - lower[j] >= 1e-6; j++) {
            const right = x(edges[j + 1] ?? end);
            forth += `V${y(upper[j])}H${right}`;
            back = `V${y(lower[j])}H${x(edges[j])}` + back;
        }
        d += `M${x(edges[i])} ${y(lower[i])}${forth}${back}z`;
        i = j;
    }
    return d;
}

function drawLayer(layer, pane, chart) {
    const {x, from, to} = chart;
    const y = layer.right ? pane.yRight : pane.y;
    const parts = [];
    const faded = chart.shown && layer.id && chart.shown !== layer.id ? ' faded' : '';
    if (layer.kind === 'area') {
        const points = within(layer.points, from, to);
        parts.push(h('path', {class: `area ${layer.class}${faded}`,
            d: areaPath(points, to, x, y, y(0))}));
    } else if (layer.kind === 'stack') {
        const {edges, tops} = stackOf(layer.series, from, to);
        layer.series.forEach((one, i) => {
            const d = bandPath(edges, tops[i], tops[i + 1], to, x, y);
            const dim = chart.shown && chart.shown !== one.id ? ' faded' : '';
            parts.push(h('path', {key: one.id, class: `stacked ${one.class}${dim}`, d}));
            if (one.hatched) {
                parts.push(h('path', {key: one.id + '/', class: 'hatched' + dim, d}));
            }
        });
    }
    return parts;
}

function drawLine(layer, pane, chart) {
    const {x, from, to, now} = chart;
    const y = layer.right ? pane.yRight : pane.y;
    const parts = [];
    const faded = chart.shown && layer.id && chart.shown !== layer.id ? ' faded' : '';
    if (layer.kind === 'line' || layer.kind === 'limit') {
        const points = within(layer.points, from, to);
        if (layer.kind === 'limit') {
            parts.push(h('path.forbidden', {d: areaPath(points, to, x, y, pane.top)}));
        }
        const solid = points.filter(p => p[0] < now);
        parts.push(h('path', {class: `line ${layer.class}${faded}`,
            d: stepPath(solid, Math.min(now, to), x, y)}));
        if (now < to) {
            parts.push(h('path', {class: `line ahead ${layer.class}${faded}`,
                d: stepPath(within(layer.points, Math.max(from, now), to), to, x, y)}));
        }
    }
    return parts;
}

function drawPane(pane, chart) {
    const {left, right, x, from, to, now} = chart;
    const parts = [];
    const {list} = ticks(pane.min, pane.max, Math.max(2, Math.round(pane.height / 34)));
    for (const v of list) {
        parts.push(h('line', {class: v === 0 && pane.min < 0 ? 'zero' : 'grid', x1: left, x2: right,
            y1: pane.y(v), y2: pane.y(v)}));
        parts.push(h('text.tick', {x: left - 6, y: pane.y(v) + 4, 'text-anchor': 'end'}, num(v)));
    }
    for (const tick of chart.xTicks) {
        parts.push(h('line', {class: tick.midnight ? 'grid midnight' : 'grid', x1: x(tick.at),
            x2: x(tick.at), y1: pane.top, y2: pane.bottom}));
    }
    for (const layer of pane.layers) {
        parts.push(...drawLayer(layer, pane, chart));
    }
    if (now < to) {
        const start = Math.max(left, x(now));
        parts.push(h('rect.veil', {x: start, y: pane.top, width: Math.max(0, right - start),
            height: pane.bottom - pane.top}));
    }
    for (const layer of pane.layers) {
        parts.push(...drawLine(layer, pane, chart));
    }
    if (pane.right) {
        for (const v of pane.right.ticks) {
            parts.push(h('text.tick', {x: right + 6, y: pane.yRight(v) + 4}, num(v)));
        }
        parts.push(h('text.unit', {x: right + RIGHT, y: pane.top - 7, 'text-anchor': 'end'},
            pane.right.unit));
    }
    parts.push(h('text.unit', {x: 0, y: pane.top - 7}, pane.unit));
    return h('g', {key: pane.id}, parts);
}

function timeTicks(from, to, width) {
    const hours = (to - from) / 3600e3;
    const step = [1, 2, 3, 4, 6, 12, 24].find(s => width / (hours / s) > 52) ?? 24;
    const list = [];
    for (let at = Math.ceil(from / QUARTER) * QUARTER; at <= to; at += QUARTER) {
        const hour = hourOf(at);
        if (hour !== null && hour % step === 0) {
            list.push({at, midnight: hour === 0,
                label: hour === 0 ? weekday(at) : clock(at)});
        }
    }
    return list;
}

function placeOf(chart, clientX, box) {
    const ratio = (clientX - box.left - chart.left) / (chart.right - chart.left);
    const at = chart.from + Math.min(1, Math.max(0, ratio)) * (chart.to - chart.from);
    return Math.min(chart.to - chart.slot, Math.floor(at / chart.slot) * chart.slot);
}

function readout(chart, at) {
    const rows = [];
    for (const pane of chart.panes) {
        for (const layer of pane.layers) {
            const list = layer.kind === 'stack' ? [...layer.series].reverse() : [layer];
            for (const one of list) {
                if (!one.points || !one.label) {
                    continue;
                }
                const value = valueAt(one.points, at);
                if (value === undefined || value === null || (layer.kind === 'stack' && !value)) {
                    continue;
                }
                rows.push(h('tr', {class: chart.shown === one.id ? 'strong' : ''},
                    h('td', {}, h('i', {class: `swatch ${one.class} ${one.hatched ? 'hatch' : ''}`})),
                    h('th', {scope: 'row'}, one.label),
                    h('td.number', {}, (one.say ?? num)(one.flip ? -value : value)),
                    h('td.unit', {}, one.unit ?? (layer.right ? pane.right.unit : pane.unit))));
            }
        }
    }
    return rows;
}

function showCross(chart, own) {
    const {line, tip, at} = own;
    if (!line || !tip) {
        return;
    }
    if (at === null) {
        line.setAttribute('visibility', 'hidden');
        tip.hidden = true;
        return;
    }
    const px = chart.x(at);
    line.setAttribute('visibility', 'visible');
    line.setAttribute('x', px);
    line.setAttribute('width', Math.max(1, chart.x(at + chart.slot) - px));
    line.setAttribute('y', chart.panes[0].top);
    line.setAttribute('height', chart.panes[chart.panes.length - 1].bottom - chart.panes[0].top);
    const rows = readout(chart, at);
    patch(tip, h('p', {}, h('b', {}, `${clock(at)}–${clock(at + chart.slot)}`), ' ',
        h('span.muted', {}, at >= chart.now ? t('chart.planned') : day(at))),
        rows.length ? h('table', {}, h('tbody', {}, rows)) : h('p.muted', {}, t('chart.nothing')));
    tip.hidden = false;
    const room = chart.width - tip.offsetWidth - 4;
    const beside = px + 14 + tip.offsetWidth > chart.width ? px - tip.offsetWidth - 10 : px + 14;
    tip.style.left = `${Math.max(0, Math.min(room, beside))}px`;
}

function onKey(event, chart, own) {
    const jumps = {ArrowLeft: -1, ArrowRight: 1, PageUp: -16, PageDown: 16};
    let at = own.at ?? Math.floor(Math.min(chart.now, chart.to - 1) / chart.slot) * chart.slot;
    if (event.key in jumps) {
        at += own.at === null ? 0 : jumps[event.key] * chart.slot;
    } else if (event.key === 'Home') {
        at = chart.from;
    } else if (event.key === 'End') {
        at = chart.to - chart.slot;
    } else if (event.key === 'Escape') {
        own.at = null;
        showCross(chart, own);
        return;
    } else {
        return;
    }
    event.preventDefault();
    own.at = Math.min(chart.to - chart.slot, Math.max(chart.from, at));
    showCross(chart, own);
    if (own.say) {
        own.say.textContent = own.tip.innerText.replace(/\s+/g, ' ');
    }
}

function legend(chart, own, redraw) {
    const entries = [];
    for (const pane of chart.panes) {
        for (const layer of pane.layers) {
            for (const one of layer.kind === 'stack' ? layer.series : [layer]) {
                if (one.label && !one.quiet) {
                    entries.push({...one, line: layer.kind === 'line' || layer.kind === 'limit'});
                }
            }
        }
    }
    return h('ul.legend', {'aria-label': t('chart.legend')}, entries.map(one => h('li', {key: one.id},
        h('button', {type: 'button', 'aria-pressed': String(own.pinned === one.id),
            onclick: () => {
                own.pinned = own.pinned === one.id ? null : one.id;
                redraw();
            },
            onpointerenter: event => {
                if (event.pointerType === 'mouse') {
                    own.over = one.id;
                    redraw();
                }
            },
            onpointerleave: () => {
                if (own.over !== null) {
                    own.over = null;
                    redraw();
                }
            }},
        h('i', {class: `swatch ${one.class} ${one.hatched ? 'hatch' : ''} ${one.line ? 'stroke' : ''}`}),
        one.label))));
}

function table(chart) {
    const columns = chart.panes.flatMap(pane => pane.layers.flatMap(layer =>
        (layer.kind === 'stack' ? layer.series : [layer]).filter(one => one.points && one.label)
            .map(one => ({...one, unit: one.unit ?? (layer.right ? pane.right.unit : pane.unit)}))));
    const rows = [];
    for (let at = Math.ceil(chart.from / chart.slot) * chart.slot; at < chart.to; at += chart.slot) {
        rows.push(h('tr', {key: at, 'data-at': at}, h('th', {scope: 'row'}, `${weekday(at)} ${clock(at)}`),
            h('td', {}, at >= chart.now ? t('chart.planned') : ''),
            columns.map(one => {
                const value = valueAt(one.points, at);
                return h('td.number', {}, value === undefined || value === null ? '–'
                    : (one.say ?? num)(one.flip ? -value : value));
            })));
    }
    return h('div.scroll', {tabindex: '0', role: 'region', 'aria-label': chart.title},
        h('table.data', {},
            h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, t('time')), h('th', {scope: 'col'}, ''),
                columns.map(one => h('th.number', {scope: 'col'}, `${one.label} (${one.unit})`)))),
            h('tbody', {}, rows)));
}

/**
 * A chart: {id, title, summary, from, to, now, slot, panes: [{id, height, unit, min, max, right:
 * {unit, max}, layers}]}. Layers: {kind: area|line|limit|stack, id, label, class, points…}.
 * `redraw` draws the screen again.
 */
export function timeChart(spec, redraw) {
    const own = stateOf(spec.id);
    const chart = {slot: QUARTER, ...spec, width: own.width, shown: own.over ?? own.pinned};
    const hasRight = chart.panes.some(p => p.right);
    chart.left = LEFT;
    chart.right = Math.max(LEFT + 50, own.width - (hasRight ? RIGHT : 10));
    const scale = (chart.right - chart.left) / (chart.to - chart.from);
    chart.x = at => Math.round((chart.left + (at - chart.from) * scale) * 10) / 10;
    chart.xTicks = timeTicks(chart.from, chart.to, chart.right - chart.left);
    let top = TOP + 10;
    for (const pane of chart.panes) {
        pane.top = top;
        pane.bottom = top + pane.height;
        top = pane.bottom + GAP;
        const of = (min, max) => v => Math.round((pane.bottom - (v - min) / (max - min) * pane.height) * 10) / 10;
        pane.y = of(pane.min, pane.max);
        if (pane.right) {
            pane.yRight = of(pane.right.min ?? 0, pane.right.max);
            pane.right.ticks ??= ticks(pane.right.min ?? 0, pane.right.max, 3).list;
        }
    }
    const bottom = chart.panes[chart.panes.length - 1].bottom;
    const height = bottom + AXIS;
    own.chart = chart;
    if (own.at !== null) {
        queueMicrotask(() => showCross(chart, own));
    }
    const point = event => {
        const box = event.currentTarget.getBoundingClientRect();
        own.at = placeOf(own.chart, event.clientX, box);
        showCross(own.chart, own);
    };
    const drawn = own.width === 0 ? null : h('svg', {width: own.width, height, role: 'img',
        'aria-label': `${chart.title}. ${chart.summary ?? ''}`, 'aria-roledescription': t('chart.role'),
        tabindex: '0',
        onpointermove: point, onpointerdown: point,
        onpointerleave: event => {
            if (event.pointerType === 'mouse') {
                own.at = null;
                showCross(own.chart, own);
            }
        },
        onkeydown: event => onKey(event, own.chart, own),
        onblur: () => {
            own.at = null;
            showCross(own.chart, own);
        }},
    chart.panes.map(pane => drawPane(pane, chart)),
    chart.xTicks.map(tick => h('text', {class: tick.midnight ? 'tick day' : 'tick', x: chart.x(tick.at),
        y: bottom + 16, 'text-anchor': 'middle'}, tick.label)),
    chart.now > chart.from && chart.now < chart.to && [
        h('line.now', {x1: chart.x(chart.now), x2: chart.x(chart.now), y1: chart.panes[0].top - 4, y2: bottom}),
        h('text.nowlabel', {x: chart.x(chart.now), y: 11, 'text-anchor': chart.x(chart.now) > chart.right - 60
            ? 'end' : chart.x(chart.now) < chart.left + 80 ? 'start' : 'middle'}, `${t('chart.now')} ${clock(chart.now)}`)],
    h('rect.cross', {own: true, visibility: 'hidden', ref: node => {
        own.line = node;
    }}));
    return h('figure.chart', {key: spec.id, ref: node => {
        own.width = 0;
        new ResizeObserver(([entry]) => {
            const width = Math.floor(entry.contentRect.width);
            if (width && Math.abs(width - own.width) > 1) {
                own.width = width;
                redraw();
            }
        }).observe(node);
    }},
    h('figcaption.sr', {}, `${chart.title}. ${chart.summary ?? ''} ${t('chart.keys')}`),
    h('div.plot', {style: {'min-height': `${height}px`}}, drawn,
        h('div.tip', {own: true, hidden: true, key: 'tip', ref: node => {
            own.tip = node;
        }})),
    h('p.sr', {own: true, 'aria-live': 'polite', ref: node => {
        own.say = node;
    }}),
    legend(chart, own, redraw),
    h('details.tableview', {ontoggle: event => {
        if (own.table !== event.target.open) {
            own.table = event.target.open;
            redraw();
        }
    }}, h('summary', {}, t('chart.table')), own.table && table(chart)));
}
