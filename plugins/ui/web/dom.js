// SPDX-License-Identifier: LGPL-2.1-or-later
// Descriptions of elements, and a patcher that changes in the document only what differs, so that
// a page that is redrawn four times a second keeps focus, selection and scroll, and costs little.

const SVG = 'http://www.w3.org/2000/svg';
const AS_PROPERTY = new Set(['value', 'checked', 'disabled', 'open', 'hidden', 'selected']);

/** h('div.card', {title: 'x'}, child, [children], 'text'): nothing is drawn for null and false. */
export function h(selector, ...rest) {
    const [tag, ...classes] = selector.split('.');
    const first = rest[0];
    const has = first !== null && typeof first === 'object' && !Array.isArray(first) && !first.tag;
    const props = has ? rest.shift() : {};
    if (classes.length) {
        props.class = classes.join(' ') + (props.class ? ' ' + props.class : '');
    }
    const children = [];
    flatten(rest, children);
    return {tag, props, children, key: props.key, node: null};
}

function flatten(list, into) {
    for (const child of list) {
        if (Array.isArray(child)) {
            flatten(child, into);
        } else if (child !== null && child !== undefined && child !== false) {
            into.push(child.tag ? child : {text: String(child), node: null});
        }
    }
}

function setProp(node, name, value, before) {
    if (name === 'key' || name === 'own' || name === 'ref') {
        return;
    }
    if (name.startsWith('on')) {
        node[name] = value ?? null;
    } else if (AS_PROPERTY.has(name)) {
        if (node[name] !== value) {
            node[name] = value ?? (name === 'value' ? '' : false);
        }
    } else if (name === 'style') {
        for (const key of Object.keys(before ?? {})) {
            if (!(value && key in value)) {
                node.style.removeProperty(key);
            }
        }
        for (const [key, text] of Object.entries(value ?? {})) {
            node.style.setProperty(key, text);
        }
    } else if (value === null || value === undefined || value === false) {
        node.removeAttribute(name);
    } else {
        node.setAttribute(name, value === true ? '' : value);
    }
}

function create(v, space) {
    if (v.text !== undefined) {
        v.node = document.createTextNode(v.text);
        return v.node;
    }
    const inside = v.tag === 'svg' ? SVG : space;
    v.node = inside ? document.createElementNS(inside, v.tag) : document.createElement(v.tag);
    for (const child of v.children) {
        v.node.append(create(child, v.tag === 'foreignObject' ? null : inside));
    }
    for (const [name, value] of Object.entries(v.props)) {
        setProp(v.node, name, value);
    }
    v.props.ref?.(v.node);
    return v.node;
}

function same(a, b) {
    return a.text !== undefined ? b.text !== undefined : a.tag === b.tag && a.key === b.key;
}

function update(old, v, space) {
    v.node = old.node;
    if (v.text !== undefined) {
        if (v.text !== old.text) {
            v.node.data = v.text;
        }
        return;
    }
    const inside = v.tag === 'svg' ? SVG : space;
    if (!v.props.own) {
        patchChildren(v.node, old.children, v.children, inside);
    }
    for (const name of Object.keys(old.props)) {
        if (!(name in v.props)) {
            setProp(v.node, name, null, old.props[name]);
        }
    }
    for (const [name, value] of Object.entries(v.props)) {
        if (value !== old.props[name] || AS_PROPERTY.has(name)) {
            setProp(v.node, name, value, old.props[name]);
        }
    }
}

function patchChildren(parent, olds, news, space) {
    const byKey = new Map();
    for (const old of olds) {
        if (old.key !== undefined) {
            byKey.set(old.key, old);
        }
    }
    const used = new Set();
    let at = 0;
    let next = parent.firstChild;
    for (const v of news) {
        let old;
        if (v.key !== undefined) {
            old = byKey.get(v.key);
        } else {
            while (at < olds.length && (used.has(olds[at]) || olds[at].key !== undefined)) {
                at++;
            }
            old = olds[at];
            at += old ? 1 : 0;
        }
        if (old && !used.has(old) && same(old, v)) {
            used.add(old);
            update(old, v, space);
        } else {
            create(v, space);
        }
        if (v.node === next) {
            next = next.nextSibling;
        } else {
            parent.insertBefore(v.node, next);
        }
    }
    for (const old of olds) {
        if (!used.has(old) && old.node.parentNode === parent) {
            old.node.remove();
        }
    }
}

/** Makes `parent` hold what is described; the description is kept for the next time. */
export function patch(parent, ...children) {
    const news = [];
    flatten(children, news);
    patchChildren(parent, parent.drawn ?? [], news, null);
    parent.drawn = news;
}
