/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl-agent.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

/* as the child sees the pipe that it closes when it is registered */
#define NOTIFY_FD 3

GSubprocess *
ctl_agent_start(void)
{
    int ends[2];
    char byte;
    if (geteuid() == 0 || !isatty(STDIN_FILENO) || !g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
        return NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDIN_INHERIT | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_subprocess_launcher_take_fd(launcher, ends[1], NOTIFY_FD);
    GSubprocess *agent = g_subprocess_launcher_spawn(
        launcher, NULL, "pkttyagent", "--notify-fd", G_STRINGIFY(NOTIFY_FD), "--fallback", NULL);
    g_subprocess_launcher_close(launcher);
    while (agent != NULL && read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ;
    close(ends[0]);
    return agent;
}

void
ctl_agent_stop(GSubprocess *agent)
{
    if (agent == NULL)
        return;
    g_subprocess_send_signal(agent, SIGTERM);
    g_subprocess_wait(agent, NULL, NULL);
    g_object_unref(agent);
}
