/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices as objects on the bus. */
#include "cfx-bus-methods.h"
#include "cfx-engine-view.h"

#include <string.h>

/* the engine's view, and the path of its site */
typedef struct {
    CfxDeviceView view;
    const char *site;
    char room[64];
} DeviceView;

static gboolean
device_read(gpointer data, gint64 key, gpointer view)
{
    DeviceView *to = view;
    if (!cfx_engine_view_device(data, key, &to->view))
        return FALSE;
    g_autofree char *element = g_strdup_printf("%" G_GINT64_FORMAT, to->view.site);
    g_autofree char *path = cfx_bus_path("site", element);
    g_strlcpy(to->room, path, sizeof to->room);
    to->site = to->room;
    return TRUE;
}

static void
device_list(gpointer data, GArray *keys)
{
    cfx_engine_list_devices(data, keys);
}

/* as the engine finds it */
static char *
where(gint64 key)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, key);
}

static void
set_need(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    const char *need, *by;
    g_autoptr(GError) error = NULL;
    g_autofree char *device = where(key);
    g_variant_get(arguments, "(&s&s)", &need, &by);
    if (cfx_engine_session_set(
            data, device, *need != '\0' ? need : NULL, *by != '\0' ? by : NULL, &error))
        cfx_bus_reply_when_stored(data, call, NULL);
    else
        cfx_bus_fail(call, error);
}

static void
answered(gpointer data, GBytes *answer, const GError *error)
{
    gsize size = 0;
    const char *text = answer != NULL ? g_bytes_get_data(answer, &size) : NULL;
    if (error != NULL)
        cfx_bus_fail(data, error);
    else
        cfx_bus_reply(data, g_strndup(text, size));
}

static void
command(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    const char *name, *text;
    g_autofree char *device = where(key);
    g_variant_get(arguments, "(&s&s)", &name, &text);
    g_autoptr(GBytes) args = *text != '\0' ? g_bytes_new(text, strlen(text)) : NULL;
    /* who came this far may */
    cfx_engine_command(data, CFX_ROLE_ADMIN, device, name, args, answered, call);
}

static void
commands(gpointer data, gint64 key, GVariant *arguments, CfxBusCall *call)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *device = where(key);
    char *json = cfx_engine_commands_json(data, device, &error);
    if (json != NULL)
        cfx_bus_reply(call, json);
    else
        cfx_bus_fail(call, error);
}

#define DEVICE(name, member)                                                                       \
    {                                                                                              \
        name, G_STRUCT_OFFSET(DeviceView, view.member)                                             \
    }
static const CfxBusProperty properties[] = {
    DEVICE("Asset", asset),
    { "Site", G_STRUCT_OFFSET(DeviceView, site) },
    DEVICE("Station", station),
    DEVICE("Identity", identity),
    DEVICE("Unit", unit),
    DEVICE("Instance", instance),
    DEVICE("Connected", is_connected),
    DEVICE("Plugged", is_plugged),
    DEVICE("Charging", is_charging),
    DEVICE("Full", is_full),
    DEVICE("Steerable", is_steerable),
    DEVICE("Faulted", is_faulted),
    DEVICE("Measured", measured_w),
    DEVICE("Desired", desired_w),
    DEVICE("Sent", sent_w),
    DEVICE("Allowed", allowed_w),
    DEVICE("FailSafe", fail_safe_w),
    DEVICE("Installed", installed),
    DEVICE("Words", words),
    DEVICE("Phases", phases),
    DEVICE("Session", session),
    DEVICE("Need", need_wh),
    DEVICE("NeedGrade", need_grade),
    DEVICE("Promised", promised_wh),
    DEVICE("Stock", stock_wh),
    DEVICE("Departure", departure_us),
    DEVICE("Reported", reported_us),
    { NULL, 0 },
};
static const CfxBusObjectMethod methods[] = {
    { "SetNeed", set_need },
    { "Commands", commands },
    { "Command", command },
    { "Hold", cfx_bus_hold_object },
    { "ReleaseHold", cfx_bus_release_object },
    { NULL, NULL },
};
static const CfxBusInterface device = {
    "Device", properties, sizeof(DeviceView), device_read, methods
};
static const CfxBusInterface *const interfaces[] = { &device, NULL };
const CfxBusKind cfx_bus_devices = { "device", interfaces, device_list, NULL };
