/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ui-pages.h"

#include "ui-answer.h"
#include "ui-body.h"
#include "ui-site.h"

#include <string.h>

#define PROTOCOL "cariflex.ui.1"
/* all REAL */
#define TICK_US (CFX_SECOND / 2)
#define QUIET_US (5 * CFX_SECOND)    /* an empty delta says that we are there */
#define CHECK_US (30 * CFX_SECOND)   /* is the sign-in still good? */
#define UNUSED_US (60 * CFX_SECOND)  /* a site is kept for who reloads */
/* a page that has so much unread gets no more until it has read */
#define UNREAD_MAX (256u * 1024)

#define CODE_STOPS 1001
#define CODE_SENSELESS 1008
#define CODE_TOO_BIG 1009
#define CODE_SIGNED_OUT 4401
#define CODE_NO_SITE 4404

typedef struct {
    Ui *ui;
    CfxSocket *socket; /* NULL: closed() was called */
    GList link;        /* in pages */
    gint64 site;
    guint64 seen;      /* 0: nothing yet */
    char *since;       /* (nullable) "EPOCH.SEQ" of the page's last life */
    char *epoch;       /* of `seen` */
    gint64 sent_us, checked_us;
    gint64 principal;
    guint32 role;
    char *token;
    gboolean is_full;    /* waits for drained() */
    gboolean is_waiting; /* the site is read for the first time */
    gboolean is_checking; /* a login is under way: it frees the page if the socket goes */
    guint holds;         /* completions that still come */
} Page;

struct _UiPages {
    Ui *ui;
    GQueue open; /* Page */
    CfxTimer timer;
    gboolean is_closed;
};

UiPages *
ui_pages_new(Ui *ui)
{
    UiPages *self = g_new0(UiPages, 1);

    self->ui = ui;
    g_queue_init(&self->open);
    return self;
}

static void
page_free(Page *page)
{
    g_free(page->since);
    g_free(page->epoch);
    g_free(page->token);
    g_free(page);
}

/* the last of socket and completions frees it */
static void
page_release(Page *page)
{
    if (page->socket == NULL && page->holds == 0)
        page_free(page);
}

static void
page_end(Page *page, guint32 code, const char *reason)
{
    if (page->socket != NULL)
        page->ui->host->web->close(page->socket, code, reason);
}

void
ui_pages_close(UiPages *self)
{
    self->is_closed = TRUE;
    cfx_timer_clear(self->ui->host, &self->timer);
    for (GList *link = self->open.head; link != NULL; link = link->next)
        page_end(link->data, CODE_STOPS, "the daemon stops");
}

void
ui_pages_free(UiPages *self)
{
    if (self == NULL)
        return;
    while (self->open.head != NULL) {
        Page *page = g_queue_pop_head_link(&self->open)->data;
        page_free(page);
    }
    g_free(self);
}

/* --- sending ----------------------------------------------------------------------------------- */

static void
page_send(Page *page, GBytes *message)
{
    gsize size = 0;
    const char *text = g_bytes_get_data(message, &size);

    page->is_full = page->ui->host->web->send(page->socket, text, size) > UNREAD_MAX;
    page->sent_us = cfx_now_real(page->ui->host);
}

static void
page_snapshot(Page *page, UiSite *site)
{
    const char *dot = page->since != NULL ? strrchr(page->since, '.') : NULL;
    gsize length = dot != NULL ? (gsize)(dot - page->since) : 0;
    guint64 since = 0;

    /* a page that comes back only gets what it has missed */
    if (length == strlen(site->epoch) && strncmp(page->since, site->epoch, length) == 0)
        since = g_ascii_strtoull(dot + 1, NULL, 10);
    if (!ui_items_reaches(site->items, since))
        since = 0;
    g_clear_pointer(&page->since, g_free);
    g_autoptr(GBytes) message = ui_site_message(site, since);
    page_send(page, message);
    page->seen = ui_items_last(site->items);
    g_free(page->epoch);
    page->epoch = g_strdup(site->epoch);
}

