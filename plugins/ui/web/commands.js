// SPDX-License-Identifier: LGPL-2.1-or-later
// Commands to a station: a form made from the JSON schema of each, and the station's own answer.

import {h} from './dom.js';
import {t} from './i18n.js';
import * as live from './live.js';
import {card, empty, said, word} from './parts.js';

const own = {device: null, list: null, connected: null, error: null, chosen: null, values: {}, busy: false, answer: null};

async function load(id, redraw) {
    Object.assign(own, {device: id, list: null, error: null, chosen: null, values: {}, answer: null});
    await reload(id);
    redraw();
}

async function reload(id) {
    try {
        const {commands: list} = await live.call(`devices/${id}/commands`);
        if (own.device === id) {
            own.list = list;
            own.error = null;
        }
    } catch (error) {
        own.error = live.explain(error);
    }
}

/** What can be known before anybody types: the number of this EVSE, its transaction, its token. */
function guess(name, device, session) {
    const [type, idToken] = (device.token ?? ':').split(/:(.*)/s);
    return {
        evseId: device.evse, connectorId: 1, transactionId: session?.id.split('/').slice(1).join('/'),
        remoteStartId: Math.floor(Date.now() / 1000) % 1e6, duration: 3600,
        idToken: idToken ? {idToken, type} : {idToken: '', type: 'ISO14443'}, evse: {id: device.evse},
        requestedMessage: 'StatusNotification',
        getVariableData: [{component: {name: 'OCPPCommCtrlr'}, variable: {name: 'HeartbeatInterval'}}],
        setVariableData: [{component: {name: 'OCPPCommCtrlr'}, variable: {name: 'HeartbeatInterval'}, attributeValue: '300'}],
    }[name];
}

function typeOf(schema) {
    return schema.enum ? 'enum' : Array.isArray(schema.type) ? schema.type[0] : schema.type ?? 'object';
}

function initial(command, device, session) {
    const values = {};
    for (const [name, schema] of Object.entries(command.schema?.properties ?? {})) {
        const required = command.schema.required?.includes(name);
        const type = typeOf(schema);
        const known = schema.default ?? (required || name === 'evseId' ? guess(name, device, session) : undefined);
        values[name] = type === 'enum' ? (known ?? (required ? schema.enum[0] : ''))
            : type === 'boolean' ? known ?? false
                : known === undefined ? '' : typeof known === 'object' ? JSON.stringify(known) : String(known);
    }
    return values;
}

/** The arguments as the schema wants them; throws with the member's name. */
function collect(command) {
    const out = {};
    for (const [name, schema] of Object.entries(command.schema?.properties ?? {})) {
        const text = own.values[name];
        const type = typeOf(schema);
        if (text === '' || text === undefined) {
            if (command.schema.required?.includes(name)) {
                throw Object.assign(new Error(t('command.missing', {name})), {member: name});
            }
            continue;
        }
        if (type === 'integer' || type === 'number') {
            const value = Number(text);
            if (Number.isNaN(value) || (type === 'integer' && !Number.isInteger(value))) {
                throw Object.assign(new Error(t('command.number', {name})), {member: name});
            }
            out[name] = value;
        } else if (type === 'object' || type === 'array') {
            try {
                out[name] = JSON.parse(text);
            } catch {
                throw Object.assign(new Error(t('command.json', {name})), {member: name});
            }
        } else {
            out[name] = text;
        }
    }
    return out;
}

async function send(command, device, redraw) {
    own.answer = null;
    let args;
    try {
        args = collect(command);
    } catch (error) {
        own.answer = {command: command.name, member: error.member, refusal: {title: error.message}};
        redraw();
        return;
    }
    own.busy = true;
    redraw();
    try {
        const {answer} = await live.call(`devices/${device.id}/command`, {body: {command: command.name, arguments: args}});
        own.answer = {command: command.name, said: answer};
    } catch (error) {
        const member = error.code === 'invalid' ? /^([\w.]+):/.exec(error.message)?.[1].split('.').pop() : null;
        own.answer = {command: command.name, member, refusal: live.explain(error)};
    }
    own.busy = false;
    redraw();
}

/** A word of the protocol with what it means. */
function choice(name, value) {
    const meaning = word('choice', `${name}.${value}`);
    return meaning === `${name}.${value}` ? String(value) : `${value} – ${meaning}`;
}

