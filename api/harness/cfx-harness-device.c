/* SPDX-License-Identifier: MIT */
/* What the instance says of its devices, and plans and commands for them. */
#include "cfx-harness-private.h"

#include <math.h>
#include <string.h>

typedef struct {
    CfxHarnessApplied said; /* first */
    gint64 *at_us;
    double *w;
} Applied;

typedef struct {
    guint64 id;
    gint64 site;
    CfxPlanDone func;
    gpointer data;
} Watch;

struct _CfxHarnessDevices {
    GHashTable *reports; /* asset → CfxDevice */
    guint n_reports;
    GPtrArray *applied; /* Applied */
    GPtrArray *knocks;  /* CfxKnock */
    CfxNeedAsk need;    /* the last one */
    guint n_needs;
    GArray *watches;
    guint64 last_watch;
    gint64 version; /* of the plans that are handed in */
};

static void
applied_free(gpointer data)
{
    Applied *applied = data;
    g_free(applied->at_us);
    g_free(applied->w);
    g_free(applied);
}

CfxHarnessDevices *
cfx_harness_devices_new(void)
{
    CfxHarnessDevices *self = g_new0(CfxHarnessDevices, 1);
    self->reports = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->applied = g_ptr_array_new_with_free_func(applied_free);
    self->knocks = g_ptr_array_new_with_free_func(g_free);
    self->watches = g_array_new(FALSE, FALSE, sizeof(Watch));
    return self;
}

void
cfx_harness_devices_free(CfxHarnessDevices *self)
{
    g_hash_table_unref(self->reports);
    g_ptr_array_unref(self->applied);
    g_ptr_array_unref(self->knocks);
    g_array_unref(self->watches);
    g_free(self);
}

void
cfx_harness_devices_stop(CfxHarness *self)
{
    g_array_set_size(self->devices->watches, 0);
}

/* --- the table -------------------------------------------------------------------------------- */

static void
device_copy(CfxDevice *to, const CfxDevice *device)
{
    memset(to, 0, sizeof *to);
    memcpy(to, device, MIN(device->struct_size, sizeof *to));
    to->struct_size = sizeof *to;
    to->session = cfx_harness_text(to->session);
    to->token = cfx_harness_text(to->token);
    to->car = cfx_harness_text(to->car);
    to->ended = cfx_harness_text(to->ended);
    to->words = cfx_harness_text(to->words);
}

static void
device_report(const CfxHost *host, const CfxDevice *const *devices, gsize n)
{
    CfxHarnessDevices *self = cfx_harness_of(host)->devices;
    for (gsize i = 0; i < n; i++) {
        if (devices[i]->struct_size == 0 || devices[i]->asset == 0) {
            g_critical("report.%" G_GSIZE_FORMAT ": has no %s",
                       i,
                       devices[i]->struct_size == 0 ? "struct_size" : "asset");
            continue;
        }
        CfxDevice *mine = g_new(CfxDevice, 1);
        device_copy(mine, devices[i]);
        g_hash_table_replace(self->reports, g_memdup2(&mine->asset, sizeof(gint64)), mine);
        self->n_reports++;
    }
}

static void
device_gone(const CfxHost *host, const gint64 *assets, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_hash_table_remove(cfx_harness_of(host)->devices->reports, &assets[i]);
}

static void
device_knock(const CfxHost *host, const CfxKnock *knock)
{
    CfxKnock *mine = g_new0(CfxKnock, 1);
    memcpy(mine, knock, MIN(knock->struct_size, sizeof *mine));
    mine->struct_size = sizeof *mine;
    mine->kind = cfx_harness_text(mine->kind);
    mine->identity = cfx_harness_text(mine->identity);
    mine->vendor = cfx_harness_text(mine->vendor);
    mine->model = cfx_harness_text(mine->model);
    mine->serial = cfx_harness_text(mine->serial);
    mine->peer = cfx_harness_text(mine->peer);
    g_ptr_array_add(cfx_harness_of(host)->devices->knocks, mine);
}

static void
device_applied(const CfxHost *host, const CfxApplied *const *applied, gsize n)
{
    CfxHarnessDevices *self = cfx_harness_of(host)->devices;
    for (gsize i = 0; i < n; i++) {
        Applied *mine = g_new0(Applied, 1);
        CfxApplied *said = &mine->said.applied;
        memcpy(said, applied[i], MIN(applied[i]->struct_size, sizeof *said));
        said->struct_size = sizeof *said;
        said->words = cfx_harness_text(said->words);
        mine->at_us = g_new0(gint64, MAX(1, said->n_allowed));
        mine->w = g_new0(double, MAX(1, said->n_allowed));
        for (gsize k = 0; k < said->n_allowed; k++) {
            mine->at_us[k] = cfx_int_at(said->allowed_us, k);
            mine->w[k] = cfx_real_at(said->allowed_w, k);
        }
        said->allowed_us = (CfxInts){ mine->at_us, 1 };
        said->allowed_w = (CfxReals){ mine->w, 1 };
        mine->said.allowed_us = mine->at_us;
        mine->said.allowed_w = mine->w;
        g_ptr_array_add(self->applied, mine);
    }
}

