/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "session/cfx-session.h"

/* a car that is still there after its departure is counted to stay so much longer */
#define SLIDE (30 * CFX_MINUTE)

static const char *const from_names[CFX_N_FROM] = { "entry",   "car",  "token",
                                                    "history", "evse", "unknown" };

const char *
cfx_from_name(CfxFrom from)
{
    return from_names[MIN(from, CFX_FROM_NOBODY)];
}

gboolean
cfx_from_is_stated(CfxFrom from)
{
    return from <= CFX_FROM_TOKEN;
}

const char *
cfx_from_grade(CfxFrom from)
{
    if (cfx_from_is_stated(from))
        return "stated";
    return from == CFX_FROM_HISTORY ? "learned" : "assumed";
}

CfxSession *
cfx_session_new(gint64 site, gint64 asset, const char *id, gint64 arrival_us)
{
    CfxSession *self = g_new0(CfxSession, 1);

    self->site = site;
    self->asset = asset;
    self->id = g_strdup(id);
    self->key = g_strdup_printf("%" G_GINT64_FORMAT "/%s", asset, id);
    self->label = g_strdup("");
    self->arrival_us = arrival_us;
    for (int i = 0; i < CFX_N_FROM; i++)
        self->said[i] = (CfxStatement){ NAN, NAN, 0 };
    self->promised_wh = NAN;
    self->delivered_wh = NAN;
    self->current_max_a = NAN;
    self->is_changed = TRUE;
    cfx_session_choose(self);
    return self;
}

void
cfx_session_free(CfxSession *self)
{
    g_free(self->id);
    g_free(self->key);
    g_free(self->label);
    g_free(self->token);
    g_free(self->car);
    g_free(self);
}

void
cfx_session_choose(CfxSession *self)
{
    self->need_wh = self->minimum_wh = (CfxField){ NAN, CFX_FROM_NOBODY };
    self->departure_us = 0;
    self->departure_from = CFX_FROM_NOBODY;

    /* from the weakest on, so that the strongest that says something stays */
    for (int i = CFX_FROM_NOBODY; i >= 0; i--) {
        const CfxStatement *said = &self->said[i];
        if (isfinite(said->need_wh) && said->need_wh >= 0)
            self->need_wh = (CfxField){ said->need_wh, (CfxFrom)i };
        if (isfinite(said->minimum_wh) && said->minimum_wh >= 0)
            self->minimum_wh = (CfxField){ said->minimum_wh, (CfxFrom)i };
        if (said->departure_us > self->arrival_us) {
            self->departure_us = said->departure_us;
            self->departure_from = (CfxFrom)i;
        }
    }
    /* the minimum is a part of the need */
    if (isfinite(self->need_wh.value) && self->minimum_wh.value > self->need_wh.value)
        self->minimum_wh.value = self->need_wh.value;
}

gint64
cfx_session_leaves_us(const CfxSession *self, gint64 now_us)
{
    if (self->departure_us == 0 || self->departure_us > now_us)
        return self->departure_us;
    return self->departure_us + ((now_us - self->departure_us) / SLIDE + 1) * SLIDE;
}

/* older parts stay as they are: what is taken is taken from the youngest, what is added is young */
static void
set_promise(CfxSession *self, double wh, gint64 now_us)
{
    guint n = self->n_promises;

    if (n > 0 && wh < self->promises[n - 1].wh) {
        while (n > 1 && self->promises[n - 2].wh >= wh)
            n--;
        self->promises[n - 1].wh = wh;
    } else {
        n = MIN(n + 1, CFX_PROMISES_MAX);
        self->promises[n - 1] = (CfxPromise){ wh, now_us };
    }
    self->n_promises = n;
    self->promised_wh = wh;
    self->promised_us = now_us;
}

gboolean
cfx_session_promise(CfxSession *self, double planned_wh, gint64 now_us, const char *cause)
{
    if (!cfx_from_is_stated(self->need_wh.from) || !isfinite(planned_wh))
        return FALSE;

    double possible_wh = CLAMP(planned_wh, 0, self->need_wh.value);
    /* what is missing within the tolerance is the grain of currents and slots */
    if (self->need_wh.value - possible_wh < CFX_SESSION_TOLERANCE_WH)
        possible_wh = self->need_wh.value;

    if (isfinite(self->promised_wh)) {
        double change_wh = possible_wh - self->promised_wh;
        if (fabs(change_wh) < CFX_SESSION_TOLERANCE_WH && possible_wh < self->need_wh.value)
            return FALSE;
        if (change_wh == 0)
            return FALSE;
        /* it falls with a cause only */
        if (change_wh < 0 && cause == NULL)
            return FALSE;
    }
    set_promise(self, possible_wh, now_us);
    self->cause = possible_wh < self->need_wh.value ? cause : NULL;
    self->is_changed = TRUE;
    return TRUE;
}

double
cfx_session_shortfall_wh(const CfxSession *self)
{
    if (!cfx_from_is_stated(self->need_wh.from))
        return NAN;

    double got_wh = isfinite(self->delivered_wh) ? self->delivered_wh : self->stock_wh;
    double missing_wh = self->need_wh.value - got_wh;
    return missing_wh > 0 ? missing_wh : 0;
}
