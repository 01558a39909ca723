/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One instance of the page, and what its files share. */
#pragma once

#include <cariflex/cfx.h>

G_BEGIN_DECLS

typedef struct _UiFiles UiFiles;
typedef struct _UiSite UiSite;
typedef struct _UiPages UiPages;

typedef enum { UI_COOKIE_AUTO, UI_COOKIE_YES, UI_COOKIE_NO } UiCookieSecure;

typedef struct {
    const CfxHost *host;
    const char *listener;
    /* configuration */
    gint64 session_us; /* REAL */
    char **origins;    /* ended by NULL */
    UiCookieSecure secure;
    guint pages_max;

    UiFiles *files;
    GHashTable *failures; /* peer → failed sign-ins, ui-session.c */
    GHashTable *sites;    /* asset → UiSite: those that somebody looks at */
    UiPages *pages;
    guint64 model_watch, story_watch, event_watch, plan_watch;
} Ui;

/* A request whose sender is known. Freed by its answer. */
typedef struct {
    Ui *ui;
    const CfxRequest *request;
    gint64 id; /* in the path: of a site or a device; 0: none */
    /* who asks */
    gint64 principal, expires_us;
    guint32 role;
    char *identity, *token;
} UiVisit;

void ui_visit_free(UiVisit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UiVisit, ui_visit_free)

/* --- ui-door.c: which request is which, and who asks ------------------------------------------- */

gboolean ui_door_open(Ui *self, GError **error);

/* --- what is served; each takes the visit and answers ------------------------------------------ */

/* ui-session.c */
void ui_session_post(UiVisit *visit); /* nobody is known yet */
void ui_session_get(UiVisit *visit);
void ui_session_delete(UiVisit *visit);
/* ui-map.c */
void ui_sites_get(UiVisit *visit);
void ui_map_get(UiVisit *visit);
/* ui-history.c */
void ui_history_get(UiVisit *visit);
/* ui-device.c */
void ui_device_get(UiVisit *visit);
void ui_device_messages_get(UiVisit *visit);
void ui_device_commands_get(UiVisit *visit);
void ui_device_command_post(UiVisit *visit);
/* Whether the person has that right on the device; else it was answered. What may not be seen is not
 * there. */
gboolean ui_device_may(const UiVisit *visit, guint32 right);
void ui_device_need_post(UiVisit *visit);
void ui_knocks_get(UiVisit *visit);
/* ui-pages.c */
void ui_snapshot_get(UiVisit *visit);
void ui_live_get(UiVisit *visit);

const char *ui_role_name(guint32 role);

G_END_DECLS
