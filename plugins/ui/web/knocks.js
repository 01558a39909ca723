// SPDX-License-Identifier: LGPL-2.1-or-later
// Stations that knocked and that nobody has let in yet, and how to let them in.

import {h} from './dom.js';
import {num, t} from './i18n.js';
import * as live from './live.js';
import {age, card} from './parts.js';

const EVERY = 10e3;
const own = {list: [], asked: -Infinity};

async function load(redraw) {
    own.asked = performance.now();
    try {
        own.list = (await live.call('knocks')).knocks;
        redraw();
    } catch { /* what is wrong with the line is shown above; the next try comes */ }
}

/** For a shell: what came from outside is not taken for more than a name. */
function quoted(text) {
    return /^[\w.:@+-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function row(one, now) {
    return h('tr', {key: `${one.instance}/${one.identity}`, 'data-knock': one.identity},
        h('th', {scope: 'row'}, one.identity, h('div.muted.small.place', {}, [one.vendor, one.model].filter(Boolean).join(' '))),
        h('td.wide-only.mono', {}, one.serial ?? '–'),
        h('td.wide-only.nowrap', {}, one.peer ?? '–'),
        h('td.number.wide-only', {}, num(one.count, 0)),
        h('td', {}, age(Date.parse(one.last ?? ''), now)),
        h('td', {}, h('code', {}, `cariflexctl approve ${quoted(one.identity)}`)));
}

/** The card, for who may send commands; null: nobody knocks. */
export function knocks(now, redraw) {
    if (!live.state.me?.commands) {
        return null;
    }
    if (performance.now() - own.asked > EVERY) {
        load(redraw);
    }
    return own.list.length ? card(t('knocks'), {note: t('knocks.note')}, h('div.scroll', {}, h('table.data.rows', {id: 'knocks'},
        h('thead', {}, h('tr', {}, [['station'], ['serial', 'wide-only'], ['peer', 'wide-only'], ['count', 'number wide-only'],
            ['last'], ['approve']].map(([key, kind]) => h('th', {key, scope: 'col', class: kind ?? ''}, t(`col.${key}`))))),
        h('tbody', {}, own.list.map(one => row(one, now)))))) : null;
}
