// SPDX-License-Identifier: LGPL-2.1-or-later
// Words in English and French, and how numbers and times are written: in the reader's language and
// the site's time zone.

import {words} from './words.js';

let language = 'en';
let zone = 'UTC';
let formats = {};
const hours = new Map();

export const languages = ['en', 'fr'];

export function getLanguage() {
    return language;
}

/** The reader's choice, else the browser's first language that we speak, else English. */
export function preferredLanguage(chosen) {
    const wanted = [chosen, ...(navigator.languages ?? [navigator.language])]
        .map(one => (one ?? '').slice(0, 2));
    return wanted.find(one => languages.includes(one)) ?? 'en';
}

export function setLanguage(wanted) {
    language = wanted;
    formats = {};
    document.documentElement.lang = wanted;
}

export function setZone(wanted) {
    if (wanted && wanted !== zone) {
        zone = wanted;
        formats = {};
        hours.clear();
    }
}

/** The words of a key, with {name} replaced; a list or number where the key holds `one|many`. */
export function t(key, with_) {
    const pair = words[key];
    if (!pair) {
        return key;
    }
    let text = pair[languages.indexOf(language)];
    if (with_ && text.includes('|') && 'n' in with_) {
        text = text.split('|')[plural(with_.n)];
    }
    return with_ ? text.replace(/\{(\w+)\}/g, (all, name) => with_[name] ?? all) : text;
}

/** Whether there are words for a key. */
export function knows(key) {
    return key in words;
}

const sentences = new Map(Object.entries(words).filter(([key]) => key.startsWith('said.')).map(([, pair]) => [pair[0], pair]));

/** A sentence of the daemon's own in the reader's language; null where there are no words for it. */
export function translated(text) {
    return sentences.get(text)?.[languages.indexOf(language)] ?? null;
}

function plural(n) {
    return language === 'fr' ? (n >= 2 ? 1 : 0) : (n === 1 ? 0 : 1);
}

function format(name, options) {
    return formats[name] ??= new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language,
        {timeZone: zone, ...options});
}

/** "18:05" */
export function clock(at) {
    return format('clock', {hour: '2-digit', minute: '2-digit', hourCycle: 'h23'}).format(at);
}

/** "18:05:09" */
export function clockSeconds(at) {
    return format('seconds', {hour: '2-digit', minute: '2-digit', second: '2-digit',
        hourCycle: 'h23'}).format(at);
}

/** "Wed 1 Oct" */
export function weekday(at) {
    return format('weekday', {weekday: 'short', day: 'numeric', month: 'short'}).format(at);
}

/** "1 October 2025" */
export function day(at) {
    return format('day', {day: 'numeric', month: 'long', year: 'numeric'}).format(at);
}

/** "Wednesday, 1 October 2025" */
export function longDay(at) {
    return format('longday', {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric'}).format(at);
}

/** "18:05" for an instant of the same day as `now`, else with its day. */
export function when(at, now) {
    return isoDay(at) === isoDay(now) ? clock(at) : `${weekday(at)} ${clock(at)}`;
}

/** "2025-10-01", in the site's zone. */
export function isoDay(at) {
    const parts = format('iso', {year: 'numeric', month: '2-digit', day: '2-digit'}).formatToParts(at);
    const get = type => parts.find(p => p.type === type).value;
    return `${get('year')}-${get('month')}-${get('day')}`;
}

/** The hour that begins at this instant in the site's zone, or null inside an hour. */
export function hourOf(at) {
    if (!hours.has(at)) {
        if (hours.size > 5000) {
            hours.clear();
        }
        const [hour, minute] = clock(at).match(/\d+/g).map(Number);
        hours.set(at, minute === 0 ? hour : null);
    }
    return hours.get(at);
}

/** Midnight of a day "2025-10-01" in the site's zone, in ms. */
export function midnight(iso) {
    const guess = Date.parse(`${iso}T00:00:00Z`);
    for (let at = guess - 14 * 3600e3; at <= guess + 14 * 3600e3; at += 900e3) {
        if (isoDay(at) === iso) {
            return at;
        }
    }
    return guess;
}

/** A number with at most `digits` decimals; without them: as many as its size deserves. */
export function num(value, digits) {
    if (value === null || value === undefined || Number.isNaN(value)) {
        return '–';
    }
    const places = digits ?? (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
    const key = `num${digits === undefined ? 'a' : 'f'}${places}`;
    formats[key] ??= new Intl.NumberFormat(language, {maximumFractionDigits: places,
        minimumFractionDigits: digits ?? 0});
    return formats[key].format(Math.abs(value) < 10 ** -places / 2 ? 0 : value);
}

/** "12 s", "5 min", "3 h 20", "2 d" */
export function span(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) {
        return `${s} s`;
    }
    if (s < 3600) {
        return `${Math.floor(s / 60)} min`;
    }
    if (s < 86400) {
        const minutes = Math.floor(s % 3600 / 60);
        return minutes ? `${Math.floor(s / 3600)} h ${String(minutes).padStart(2, '0')}`
            : `${Math.floor(s / 3600)} h`;
    }
    return `${Math.floor(s / 86400)} ${language === 'fr' ? 'j' : 'd'}`;
}
