/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The newest state of everything that pages of one site are shown, each item with the number of its
 * last change. What a page lacks is what has a higher number than the page has seen: so a snapshot,
 * a delta, the return after a drop and a page that reads slowly are one and the same thing, and
 * nothing is queued for anybody. Pure.
 */
#pragma once

#include <kit/cfx-json.h>

G_BEGIN_DECLS

typedef struct _UiItems UiItems;

UiItems *ui_items_new(void);
void ui_items_free(UiItems *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiItems, ui_items_free)

/* The number of the last change; rises only. */
guint64 ui_items_last(const UiItems *self);
/* A number for a change of something that is kept elsewhere (series). */
guint64 ui_items_next(UiItems *self);
/* Whether a page that has seen `since` can be helped with what changed after it. */
gboolean ui_items_reaches(const UiItems *self, guint64 since);

/*
 * Puts an item; nothing changes where it is the same as before.
 * @kind: static; @id: of that kind
 * @json: the whole object; emptied
 * Returns: whether it changed
 */
gboolean ui_items_put(UiItems *self, const char *kind, const char *id, CfxJsonWriter *json);
/* It went away. @json: what is told, {"kind": …, "id": …, "gone": true}. */
void ui_items_drop(UiItems *self, const char *kind, const char *id);
/* It is forgotten, and nobody told. */
void ui_items_forget(UiItems *self, const char *kind, const char *id);

/* Between these, each put item of the kind is kept and all others of it are dropped. */
void ui_items_sweep_begin(UiItems *self, const char *kind);
void ui_items_sweep_end(UiItems *self, const char *kind);

/* JSON of an item, borrowed until the next change; NULL: it is not there. */
const char *ui_items_find(const UiItems *self, const char *kind, const char *id, gsize *ret_size);
/* Calls func with each item of a kind, oldest change first. */
void ui_items_each(const UiItems *self,
                   const char *kind,
                   void (*func)(gpointer data, const char *id, const char *json, gsize size),
                   gpointer data);

/* Writes what has changed after `since` as elements of an array; 0: everything there is. */
void ui_items_write(const UiItems *self, guint64 since, CfxJsonWriter *to);

/* The usual head of an item: {"kind": …, "id": …, left open for its members. */
void ui_item_begin(CfxJsonWriter *json, const char *kind, gint64 id);
void ui_item_begin_text(CfxJsonWriter *json, const char *kind, const char *id);

G_END_DECLS
