/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same problem put to a library of linear and integer programming (GLPK). */
#pragma once

#include <cariflex/cfx-scheduler.h>

enum {
    ORACLE_MONEY = 0,
    ORACLE_BREACH = 1, /* of limits of a tier */
    ORACLE_LACK = 2    /* of targets of a tier */
};

/*
 * What is least of one kind. Breach and lack are held at most at the given values; NULL: limits are
 * hard but for the tier minimised and weaker ones; targets do not count.
 */
typedef struct {
    guint what, tier;
    gboolean is_discrete;        /* least rates and signs by binaries */
    const double *breach_kw;     /* L × J: each may be exceeded by so much; nullable: freely */
    const double *shortfall_kwh; /* n_targets: each may lack so much; nullable: freely */
    double gap;                  /* relative, of the integer programme */
    guint seconds;
} OracleQuestion;

/* FALSE: impossible. *value is the optimum, or a lower bound when time ran out (*is_exact FALSE).
 */
gboolean schedule_oracle_ask(const CfxProblem *problem,
                             const OracleQuestion *question,
                             double *value,
                             gboolean *is_exact);