static gboolean
device_state(const CfxHost *host, const gint64 *assets, gsize n, CfxDevice *const *to)
{
    gboolean all = TRUE;
    for (gsize i = 0; i < n; i++) {
        const CfxDevice *device =
            g_hash_table_lookup(cfx_harness_of(host)->devices->reports, &assets[i]);
        guint32 size = to[i]->struct_size;
        memset(to[i], 0, size);
        if (device != NULL)
            memcpy(to[i], device, MIN(size, sizeof *device));
        to[i]->struct_size = size;
        all = all && device != NULL;
    }
    return all;
}

static const CfxCommandInfo *const *
device_commands(const CfxHost *host, gint64 asset, guint32 *n)
{
    const CfxAdapterOps *ops = &cfx_harness_of(host)->adapter;
    *n = ops->n_commands;
    return ops->commands;
}

/* What comes later: adapters of other instances are not there, so who asks them is refused; a need
 * is taken (`done`). */
typedef struct {
    CfxAnswerDone answer;
    CfxPlanDone plan;
    CfxDone done;
    gpointer data;
} Answer;

static void
finish(gpointer data)
{
    g_autofree Answer *later = data;
    g_autoptr(GError) error = g_error_new_literal(
        CFX_ERROR, CFX_ERROR_NOT_FOUND, "the harness has no other adapters and no planner");
    if (later->answer != NULL)
        later->answer(later->data, NULL, error);
    if (later->plan != NULL)
        later->plan(later->data, NULL, error);
    if (later->done != NULL)
        later->done(later->data, NULL);
}

static void
refuse_later(const CfxHost *host, CfxAnswerDone answer, CfxPlanDone plan, gpointer data)
{
    Answer *later = g_new(Answer, 1);
    *later = (Answer){ answer, plan, NULL, data };
    cfx_harness_later(cfx_harness_of(host), finish, later);
}

static void
device_command(const CfxHost *host,
               gint64 asset,
               const char *name,
               GBytes *args,
               CfxAnswerDone done,
               gpointer data)
{
    refuse_later(host, done, NULL, data);
}

static void
device_command_as(const CfxHost *host,
                  guint32 role,
                  gint64 asset,
                  const char *name,
                  GBytes *args,
                  CfxAnswerDone done,
                  gpointer data)
{
    refuse_later(host, done, NULL, data);
}

static void
device_ask(const CfxHost *host, const CfxPlanAsk *ask, CfxPlanDone done, gpointer data)
{
    refuse_later(host, NULL, done, data);
}

static void
device_current(const CfxHost *host, gint64 site, CfxPlanDone done, gpointer data)
{
    refuse_later(host, NULL, done, data);
}

static guint64
device_watch(const CfxHost *host, gint64 site, CfxPlanDone func, gpointer data)
{
    CfxHarnessDevices *self = cfx_harness_of(host)->devices;
    Watch watch = { ++self->last_watch, site, func, data };
    g_array_append_val(self->watches, watch);
    return watch.id;
}

static void
device_unwatch(const CfxHost *host, guint64 id)
{
    GArray *watches = cfx_harness_of(host)->devices->watches;
    for (guint i = watches->len; i-- > 0;) {
        if (g_array_index(watches, Watch, i).id == id)
            g_array_remove_index(watches, i);
    }
}

/* every need is taken */
static void
device_session_set(const CfxHost *host, const CfxNeedAsk *ask, CfxDone done, gpointer data)
{
    CfxHarnessDevices *self = cfx_harness_of(host)->devices;
    Answer *taken = g_new(Answer, 1);

    self->need = (CfxNeedAsk){ .need_wh = NAN };
    memcpy(&self->need, ask, MIN(ask->struct_size, sizeof self->need));
    self->need.struct_size = sizeof self->need;
    self->need.by = cfx_harness_text(self->need.by);
    self->n_needs++;
    *taken = (Answer){ NULL, NULL, done, data };
    cfx_harness_later(cfx_harness_of(host), finish, taken);
}

const CfxDeviceApi cfx_harness_device_api = {
    .struct_size = sizeof(CfxDeviceApi),
    .report = device_report,
    .gone = device_gone,
    .knock = device_knock,
    .applied = device_applied,
    .state = device_state,
    .commands = device_commands,
    .command = device_command,
    .ask = device_ask,
    .current = device_current,
    .watch = device_watch,
    .unwatch = device_unwatch,
    .command_as = device_command_as,
    .session_set = device_session_set,
};

/* --- for tests -------------------------------------------------------------------------------- */

const CfxDevice *
cfx_harness_device(CfxHarness *self, gint64 asset)
{
    return g_hash_table_lookup(self->devices->reports, &asset);
}

