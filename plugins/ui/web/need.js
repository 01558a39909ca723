// SPDX-License-Identifier: LGPL-2.1-or-later
// What a person says that the car needs, and by when: a form in the card of its session.

import {h} from './dom.js';
import {t} from './i18n.js';
import * as live from './live.js';
import {said} from './parts.js';

const MAX_KWH = 1000;
const own = {session: null, need: '', by: '', bad: false, busy: false, answer: null};

/** What is wrong before anything is sent: [member, words], or null. */
function fault() {
    if (own.bad) {
        return ['need', t('need.number')];
    }
    if (own.need === '' && own.by === '') {
        return ['need', t('need.nothing')];
    }
    const kwh = Number(own.need);
    return own.need !== '' && !(kwh >= 0 && kwh <= MAX_KWH) ? ['need', t('need.range', {max: MAX_KWH})] : null;
}

async function send(device, redraw) {
    const wrong = fault();
    if (wrong) {
        own.answer = {member: wrong[0], refusal: {title: wrong[1]}};
        redraw();
        return;
    }
    own.busy = true;
    own.answer = null;
    redraw();
    const mine = own.session;
    let answer;
    try {
        await live.call(`devices/${device.id}/need`, {body: {need_kwh: own.need === '' ? null : Number(own.need), by: own.by || null}});
        answer = {stored: true};
    } catch (error) {
        answer = {member: /^(need|by)/.exec(error.message)?.[0], refusal: live.explain(error)};
    }
    if (own.session === mine) {
        Object.assign(own, {busy: false, answer}, answer.stored ? {need: '', by: ''} : {});
        redraw();
    }
}

function answerBox() {
    const {answer} = own;
    if (!answer) {
        return null;
    }
    return answer.stored ? h('div.banner.ok.inside', {role: 'status', id: 'need-answer'}, t('need.stored'))
        : h('div.banner.bad.inside', {role: 'alert', id: 'need-answer'}, h('b', {}, answer.refusal.title),
            answer.refusal.message && h('span', {}, said(answer.refusal.message)), answer.refusal.hint && h('span', {}, said(answer.refusal.hint)));
}

export function needForm(device, session, redraw) {
    if (own.session !== session.id) {
        Object.assign(own, {session: session.id, need: '', by: '', bad: false, busy: false, answer: null});
    }
    const field = (name, label, props) => h('label.field', {key: name}, h('span', {}, label), h('input.input', {id: `need-${name}`,
        disabled: own.busy, 'aria-invalid': own.answer?.member?.startsWith(name === 'kwh' ? 'need' : name) ? 'true' : null, ...props}));
    return h('form.need', {key: session.id, novalidate: true, 'aria-label': t('need'), onsubmit: event => {
        event.preventDefault();
        send(device, redraw);
    }},
    field('kwh', t('need.kwh'), {type: 'number', min: 0, max: MAX_KWH, step: 'any', inputmode: 'decimal', value: own.need, oninput: event => {
        own.need = event.target.value;
        own.bad = event.target.validity.badInput;
    }}),
    field('by', t('need.by'), {type: 'time', value: own.by, oninput: event => {
        own.by = event.target.value;
    }}),
    h('button.button', {type: 'submit', id: 'need-set', disabled: own.busy}, own.busy ? t('need.busy') : t('need.set')),
    answerBox());
}
