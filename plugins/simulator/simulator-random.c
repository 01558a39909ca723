/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simulator-random.h"

/* splitmix64 and xoshiro256** (Blackman and Vigna, public domain algorithms) */
static guint64
mix(guint64 *state)
{
    guint64 z = (*state += G_GUINT64_CONSTANT(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static guint64
hash_text(guint64 seed, const char *text)
{
    guint64 hash = seed ^ G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        hash = (hash ^ (guint8)*text) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

static guint64
rotate(guint64 x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void
sim_random_init(SimRandom *self, guint64 seed, const char *stream)
{
    guint64 state = hash_text(seed, stream);
    for (int i = 0; i < 4; i++)
        self->state[i] = mix(&state);
}

static guint64
next(SimRandom *self)
{
    guint64 *s = self->state;
    guint64 result = rotate(s[1] * 5, 7) * 9;
    guint64 t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

static double
to_unit(guint64 x)
{
    return (double)(x >> 11) * 0x1.0p-53;
}

double
sim_random_unit(SimRandom *self)
{
    return to_unit(next(self));
}

double
sim_random_between(SimRandom *self, double low, double high)
{
    return low + (high - low) * sim_random_unit(self);
}

guint
sim_random_below(SimRandom *self, guint n)
{
    return (guint)(sim_random_unit(self) * n);
}

static double
lattice(guint64 base, gint64 index)
{
    guint64 state = base ^ (guint64)index * G_GUINT64_CONSTANT(0xd1342543de82ef95);
    mix(&state);
    return 2 * to_unit(mix(&state)) - 1;
}

double
sim_noise(guint64 seed, const char *stream, gint64 at_us, gint64 period_us)
{
    guint64 base = hash_text(seed, stream);
    gint64 index = at_us / period_us;
    if (at_us % period_us < 0)
        index--;
    double x = (double)(at_us - index * period_us) / (double)period_us;
    double blend = x * x * (3 - 2 * x);
    return lattice(base, index) * (1 - blend) + lattice(base, index + 1) * blend;
}
