/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-notify.h"

#include "cfx-log.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
cfx_notify(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path == NULL || (path[0] != '/' && path[0] != '@'))
        return;
    gsize size = strlen(path);
    if (size >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@') /* a name of the abstract name space */
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t length = (socklen_t)(G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + size);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0)
        cfx_log_say(CFX_LOG_WARNING, "notify", "%s: %s", path, g_strerror(errno));
    close(fd);
}

typedef struct {
    CfxLoop *loop;
    gint64 period_us;
} Watchdog;

static void
watchdog_cb(gpointer data)
{
    const Watchdog *dog = data;
    cfx_notify("WATCHDOG=1");
    cfx_loop_timer_start(dog->loop,
                         CFX_CLOCK_REAL,
                         cfx_loop_now(dog->loop, CFX_CLOCK_REAL) + dog->period_us,
                         watchdog_cb,
                         data);
}

void
cfx_notify_watchdog(CfxLoop *loop)
{
    static Watchdog dog; /* one in a process */
    const char *period = g_getenv("WATCHDOG_USEC"), *pid = g_getenv("WATCHDOG_PID");
    if (period == NULL || g_ascii_strtoll(period, NULL, 10) <= 0)
        return;
    if (pid != NULL && g_ascii_strtoll(pid, NULL, 10) != getpid())
        return;
    dog = (Watchdog){ loop, g_ascii_strtoll(period, NULL, 10) / 3 };
    watchdog_cb(&dog);
}