function field(name, schema, required, redraw) {
    const type = typeOf(schema);
    const wrong = own.answer?.member === name;
    const props = {id: `arg-${name}`, 'aria-invalid': wrong ? 'true' : null, required};
    const set = event => {
        own.values[name] = type === 'boolean' ? event.target.checked : event.target.value;
        redraw();
    };
    let input;
    if (type === 'enum') {
        input = h('select.input', {...props, onchange: set}, !required && h('option', {value: '', selected: own.values[name] === ''}, '–'),
            schema.enum.map(v => h('option', {key: v, value: v, selected: own.values[name] === v}, choice(name, v))));
    } else if (type === 'boolean') {
        input = h('input', {...props, type: 'checkbox', checked: own.values[name], onchange: set});
    } else if (type === 'object' || type === 'array') {
        input = h('textarea.input.mono', {...props, rows: 3, spellcheck: 'false', value: own.values[name], oninput: set});
    } else {
        input = h('input.input', {...props, type: type === 'string' ? 'text' : 'number', step: type === 'integer' ? 1 : 'any',
            value: own.values[name], oninput: set});
    }
    return h('label.field', {key: name}, h('span', {}, name, required && h('b', {'aria-hidden': 'true'}, ' *'),
        schema.description && [' – ', said(schema.description)], (type === 'object' || type === 'array') && ` (JSON)`), input);
}

function answerBox() {
    const answer = own.answer;
    if (!answer) {
        return null;
    }
    if (answer.refusal) {
        return h('div.banner.bad.inside', {role: 'alert', id: 'answer'}, h('b', {}, answer.refusal.title),
            answer.refusal.message && h('span', {}, said(answer.refusal.message)), answer.refusal.hint && h('span', {}, said(answer.refusal.hint)));
    }
    const status = answer.said?.status;
    const good = status === undefined || /^Accepted|Unlocked|Scheduled$/.test(status);
    return h('div.banner.inside', {class: good ? 'ok' : 'warn', role: 'status', id: 'answer'},
        h('b', {}, t('command.answer', {command: answer.command})), h('span', {}, status === undefined ? '' : word('answer', status)),
        h('pre.mono', {}, JSON.stringify(answer.said, null, 2)));
}

/** The card with the commands of a device. */
export function commands(device, session, redraw) {
    if (own.device !== device.id) {
        load(device.id, redraw);
    }
    if (!own.list) {
        return card(t('commands'), {}, own.error ? empty(own.error.title, said(own.error.hint) ?? '') : h('p.muted', {}, t('loading')));
    }
    if (!own.list.length) {
        return card(t('commands'), {}, empty(t('commands.none')));
    }
    const command = own.list.find(c => c.name === own.chosen) ?? own.list[0];
    if (own.chosen !== command.name) {
        own.chosen = command.name;
        own.values = initial(command, device, session);
    }
    const why = !device.connected ? t('command.offline', {name: device.station_name})
        : !command.allowed ? t('command.role', {role: word('role', command.role)}) : null;
    const required = command.schema?.required ?? [];
    return card(t('commands'), {note: t('commands.note')},
        h('form.command', {onsubmit: event => {
            event.preventDefault();
            send(command, device, redraw);
        }},
        h('label.field', {}, h('span', {}, t('command')), h('select.input', {id: 'command', onchange: event => {
            own.answer = null;
            own.chosen = event.target.value;
            own.values = initial(own.list.find(c => c.name === own.chosen), device, session);
            redraw();
        }}, own.list.map(c => h('option', {key: c.name, value: c.name, selected: c.name === command.name},
            `${c.name} – ${word('cmd', c.name) === c.name ? c.title : word('cmd', c.name)}`)))),
        h('fieldset.args', {key: command.name, disabled: Boolean(why) || own.busy}, h('legend.sr', {}, t('command.args')),
            Object.entries(command.schema?.properties ?? {}).map(([name, schema]) => field(name, schema, required.includes(name), redraw))),
        why && h('p.is-off.why', {id: 'why'}, why),
        h('button.button.primary', {type: 'submit', id: 'send', disabled: Boolean(why) || own.busy,
            'aria-describedby': why ? 'why' : null}, own.busy ? t('command.busy') : t('command.send', {name: command.name}))),
        answerBox());
}