static void
loaded_cb(gpointer data, UiSite *site)
{
    Page *page = data;

    page->holds--;
    if (site != NULL && page->site == site->asset) {
        page->is_waiting = FALSE;
        if (page->socket != NULL)
            page_snapshot(page, site);
    }
    page_release(page);
}

/* the page begins to look at a site, from nothing */
static void
page_look(Page *page)
{
    Ui *ui = page->ui;
    UiSite *site = ui->host->web->may(ui->host, page->principal, CFX_RIGHT_READ, page->site)
                       ? ui_site_get(ui, page->site)
                       : NULL;

    page->seen = 0;
    if (site == NULL) {
        page_end(page, CODE_NO_SITE, "there is no such site");
        return;
    }
    page->is_waiting = TRUE;
    page->holds++;
    ui_site_when_loaded(site, loaded_cb, page);
}

/* --- ticks ------------------------------------------------------------------------------------- */

typedef struct {
    const UiSite *site;
    guint64 since;
    GBytes *message;
} Made;

static void
made_clear(gpointer data)
{
    g_bytes_unref(((Made *)data)->message);
}

/* a message that was made in this tick for somebody who has seen the same */
static GBytes *
message_for(GArray *made, const UiSite *site, guint64 since)
{
    for (guint i = 0; i < made->len; i++) {
        const Made *one = &g_array_index(made, Made, i);
        if (one->site == site && one->since == since)
            return one->message;
    }
    Made one = { site, since, ui_site_message(site, since) };
    g_array_append_val(made, one);
    return one.message;
}

static void
checked_cb(gpointer data, const CfxLogin *login, const GError *error)
{
    Page *page = data;
    gboolean is_out = error != NULL && error->domain == CFX_ERROR && error->code == CFX_ERROR_AUTH;

    page->holds--;
    page->is_checking = FALSE;
    if (is_out || (login != NULL && login->role < page->role))
        page_end(page, CODE_SIGNED_OUT, "signed out");
    else if (login != NULL && !page->ui->host->web->may(
                                  page->ui->host, page->principal, CFX_RIGHT_READ, page->site))
        page_end(page, CODE_NO_SITE, "this site may no longer be seen");
    page_release(page);
}

static void
page_check(Page *page)
{
    gint64 now_us = cfx_now_real(page->ui->host);

    if (page->is_checking || now_us - page->checked_us < CHECK_US)
        return;
    page->checked_us = now_us;
    page->is_checking = TRUE;
    page->holds++;
    page->ui->host->web->login(page->ui->host, page->token, NULL, 0, checked_cb, page);
}

static void
page_tick(Page *page, GArray *made)
{
    const Ui *ui = page->ui;
    UiSite *site = g_hash_table_lookup(ui->sites, &page->site);

    page_check(page);
    if (site != NULL)
        site->unused_us = 0;
    if (page->is_waiting || page->is_full || page->seen == 0)
        return;
    if (site == NULL || strcmp(site->epoch, page->epoch) != 0) {
        page_look(page);
        return;
    }
    gint64 now_us = cfx_now_real(ui->host);
    if (page->seen == ui_items_last(site->items) && now_us - page->sent_us < QUIET_US)
        return;
    if (!ui_items_reaches(site->items, page->seen)) {
        page_snapshot(page, site);
        return;
    }
    page_send(page, message_for(made, site, page->seen));
    page->seen = ui_items_last(site->items);
}

static void
tick_sites(const Ui *ui)
{
    g_autoptr(GList) sites = g_hash_table_get_values(ui->sites);
    gint64 now_us = cfx_now_real(ui->host);

    for (GList *link = sites; link != NULL; link = link->next) {
        UiSite *site = link->data;
        if (site->unused_us == 0)
            site->unused_us = now_us;
        else if (now_us - site->unused_us > UNUSED_US && site->loading == 0) {
            ui_site_close(site);
            continue;
        }
        ui_site_tick(site);
    }
}

