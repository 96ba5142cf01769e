/* How well the four models rank the next level of a made-up table of 2,086 cells of one to four blocks, over
 * ten seeds and from 36 cells a level: beside the same models in float64 by PyTorch, and an ensemble beside
 * one of its members. docs/surrogate.md has the commands of the figures. */
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/run/evaluate_table.h"
#include "tests/cl/test_device.h"
#include "tests/search/synthetic_cells.h"

enum { LEVELS = 3, SEEDS = 10, CELLS = 36, EACH = 650, TABLE = 1 };

#define NOISE 0.01

typedef struct {
    pnas_cl *cl;
    pnas_surrogate_options options;
    pnas_space space;
} maker;

static pnas_status open_surrogate(void *payload, uint64_t seed, pnas_surrogate *out)
{
    maker *m = payload;
    pnas_ensemble *ensemble = NULL;
    m->options.seed = seed;
    PNAS_TRY(pnas_ensemble_create(m->cl, &m->options, &m->space, &ensemble));
    *out = (pnas_surrogate){pnas_ensemble_fit, pnas_ensemble_predict, ensemble};
    return PNAS_OK;
}

static void close_surrogate(void *payload, pnas_surrogate *surrogate)
{
    (void)payload;
    pnas_ensemble *ensemble = surrogate->payload;
    pnas_ensemble_destroy(&ensemble);
    surrogate->payload = NULL;
}

/* The defaults of the configuration, and of docs/surrogate.md for the MLP. */
static pnas_surrogate_options default_options(pnas_surrogate_model model, int members, double fit_share)
{
    return (pnas_surrogate_options){.model = model,
                                    .members = members,
                                    .fit_share = fit_share,
                                    .linear = 0.5,
                                    .augment_swap = true,
                                    .embedding = 100,
                                    .hidden = 100,
                                    .loss = PNAS_LOSS_RANKING,
                                    .weight_decay = model == PNAS_MODEL_LSTM ? 0.03 : 0.001,
                                    .epochs = 50,
                                    .batch = 32,
                                    .rate_first = 0.01,
                                    .rate_later = 0.002,
                                    .last_bias = 1.8};
}

/* Spearman on the next level, mean over seeds, for each level fit on. */
static void judge(pnas_surrogate_options options, double out[LEVELS])
{
    maker m = {.cl = test_device_open(0), .options = options, .space = synthetic_space(LEVELS + 1)};
    pnas_cell_table *table = NULL;
    pnas_evaluation evaluation[PNAS_BLOCKS_MAX];
    int levels = 0;
    cr_assert_eq(synthetic_table(&m.space, EACH, TABLE, NOISE, &table), PNAS_OK);
    const pnas_evaluate_options evaluate = {.table = table,
                                            .operators = &m.space.operators,
                                            .trials = SEEDS,
                                            .cells = CELLS,
                                            .seed = 1,
                                            .maker = {open_surrogate, close_surrogate, &m}};
    cr_assert_eq(pnas_evaluate_table(&evaluate, evaluation, &levels), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(levels, LEVELS);
    for (int i = 0; i < LEVELS; ++i) {
        cr_assert_eq(evaluation[i].trials, SEEDS);
        out[i] = evaluation[i].next_mean;
    }
    pnas_cell_table_destroy(&table);
    test_device_close(&m.cl);
}

static void expect_near(const double *got, const double *reference, const char *what)
{
    for (int i = 0; i < LEVELS; ++i)
        cr_expect_float_eq(got[i], reference[i], 0.05, "%s, level %d: %.3f, PyTorch reaches %.3f", what,
                           i + 1, got[i], reference[i]);
}

static double mean_of(const double *value)
{
    return (value[0] + value[1] + value[2]) / LEVELS;
}

/* `plain`: the better of ridge regression and a random forest on counts, by bench/peers/table_baselines.py. */
static void check_model(pnas_surrogate_model model, const double *single_reference, const double *reference,
                        const double *plain)
{
    double all[LEVELS], single[LEVELS], member[LEVELS];
    judge(default_options(model, 1, 1), single);
    expect_near(single, single_reference, "a single one");
    judge(default_options(model, 5, 0.8), all);
    expect_near(all, reference, "an ensemble");
    judge(default_options(model, 1, 0.8), member);
    cr_expect_gt(mean_of(all), mean_of(member), "%.4f, one of its members %.4f", mean_of(all),
                 mean_of(member));
    for (int i = 0; i < LEVELS; ++i)
        cr_expect_geq(all[i], plain[i], "level %d: %.3f, plain regression %.3f", i + 1, all[i], plain[i]);
}

/* bench/peers/surrogate_reference.py and bench/peers/table_baselines.py on this table. */
static const double plain[LEVELS] = {0.794, 0.833, 0.804};

Test(surrogate_quality, mlps_rank_as_well_as_pytorchs_and_better_together)
{
    const double single[LEVELS] = {0.863, 0.889, 0.870}, five[LEVELS] = {0.852, 0.889, 0.871};
    check_model(PNAS_MODEL_MLP, single, five, plain);
}

Test(surrogate_quality, lstms_rank_as_well_as_pytorchs_and_better_together)
{
    const double single[LEVELS] = {0.834, 0.865, 0.865}, five[LEVELS] = {0.846, 0.869, 0.869};
    check_model(PNAS_MODEL_LSTM, single, five, plain);
}
