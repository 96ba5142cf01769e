/* What the self-test tries of an op: one row for each kind of layer, and for each other op, in the file of
 * its case. Local.
 *
 * OP_CHECK(PNAS_LAYER_...) = {...}; defines a row. The self-test goes through the list of kinds, so a kind
 * without a row does not link. */
#ifndef PNAS_CL_CHECK_OP_CHECK_H
#define PNAS_CL_CHECK_OP_CHECK_H

#include "cl/ops/check/op_harness.h"
#include "cl/runtime/op_kind.h"
#include "src/net/layer_kind.h"

typedef struct {
    const char *name; /* NULL: the row before it tries this, too */
    pnas_op_kind op;  /* whose routes are tried */
    /* Tries one random shape; `round` counts from 0. */
    void (*run)(op_harness *h, int round);
    int rounds;
} op_check;

/* The ops of a child that are no layer. */
#define OP_CHECKS_WITHOUT_LAYER(ROW) ROW(norm) ROW(classifier) ROW(images) ROW(augment) ROW(loss) ROW(update)

#define OP_CHECK(of)                 const op_check op_check_##of
#define DECLARE_OP_CHECK(of, ...)    extern OP_CHECK(of);
PNAS_LAYER_KINDS(DECLARE_OP_CHECK)
OP_CHECKS_WITHOUT_LAYER(DECLARE_OP_CHECK)
#undef DECLARE_OP_CHECK

#endif