static void
tick_cb(gpointer data)
{
    UiPages *self = data;
    g_autoptr(GArray) made = g_array_new(FALSE, FALSE, sizeof(Made));

    self->timer = 0;
    g_array_set_clear_func(made, made_clear);
    tick_sites(self->ui);
    for (GList *link = self->open.head, *next; link != NULL; link = next) {
        Page *page = link->data;
        next = link->next;
        if (page->socket != NULL)
            page_tick(page, made);
    }
    ui_pages_wake(self->ui);
}

void
ui_pages_wake(Ui *ui)
{
    UiPages *self = ui->pages;

    if (self->is_closed || self->timer != 0 ||
        (self->open.length == 0 && g_hash_table_size(ui->sites) == 0))
        return;
    self->timer = cfx_timer_after(ui->host, CFX_CLOCK_REAL, TICK_US, tick_cb, self);
}

void
ui_pages_signed_out(Ui *ui, const char *token)
{
    for (GList *link = ui->pages->open.head; link != NULL; link = link->next) {
        Page *page = link->data;
        if (strcmp(page->token, token) == 0)
            page_end(page, CODE_SIGNED_OUT, "signed out");
    }
}

void
ui_pages_renew(Ui *ui)
{
    g_autoptr(GList) sites = g_hash_table_get_values(ui->sites);

    for (GList *link = sites; link != NULL; link = link->next) {
        UiSite *site = link->data;
        /* who waits for it waits for the new one */
        GSList *waiting = g_steal_pointer(&site->waiting);
        gint64 asset = site->asset;
        ui_site_close(site);
        UiSite *next = waiting != NULL ? ui_site_get(ui, asset) : NULL;
        if (next != NULL)
            next->waiting = waiting;
    }
}

/* --- the socket -------------------------------------------------------------------------------- */

static void
pong(Page *page, gint64 echo)
{
    g_auto(CfxJsonWriter) json;

    cfx_json_writer_init(&json, NULL, 0);
    cfx_json_begin_object(&json);
    cfx_json_member_text(&json, "type", "pong");
    cfx_json_member_time(&json, "now", cfx_now_site(page->ui->host));
    cfx_json_name(&json, "echo");
    if (echo != UI_NO_ECHO)
        cfx_json_int(&json, echo);
    else
        cfx_json_null(&json);
    cfx_json_end_object(&json);
    const char *text = cfx_json_writer_end(&json);
    /* who pings and does not read gets no answer either */
    if (!page->is_full)
        page->is_full = page->ui->host->web->send(page->socket, text, json.size) > UNREAD_MAX;
}

static void
message_cb(gpointer data, CfxSocket *socket, char *text, gsize size)
{
    Page *page = data;
    g_autoptr(GError) error = NULL;
    UiMessage message;

    if (size > UI_MESSAGE_MAX) {
        page_end(page, CODE_TOO_BIG, "a message of more than 4 KiB");
    } else if (!ui_message_parse(text, size, &message, &error)) {
        /* a reason has room for 123 bytes */
        g_autofree char *reason = g_strndup(error->message, 120);
        page_end(page, CODE_SENSELESS, reason);
    } else if (message.type == UI_MESSAGE_PING) {
        pong(page, message.echo);
    } else {
        page->site = message.site;
        page_look(page);
    }
}

static void
drained_cb(gpointer data, CfxSocket *socket)
{
    Page *page = data;

    page->is_full = FALSE;
}

static void
closed_cb(gpointer data, CfxSocket *socket, guint32 code, const char *reason)
{
    Page *page = data;

    g_queue_unlink(&page->ui->pages->open, &page->link);
    page->socket = NULL;
    page_release(page);
}

static gint64
first_site(const Ui *ui, gint64 principal)
{
    const CfxModel *model = ui->host->model->get(ui->host);
    gint64 found = 0;

    for (gsize i = 0; found == 0 && i < model->n_assets; i++) {
        const CfxAsset *asset = model->assets[i];
        if (g_strcmp0(asset->type, "site") == 0 &&
            ui->host->web->may(ui->host, principal, CFX_RIGHT_READ, asset->id))
            found = asset->id;
    }
    g_bytes_unref(model->owner);
    return found;
}

