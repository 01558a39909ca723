/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loops that the compiler turns into vector code, for the machine it finds itself on. The same
 * operations in the same order: results do not depend on which clone runs (no fused multiply-add).
 */
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FLOW_VECTOR __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define FLOW_VECTOR
#endif

/* Before a loop whose steps do not depend on each other, whatever the compiler sees of pointers. */
#if defined(__GNUC__) && !defined(__clang__)
#define FLOW_INDEPENDENT _Pragma("GCC ivdep")
#else
#define FLOW_INDEPENDENT
#endif
