/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cfx-wheel.h"

#include <string.h>

#define TICK_BITS 10 /* 1.024 ms */
#define LEVEL_BITS 6
#define SLOTS 64
#define LEVELS 9 /* 54 bits of ticks: every gint64 */
#define NONE G_MAXUINT32
#define DUE_SLOT (LEVELS * SLOTS) /* list of what was collected */
#define LISTS (DUE_SLOT + 1)

/* In lists by index, so that the array may move when it grows. */
typedef struct {
    gint64 at_us;
    CfxFunc func;
    gpointer data, owner;
    guint32 next, previous;
    guint32 generation; /* rises when it is freed, so that stale handles do not match */
    guint16 list;       /* the one it is in; LISTS: free */
    guint16 reserved;
} Timer;

typedef struct {
    guint32 head, tail;
} List;

struct _CfxWheel {
    guint64 now;            /* tick up to which slots have been emptied */
    guint64 filled[LEVELS]; /* bit s: slot s holds timers */
    List lists[LISTS];
    GArray *timers; /* (element-type Timer) */
    guint32 free;   /* head of the free ones, linked by `next` */
    gsize count;
};

static Timer *
timer_at(const CfxWheel *wheel, guint32 index)
{
    return &g_array_index(wheel->timers, Timer, index);
}

static guint64
tick_of(gint64 at_us)
{
    return at_us <= 0 ? 0 : (guint64)at_us >> TICK_BITS;
}

CfxWheel *
cfx_wheel_new(gint64 now_us)
{
    CfxWheel *wheel = g_new0(CfxWheel, 1);
    wheel->now = tick_of(now_us);
    wheel->timers = g_array_new(FALSE, FALSE, sizeof(Timer));
    wheel->free = NONE;
    for (guint i = 0; i < LISTS; i++)
        wheel->lists[i] = (List){ NONE, NONE };
    return wheel;
}

void
cfx_wheel_free(CfxWheel *wheel)
{
    if (wheel == NULL)
        return;
    g_array_unref(wheel->timers);
    g_free(wheel);
}

gsize
cfx_wheel_count(const CfxWheel *wheel)
{
    return wheel->count;
}

/* behind `after`; NONE: at the head */
static void
list_insert(CfxWheel *wheel, guint list, guint32 index, guint32 after)
{
    List *l = &wheel->lists[list];
    Timer *timer = timer_at(wheel, index);
    guint32 next = after == NONE ? l->head : timer_at(wheel, after)->next;
    timer->list = (guint16)list;
    timer->previous = after;
    timer->next = next;
    if (after == NONE)
        l->head = index;
    else
        timer_at(wheel, after)->next = index;
    if (next == NONE)
        l->tail = index;
    else
        timer_at(wheel, next)->previous = index;
    if (list < DUE_SLOT)
        wheel->filled[list / SLOTS] |= (guint64)1 << (list % SLOTS);
}

static void
list_remove(CfxWheel *wheel, guint32 index)
{
    Timer *timer = timer_at(wheel, index);
    guint list = timer->list;
    List *l = &wheel->lists[list];
    if (timer->previous == NONE)
        l->head = timer->next;
    else
        timer_at(wheel, timer->previous)->next = timer->next;
    if (timer->next == NONE)
        l->tail = timer->previous;
    else
        timer_at(wheel, timer->next)->previous = timer->previous;
    if (l->head == NONE && list < DUE_SLOT)
        wheel->filled[list / SLOTS] &= ~((guint64)1 << (list % SLOTS));
}

/* Puts a timer where its tick first differs from now, the coarsest digit counting. */
static void
place(CfxWheel *wheel, guint32 index)
{
    guint64 tick = MAX(tick_of(timer_at(wheel, index)->at_us), wheel->now);
    guint64 differs = tick ^ wheel->now;
    guint level = differs == 0 ? 0 : (guint)(63 - __builtin_clzll(differs)) / LEVEL_BITS;
    guint slot = (guint)(tick >> (level * LEVEL_BITS)) % SLOTS;
    guint list = level * SLOTS + slot;
    list_insert(wheel, list, index, wheel->lists[list].tail);
}

guint64
cfx_wheel_start(CfxWheel *wheel, gint64 at_us, CfxFunc func, gpointer data, gpointer owner)
{
    guint32 index = wheel->free;
    if (index != NONE) {
        wheel->free = timer_at(wheel, index)->next;
    } else {
        index = wheel->timers->len;
        g_array_set_size(wheel->timers, index + 1);
        timer_at(wheel, index)->generation = 1;
    }
    Timer *timer = timer_at(wheel, index);
    timer->at_us = at_us;
    timer->func = func;
    timer->data = data;
    timer->owner = owner;
    place(wheel, index);
    wheel->count++;
    return (guint64)timer->generation << 32 | index;
}