static gboolean
offers(const CfxRequest *request)
{
    for (guint i = 0; request->protocols[i] != NULL; i++) {
        if (strcmp(request->protocols[i], PROTOCOL) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Answers with an error, or returns the site to look at. */
static gint64
site_to_look_at(const UiVisit *visit)
{
    const Ui *ui = visit->ui;
    const CfxRequest *request = visit->request;
    g_autofree char *wanted = ui_query_find(request->query, "site");
    gint64 site = wanted != NULL ? g_ascii_strtoll(wanted, NULL, 10) : first_site(ui, visit->principal);
    const CfxModel *model = ui->host->model->get(ui->host);
    gboolean is_site = ui_model_site_of(model, site) == site && site != 0;

    g_bytes_unref(model->owner);
    if (request->protocols == NULL || !offers(request)) {
        ui_answer_error(ui,
                        request,
                        400,
                        "syntax",
                        "this is a WebSocket of the protocol " PROTOCOL,
                        "Scripts can ask for sites/ID/snapshot.");
    } else if (!is_site || !ui->host->web->may(ui->host, visit->principal, CFX_RIGHT_READ, site)) {
        ui_answer_not_found(ui, request, "site");
    } else if (ui->pages->open.length >= ui->pages_max) {
        ui_answer_error(ui,
                        request,
                        503,
                        "unavailable",
                        "too many pages are open",
                        "Close one, or raise the key \"pages-max\".");
    } else {
        return site;
    }
    return 0;
}

void
ui_live_get(UiVisit *data)
{
    static const CfxSocketOps ops = { .struct_size = sizeof ops,
                                      .message = message_cb,
                                      .drained = drained_cb,
                                      .closed = closed_cb };
    g_autoptr(UiVisit) visit = data;
    Ui *ui = visit->ui;
    gint64 site = site_to_look_at(visit);

    if (site == 0)
        return;
    Page *page = g_new0(Page, 1);
    page->ui = ui;
    page->site = site;
    page->since = ui_query_find(visit->request->query, "since");
    page->principal = visit->principal;
    page->role = visit->role;
    page->token = g_steal_pointer(&visit->token);
    page->checked_us = cfx_now_real(ui->host);
    page->link.data = page;
    page->socket = ui->host->web->upgrade(visit->request, PROTOCOL, &ops, page);
    if (page->socket == NULL) {
        page_free(page);
        return;
    }
    g_queue_push_tail_link(&ui->pages->open, &page->link);
    page_look(page);
    ui_pages_wake(ui);
}

/* --- the same for scripts ----------------------------------------------------------------------- */

static void
snapshot_cb(gpointer data, UiSite *site)
{
    static const CfxPair headers[] = { { "Content-Type", "application/json" },
                                       { "Cache-Control", "no-store" },
                                       { "X-Content-Type-Options", "nosniff" },
                                       { NULL, NULL } };
    g_autoptr(UiVisit) visit = data;

    if (site == NULL) {
        ui_answer_error(visit->ui, visit->request, 503, "unavailable", "the daemon stops", NULL);
        return;
    }
    site->ticks = 0; /* whoever asks once gets all of now */
    ui_site_tick(site);
    g_autoptr(GBytes) message = ui_site_message(site, 0);
    visit->ui->host->web->respond(visit->request, 200, headers, message);
}

void
ui_snapshot_get(UiVisit *data)
{
    g_autoptr(UiVisit) visit = data;
    Ui *ui = visit->ui;
    UiSite *site = ui->host->web->may(ui->host, visit->principal, CFX_RIGHT_READ, visit->id)
                       ? ui_site_get(ui, visit->id)
                       : NULL;

    if (site == NULL)
        ui_answer_not_found(ui, visit->request, "site");
    else
        ui_site_when_loaded(site, snapshot_cb, g_steal_pointer(&visit));
}
