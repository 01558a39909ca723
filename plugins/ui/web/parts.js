// SPDX-License-Identifier: LGPL-2.1-or-later
// Small things that several screens draw: icons, states, ages, empty places.

import {h} from './dom.js';
import {getLanguage, knows, num, span, t, translated, when} from './i18n.js';

const ICONS = {
    overview: 'M3 17l5-6 4 4 5-8 4 5M3 21h18',
    map: 'M9 4L3 6.5v13L9 17l6 2.5 6-2.5v-13L15 6.5zM9 4v13M15 6.5v13',
    stations: 'M6 21V5a2 2 0 012-2h6a2 2 0 012 2v16M4 21h14M9 8h4M16 12h1.5a1.5 1.5 0 011.5 1.5V16a1.5 1.5 0 003 0V9l-3-3',
    signals: 'M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4',
    health: 'M3 12h4l3-7 4 14 3-7h4',
    history: 'M3 5v5h5M3.5 10a9 9 0 11-.3 4M12 7v5l4 2',
    sun: 'M12 4V2M12 22v-2M4 12H2M22 12h-2M6.3 6.3L4.9 4.9M19.1 19.1l-1.4-1.4M6.3 17.7l-1.4 1.4M19.1 4.9l-1.4 1.4M12 8a4 4 0 100 8 4 4 0 000-8z',
    moon: 'M20 14.5A8 8 0 119.5 4a6.5 6.5 0 0010.5 10.5z',
    system: 'M4 5h16v11H4zM9 20h6M12 16v4',
};

export function icon(name) {
    return h('svg', {viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.8',
        'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true'},
    h('path', {d: ICONS[name]}));
}

// A shape of its own for each state, so that none rests on colour alone.
const MARKS = {
    ok: 'M6 1a5 5 0 100 10A5 5 0 006 1z',
    busy: 'M7 0L1.5 7H5l-.8 5L10.5 4.6H6.6z',
    warn: 'M6 .8L11.7 11H.3z',
    bad: 'M3.6.5h4.8L11.5 3.6v4.8l-3.1 3.1H3.6L.5 8.4V3.6z',
    off: 'M1.8.6L6 4.8 10.2.6l1.2 1.2L7.2 6l4.2 4.2-1.2 1.2L6 7.2l-4.2 4.2L.6 10.2 4.8 6 .6 1.8z',
};

export function markPath(kind) {
    return MARKS[kind] ?? MARKS.off;
}

/** A state as mark and word. */
export function state(kind, words, pill = true) {
    return h(`span.state.is-${kind}`, {class: pill ? 'pill' : ''},
        h('svg', {viewBox: '0 0 12 12', 'aria-hidden': 'true'},
            h('path', {d: markPath(kind), fill: 'currentColor'})), words);
}

/** How old something is; in another colour beyond what is usual. */
export function age(at, now, limit = Infinity) {
    if (!at) {
        return h('span.age.stale', {}, t('age.never'));
    }
    const old = Math.max(0, now - at);
    return h('span.age', {class: old > limit ? 'stale' : '', title: `${when(at, now)}`},
        t('age.ago', {age: span(old)}));
}

/** What the daemon says: in the reader's language where there are words for it, else as it came, marked as English. */
export function said(text) {
    return !text || getLanguage() === 'en' ? text : translated(text) ?? h('span', {lang: 'en'}, text);
}

export function empty(title, ...rest) {
    return h('div.empty', {}, h('b', {}, title), rest.map(one => h('p', {}, one)));
}

export function tile({name, value, unit, note, at, now, limit, extra, bad, swatch, key}) {
    return h('div.tile', {key: key ?? name, class: bad ? 'bad' : '', id: key ? `tile-${key}` : null},
        h('div.name', {}, swatch && h('i', {class: `swatch ${swatch}`}), name),
        h('div.value', {}, value, unit && h('small', {}, unit)), extra,
        note && h('div.note', {}, note),
        at !== undefined && h('div', {}, age(at, now, limit)));
}

export function card(title, props, ...children) {
    return h('section.card', {key: props.key ?? title, 'aria-label': title, class: props.class ?? ''},
        h('header', {}, h('h2', {}, title), props.note && h('span.muted.small', {}, props.note),
            props.end && h('div.end', {}, props.end)), children);
}

export function kw(watts, digits = 1) {
    return watts === null || watts === undefined ? '–' : num(watts / 1000, digits);
}

export function word(prefix, value) {
    const key = `${prefix}.${value}`;
    return knows(key) ? t(key) : String(value ?? '–');
}

const STATES = {offline: 'off', faulted: 'bad', unavailable: 'off', charging: 'busy', full: 'ok', plugged: 'warn',
    available: 'ok', unknown: 'off'};

/** ok, busy, warn, bad or off: the mark of a device's state. */
export function kindOf(name) {
    return STATES[name] ?? 'off';
}

export function deviceState(name) {
    return state(kindOf(name), word('state', name));
}

/** The worst first: what a station or a place says that holds several devices. */
export function worst(names) {
    return ['offline', 'faulted', 'unknown', 'unavailable', 'charging', 'plugged', 'full', 'available']
        .find(one => names.includes(one)) ?? 'unknown';
}

/** "15 kWh stated", with the least the car needs. */
export function needOf(session) {
    return [session.need_kwh === null ? h('span.muted', {}, t('unknown'))
        : h('span.nowrap', {}, `${num(session.need_kwh, 1)} kWh`), ' ',
        h('span.muted.small', {}, word('grade', session.need_grade))];
}

/** Which of the sentences of a topic it is. */
function variant({topic, data}) {
    if (topic === 'cfx.story.plugged' && data.asked_kwh === null) {
        return `${topic}.silent`;
    }
    if (topic === 'cfx.story.limit' && data.limit_kw >= data.before_kw) {
        return `${topic}.back`;
    }
    if (topic === 'cfx.story.hold-over' && data.ended_by) {
        return `${topic}.ended`;
    }
    return topic;
}

/** A notice as a sentence in the reader's language; the English one is the daemon's. */
export function sentence(story, now) {
    const {data} = story;
    if (getLanguage() === 'en' || !data || !knows(variant(story))) {
        return story.text;
    }
    const fill = {};
    for (const [name, value] of Object.entries(data)) {
        fill[name] = typeof value === 'number' ? num(value, Math.abs(value) < 100 ? 1 : 0) : value ?? '–';
    }
    const by = Date.parse(data.by ?? '');
    if (story.topic.startsWith('cfx.story.hold')) { // `by` is who set it
        fill.until = when(Date.parse(data.until), now);
        fill.reason = data.reason ? ` : ${data.reason}` : '';
    } else {
        fill.by = by ? t('story.by', {at: when(by, now)}) : '';
    }
    fill.cause = data.cause ? ` (${word('cause', data.cause)})` : '';
    return t(variant(story), fill);
}
