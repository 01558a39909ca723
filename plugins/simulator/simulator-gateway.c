/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-gateway.h"

#include "simulator-http.h"
#include "simulator-text.h"

#define AT_ONCE 4
#define WAITING_MAX 2000
#define PAUSE_FIRST_US (250 * (gint64)1000)
#define PAUSE_MAX_US (2 * CFX_SECOND)

typedef struct {
    char *url, *body;
    gint64 old_us; /* SITE time from which it need not be sent any more */
    guint64 first; /* id of the first try */
} Post;

typedef struct {
    SimGateway *gateway;
    Post *post;
} Sending;

struct _SimGateway {
    SimWorld *world;
    const char *name;
    char *authorization;
    GQueue posts;  /* (element-type Post) */
    GQueue flying; /* (element-type Sending) */
    guint64 sent;
    gint64 pause_us;
    CfxTimer pause;
    gboolean is_refused; /* said once */
    guint64 lost;        /* in this outage */
};

static void pump(SimGateway *self);

static void
post_free(Post *post)
{
    g_free(post->url);
    g_free(post->body);
    g_free(post);
}

static void
sending_free(Sending *sending)
{
    if (sending->post != NULL)
        post_free(sending->post);
    g_free(sending);
}

SimGateway *
sim_gateway_new(SimWorld *world, const char *name, GError **error)
{
    g_autofree char *token = sim_world_secret(world, name, error);
    if (token == NULL)
        return NULL;
    SimGateway *self = g_new0(SimGateway, 1);
    self->world = world;
    self->name = name;
    self->authorization = g_strconcat("Bearer ", token, NULL);
    g_queue_init(&self->posts);
    g_queue_init(&self->flying);
    return self;
}

void
sim_gateway_free(SimGateway *self)
{
    if (self == NULL)
        return;
    cfx_timer_clear(sim_world_host(self->world), &self->pause);
    g_queue_clear_full(&self->posts, (GDestroyNotify)post_free);
    /* of what is on its way no answer comes any more */
    g_queue_clear_full(&self->flying, (GDestroyNotify)sending_free);
    g_free(self->authorization);
    g_free(self);
}

/* --- an outage that is too long -------------------------------------------------------------- */

static void
drop_old(SimGateway *self)
{
    for (GList *l = self->posts.head, *next; l != NULL; l = next) {
        next = l->next;
        Post *post = l->data;
        if (sim_world_now(self->world) < post->old_us)
            continue;
        post_free(post);
        g_queue_delete_link(&self->posts, l);
    }
}

/* Nobody wants live values of long ago; what is missed after that is lost, and said. */
static void
make_room(SimGateway *self)
{
    if (self->posts.length >= WAITING_MAX)
        drop_old(self);
    while (self->posts.length >= WAITING_MAX) {
        if (self->lost++ == 0)
            cfx_log(sim_world_host(self->world),
                    CFX_LOG_WARNING,
                    "%s: %d posts wait for the daemon; for each further one the oldest is lost",
                    self->name,
                    WAITING_MAX);
        post_free(g_queue_pop_head(&self->posts));
    }
}

void
sim_gateway_tell_lost(SimGateway *self)
{
    if (self->lost == 0)
        return;
    GString *line = sim_world_log(self->world, self->name, "note", "lost");
    sim_text_integer(line, "posts", (gint64)self->lost);
    sim_world_logged(self->world);
    cfx_log(sim_world_host(self->world),
            CFX_LOG_WARNING,
            "%s: %" G_GUINT64_FORMAT " posts were lost while the daemon was away",
            self->name,
            self->lost);
    self->lost = 0;
}

/* --- sending --------------------------------------------------------------------------------- */

static void
pause_cb(gpointer data)
{
    SimGateway *self = data;
    self->pause = 0;
    pump(self);
}

static void
try_again(SimGateway *self, Post *post)
{
    g_queue_push_head(&self->posts, post);
    if (self->pause != 0)
        return;
    self->pause_us = CLAMP(self->pause_us * 2, PAUSE_FIRST_US, PAUSE_MAX_US);
    self->pause = cfx_timer_after(
        sim_world_host(self->world), CFX_CLOCK_REAL, self->pause_us, pause_cb, self);
}

static void
done(gpointer data, guint64 id, guint status, JsonNode *body)
{
    Sending *sending = data;
    SimGateway *self = sending->gateway;
    g_queue_remove(&self->flying, sending);
    if (status == 0 || status == 429 || status >= 500) {
        if (sending->post->first == 0)
            sending->post->first = id;
        try_again(self, g_steal_pointer(&sending->post));
        sending_free(sending);
        return;
    }
    if (status >= 300 && !self->is_refused) {
        self->is_refused = TRUE;
        cfx_log(sim_world_host(self->world),
                CFX_LOG_WARNING,
                "%s: the daemon answers %u to a post; see the world's log",
                self->name,
                status);
    }
    self->pause_us = 0;
    sending_free(sending);
    pump(self);
}

static void
send_post(SimGateway *self, Post *post)
{
    Sending *sending = g_new0(Sending, 1);
    sending->gateway = self;
    sending->post = post;
    g_queue_push_tail(&self->flying, sending);
    self->sent++;
    SimRequest request = {
        .who = self->name,
        .method = "POST",
        .url = post->url,
        .authorization = self->authorization,
        .body = post->body,
        .again = post->first,
    };
    sim_http_send(self->world, &request, done, sending);
}

static void
pump(SimGateway *self)
{
    while (self->flying.length < AT_ONCE && self->pause == 0) {
        Post *post = g_queue_pop_head(&self->posts);
        if (post == NULL && self->flying.length == 0)
            sim_gateway_tell_lost(self);
        if (post == NULL)
            return;
        if (sim_world_now(self->world) >= post->old_us)
            post_free(post);
        else
            send_post(self, post);
    }
}

static void
add(SimGateway *self,
    gint64 sensor,
    gint64 start_us,
    gint64 duration_us,
    const double *values,
    guint n,
    const char *unit,
    gint64 old_us)
{
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *duration =
        g_strdup_printf("PT%" G_GINT64_FORMAT "M", duration_us / CFX_MINUTE);
    sim_text_open(body, NULL, '{');
    sim_text_stamp(body, "start", start_us);
    sim_text_string(body, "duration", duration);
    sim_text_string(body, "unit", unit);
    sim_text_open(body, "values", '[');
    for (guint i = 0; i < n; i++)
        sim_text_real(body, NULL, values[i]);
    sim_text_close(body, ']');
    sim_text_close(body, '}');
    make_room(self);
    Post *post = g_new0(Post, 1);
    post->url = g_strdup_printf("%s/api/v3_0/sensors/%" G_GINT64_FORMAT "/data",
                                sim_world_options(self->world)->api,
                                sensor);
    post->body = g_string_free(g_steal_pointer(&body), FALSE);
    post->old_us = old_us;
    g_queue_push_tail(&self->posts, post);
    pump(self);
}

void
sim_gateway_post(SimGateway *self,
                 gint64 sensor,
                 gint64 start_us,
                 gint64 duration_us,
                 const double *values,
                 guint n,
                 const char *unit)
{
    add(self, sensor, start_us, duration_us, values, n, unit, G_MAXINT64);
}

void
sim_gateway_post_live(SimGateway *self, gint64 sensor, gint64 at_us, double value, const char *unit)
{
    add(self, sensor, at_us, 0, &value, 1, unit, at_us + CFX_MINUTE);
}

guint64
sim_gateway_posts(const SimGateway *self)
{
    return self->sent;
}