static void
release(CfxWheel *wheel, guint32 index)
{
    list_remove(wheel, index);
    Timer *timer = timer_at(wheel, index);
    timer->list = LISTS;
    /* 31 bits, never 0: the top bit of a handle is the loop's */
    timer->generation = timer->generation == G_MAXINT32 ? 1 : timer->generation + 1;
    timer->next = wheel->free;
    wheel->free = index;
    wheel->count--;
}

gboolean
cfx_wheel_stop(CfxWheel *wheel, guint64 handle)
{
    guint32 index = (guint32)handle;
    if (index >= wheel->timers->len)
        return FALSE;
    Timer *timer = timer_at(wheel, index);
    if (timer->list == LISTS || timer->generation != handle >> 32)
        return FALSE;
    release(wheel, index);
    return TRUE;
}

void
cfx_wheel_stop_all(CfxWheel *wheel, gpointer owner)
{
    for (guint32 i = 0; i < wheel->timers->len; i++) {
        Timer *timer = timer_at(wheel, i);
        if (timer->list != LISTS && timer->owner == owner)
            release(wheel, i);
    }
}

/* The slot to look at next: level and first tick. FALSE: the wheel is empty. Slots of a finer level
 * always come before those of a coarser one, and none lies behind `now`. */
static gboolean
next_slot(const CfxWheel *wheel, guint *ret_level, guint64 *ret_tick)
{
    for (guint level = 0; level < LEVELS; level++) {
        if (wheel->filled[level] == 0)
            continue;
        guint slot = (guint)__builtin_ctzll(wheel->filled[level]);
        guint shift = level * LEVEL_BITS;
        guint64 block = wheel->now >> shift >> LEVEL_BITS << LEVEL_BITS;
        *ret_level = level;
        *ret_tick = (block | slot) << shift;
        return TRUE;
    }
    return FALSE;
}

gint64
cfx_wheel_next(const CfxWheel *wheel)
{
    guint level;
    guint64 tick;
    if (wheel->lists[DUE_SLOT].head != NONE)
        return CFX_TIME_MIN;
    if (!next_slot(wheel, &level, &tick))
        return CFX_TIME_MAX;
    if (level > 0)
        return (gint64)(tick << TICK_BITS);
    gint64 earliest = CFX_TIME_MAX;
    for (guint32 i = wheel->lists[tick % SLOTS].head; i != NONE; i = timer_at(wheel, i)->next)
        earliest = MIN(earliest, timer_at(wheel, i)->at_us);
    return earliest;
}

/* Moves what is due from a slot of the finest level into the due list, in order. FALSE: something
 * of it is not due yet. */
static gboolean
collect_slot(CfxWheel *wheel, guint slot, gint64 now_us)
{
    guint32 next;
    gboolean is_empty = TRUE;
    for (guint32 i = wheel->lists[slot].head; i != NONE; i = next) {
        Timer *timer = timer_at(wheel, i);
        next = timer->next;
        if (timer->at_us > now_us) {
            is_empty = FALSE;
            continue;
        }
        list_remove(wheel, i);
        guint32 after = wheel->lists[DUE_SLOT].tail;
        while (after != NONE && timer_at(wheel, after)->at_us > timer->at_us)
            after = timer_at(wheel, after)->previous;
        list_insert(wheel, DUE_SLOT, i, after);
    }
    return is_empty;
}

/* Spreads a slot of a coarser level over finer ones. */
static void
cascade(CfxWheel *wheel, guint level, guint64 tick)
{
    guint list = level * SLOTS + (guint)(tick >> (level * LEVEL_BITS)) % SLOTS;
    guint32 next;
    guint32 i = wheel->lists[list].head;
    wheel->lists[list] = (List){ NONE, NONE };
    wheel->filled[level] &= ~((guint64)1 << (list % SLOTS));
    for (; i != NONE; i = next) {
        next = timer_at(wheel, i)->next;
        place(wheel, i);
    }
}

gboolean
cfx_wheel_collect(CfxWheel *wheel, gint64 now_us)
{
    guint64 target = MAX(tick_of(now_us), wheel->now);
    guint level;
    guint64 tick;
    while (next_slot(wheel, &level, &tick) && tick <= target) {
        wheel->now = MAX(wheel->now, tick);
        if (level > 0)
            cascade(wheel, level, tick);
        else if (!collect_slot(wheel, (guint)(tick % SLOTS), now_us))
            break; /* the present slot: the rest of it is due within the tick */
    }
    if (wheel->count == 0 || !next_slot(wheel, &level, &tick) || tick > target)
        wheel->now = target;
    return wheel->lists[DUE_SLOT].head != NONE;
}

gboolean
cfx_wheel_pop(CfxWheel *wheel, CfxFunc *ret_func, gpointer *ret_data, gpointer *ret_owner)
{
    guint32 index = wheel->lists[DUE_SLOT].head;
    if (index == NONE)
        return FALSE;
    const Timer *timer = timer_at(wheel, index);
    *ret_func = timer->func;
    *ret_data = timer->data;
    *ret_owner = timer->owner;
    release(wheel, index);
    return TRUE;
}