guint
cfx_harness_n_reports(CfxHarness *self)
{
    return self->devices->n_reports;
}

const CfxHarnessApplied *
cfx_harness_applied(CfxHarness *self, gint64 asset, guint *n)
{
    const Applied *last = NULL;
    guint count = 0;
    for (guint i = 0; i < self->devices->applied->len; i++) {
        const Applied *applied = self->devices->applied->pdata[i];
        if (asset != 0 && applied->said.applied.asset != asset)
            continue;
        last = applied;
        count++;
    }
    if (n != NULL)
        *n = count;
    return last != NULL ? &last->said : NULL;
}

const CfxNeedAsk *
cfx_harness_need(CfxHarness *self, guint *n)
{
    if (n != NULL)
        *n = self->devices->n_needs;
    return self->devices->n_needs > 0 ? &self->devices->need : NULL;
}

const CfxKnock *
cfx_harness_knock(CfxHarness *self, guint *n)
{
    const GPtrArray *knocks = self->devices->knocks;
    if (n != NULL)
        *n = knocks->len;
    return knocks->len > 0 ? knocks->pdata[knocks->len - 1] : NULL;
}

void
cfx_harness_apply(CfxHarness *self, const CfxPlan *plan)
{
    g_autoptr(GArray) watches = g_array_copy(self->devices->watches);
    g_return_if_fail(self->self != NULL);
    self->devices->version = MAX(self->devices->version, plan->version);
    if (self->adapter.apply != NULL)
        self->adapter.apply(self->self, plan);
    for (guint i = 0; i < watches->len; i++) {
        const Watch *watch = &g_array_index(watches, Watch, i);
        if (watch->site == 0 || watch->site == plan->site)
            watch->func(watch->data, plan, NULL);
    }
    cfx_harness_run(self);
}

/* everything that a plan for one device points to */
typedef struct {
    gint64 asset, raise_delay_us, not_before_us, flags;
    double fail_safe_w;
    gint64 *edges_us;
    double *power_w;
} Slice;

static void
slice_free(gpointer data)
{
    Slice *slice = data;
    g_free(slice->edges_us);
    g_free(slice->power_w);
    g_free(slice);
}

void
cfx_harness_plan(CfxHarness *self,
                 gint64 asset,
                 gint64 step_us,
                 const double *power_w,
                 gsize n,
                 double fail_safe_w,
                 guint32 flags)
{
    Slice *slice = g_new0(Slice, 1);
    g_return_if_fail(n > 0 && step_us > 0);
    slice->asset = asset;
    slice->flags = flags;
    slice->fail_safe_w = fail_safe_w;
    slice->edges_us = g_new(gint64, n + 1);
    slice->power_w = g_memdup2(power_w, n * sizeof(double));
    for (gsize j = 0; j <= n; j++)
        slice->edges_us[j] = self->site_us + (gint64)j * step_us;
    g_autoptr(GBytes) owner = g_bytes_new_with_free_func(slice, sizeof(*slice), slice_free, slice);
    gint64 version = self->devices->version + 1;
    const CfxPlan plan = { .struct_size = sizeof(plan),
                           .kind = CFX_PLAN_APPLIED,
                           .id = version,
                           .epoch = 1,
                           .version = version,
                           .site = 1,
                           .trace = version,
                           .made_us = self->site_us,
                           .n_slots = n,
                           .edges_us = { slice->edges_us, 1 },
                           .raise_delay_us = { &slice->raise_delay_us, 0 },
                           .n_devices = 1,
                           .asset = { &slice->asset, 0 },
                           .power_w = { slice->power_w, (guint32)n, 1 },
                           .fail_safe_w = { &slice->fail_safe_w, 0, 0 },
                           .not_before_us = { &slice->not_before_us, 0 },
                           .flags = { &slice->flags, 0 },
                           .gap = NAN,
                           .owner = owner };
    cfx_harness_apply(self, &plan);
}

char *
cfx_harness_command(
    CfxHarness *self, gint64 asset, const char *name, const char *args, GError **error)
{
    g_return_val_if_fail(self->self != NULL, NULL);
    if (self->adapter.command == NULL) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_NOT_SUPPORTED, "it knows no commands");
        return NULL;
    }
    const char *text = args != NULL ? args : "{}";
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    CfxHarnessCall *call = cfx_harness_call_new();
    self->adapter.command(self->self, asset, name, bytes, &call->call);
    cfx_harness_run(self);
    char *answer = NULL;
    if (!call->is_finished) {
        g_set_error(error, CFX_ERROR, CFX_ERROR_UNAVAILABLE, "it has not been answered yet");
    } else if (call->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&call->error));
    } else {
        gsize size = 0;
        const char *data = call->answer != NULL ? g_bytes_get_data(call->answer, &size) : "";
        answer = g_strndup(data, size);
    }
    cfx_harness_call_free(call);
    return answer;
}
