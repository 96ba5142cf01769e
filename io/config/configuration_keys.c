#include "io/config/configuration_keys.h"

#include "src/net/augmentation.h"
#include "src/net/network_size.h"
#include "src/search/strategy.h"

#include <stdio.h>
#include <string.h>

/* ---- how a row is written ---- */

/* The type follows from the field, so that the two cannot disagree. An enumeration is an unsigned to C. */
#define TYPE_OF(field)                                                                                       \
    _Generic((field),                                                                                        \
             char *: PNAS_KEY_TEXT,                                                                          \
             int: PNAS_KEY_INTEGER,                                                                          \
             int64_t: PNAS_KEY_INTEGER,                                                                      \
             uint64_t: PNAS_KEY_UNSIGNED,                                                                    \
             double: PNAS_KEY_REAL,                                                                          \
             bool: PNAS_KEY_TRUTH,                                                                           \
             unsigned: PNAS_KEY_WORD,                                                                        \
             pnas_operator_set: PNAS_KEY_OPERATORS)
#define FIELD(type, member)          (((type *)0)->member)
#define PLACE(type, member)          .offset = offsetof(type, member), .size = sizeof(FIELD(type, member))
#define KEY(path_, member)           KEY_AS(TYPE_OF(FIELD(pnas_configuration, member)), path_, member)
#define KEY_AS(type_, path_, member) .path = (path_), .type = (type_), PLACE(pnas_configuration, member)
#define OPERATOR_KEY(name, member)                                                                           \
    .path = "space.operators." name, .type = TYPE_OF(FIELD(pnas_operator, member)),                          \
    PLACE(pnas_operator, member)

#define FROM_TO(low_, high_) .low = (low_), .high = (high_)
#define ABOVE(low_, high_)   .low = (low_), .high = (high_), .ends = PNAS_KEY_ABOVE_LOW
#define BELOW(low_, high_)   .low = (low_), .high = (high_), .ends = PNAS_KEY_BELOW_HIGH
#define NOT_EMPTY            .low = 1
#define WORDS(list)          .words = (list), .word_count = sizeof(list) / sizeof((list)[0])
#define FIXED                .resume = PNAS_RESUME_FIXED
#define MAY_GROW             .resume = PNAS_RESUME_MAY_GROW
#define FREE                 .resume = PNAS_RESUME_FREE

/* ---- words ---- */

static const pnas_key_word optimizers[] = {
    {"sgd", PNAS_OPTIMIZER_SGD}, {"adam", PNAS_OPTIMIZER_ADAM}, {"rmsprop", PNAS_OPTIMIZER_RMSPROP}};
static const pnas_key_word schedules[] = {
    {"cosine", PNAS_SCHEDULE_COSINE}, {"step", PNAS_SCHEDULE_STEP}, {"constant", PNAS_SCHEDULE_CONSTANT}};
static const pnas_key_word rewards[] = {{"best", PNAS_REWARD_BEST}, {"last", PNAS_REWARD_LAST}};
static const pnas_key_word storages[] = {{"float", PNAS_STORAGE_FLOAT}, {"half", PNAS_STORAGE_HALF}};
#define NETWORK_WORD(constant, word) {word, constant},
static const pnas_key_word concatenations[] = {PNAS_CONCATENATIONS(NETWORK_WORD)};
static const pnas_key_word stems[] = {PNAS_STEMS(NETWORK_WORD)};
static const pnas_key_word kinds[] = {
#define AS_WORD(kind, name, ...) {name, kind},
    PNAS_OPERATOR_KINDS(AS_WORD)
#undef AS_WORD
};
static const pnas_key_word evaluators[] = {{"train", PNAS_EVALUATOR_TRAIN}, {"table", PNAS_EVALUATOR_TABLE}};
#define STRATEGY_WORD(name) {#name, PNAS_STRATEGY_NUMBER_##name},
static const pnas_key_word strategies[] = {PNAS_STRATEGIES(STRATEGY_WORD)};
static const pnas_key_word candidates[] = {{"table", PNAS_CANDIDATES_TABLE},
                                           {"extensions", PNAS_CANDIDATES_EXTENSIONS},
                                           {"space", PNAS_CANDIDATES_SPACE}};
static const pnas_key_word acquisitions[] = {{"mean", PNAS_ACQUISITION_MEAN},
                                             {"ucb", PNAS_ACQUISITION_UCB},
                                             {"ei", PNAS_ACQUISITION_EI},
                                             {"thompson", PNAS_ACQUISITION_THOMPSON}};
static const pnas_key_word models[] = {
    {"lstm", PNAS_MODEL_LSTM}, {"mlp", PNAS_MODEL_MLP}, {"mlp1", PNAS_MODEL_MLP1}};
static const pnas_key_word losses[] = {
    {"l1", PNAS_LOSS_L1}, {"squared", PNAS_LOSS_SQUARED}, {"ranking", PNAS_LOSS_RANKING}};
static const pnas_key_word fit_optimizers[] = {{"adam", PNAS_SURROGATE_ADAM}, {"sgd", PNAS_SURROGATE_SGD}};
static const pnas_key_word refits[] = {{"scratch", PNAS_REFIT_SCRATCH}, {"finetune", PNAS_REFIT_FINETUNE}};
static const pnas_key_word biases[] = {{"given", PNAS_BIAS_GIVEN}, {"mean", PNAS_BIAS_MEAN}};
static const pnas_key_word unlimited[] = {{"none", -1}};

/* ---- the table ---- */

const pnas_key pnas_configuration_keys[] = {
    {KEY("title", title), .initial = "Progressive architecture search", FREE,
     .help = "A name for people. It stands in the run file."},
    {KEY("seed", seed), .initial = "1", FIXED,
     .help = "Everything random is drawn from it: the validation split, initial weights, shuffles, "
             "augmentation, the surrogate. The same seed on the same kind of device gives the same "
             "search."},
    {KEY("device", device), .initial = "auto", NOT_EMPTY,
     .allowed = "auto, cpu, gpu, an index, part of a device's name, or several of these with commas between",
     FREE, .help = "The OpenCL devices to train on. The ranks of one machine take them in turn."},
    {KEY_AS(PNAS_KEY_AUTO, "lanes", lanes), .initial = "auto", FROM_TO(1, PNAS_LANES_MAX), FREE,
     .help = "How many children, or groups of them, a rank trains at once on its device, each in a queue of "
             "its own. Any "
             "number gives the same figures. auto: 1 on a CPU and with groups, else several on a large GPU."},
    {KEY_AS(PNAS_KEY_AUTO, "group", group), .initial = "auto", FROM_TO(1, PNAS_GROUP_MAX), FREE,
     .help =
         "How many children of each lane take their steps together, in one set of launches. Any number gives "
         "the same figures. auto: 1 on a CPU; on a GPU 8, or as many as its memory holds."},
    {KEY_AS(PNAS_KEY_AUTO, "threads", threads), .initial = "auto", FROM_TO(1, PNAS_THREADS_MAX), FREE,
     .help = "How many CPU cores a rank uses on a CPU device. Any number gives the same figures. "
             "auto: the ranks of a machine divide the cores that the job has."},
    {KEY("ranks_per_device", ranks_per_device), .initial = "1", FROM_TO(1, PNAS_RANKS_PER_DEVICE_MAX), FREE,
     .help = "How many ranks may share a GPU. A rank too many is told so and does not train. A CPU "
             "takes any number."},
    {KEY("keep_weights", keep_weights), .initial = "0", FROM_TO(0, 10000), FREE,
     .help = "The weights of this many best children are written beside the run file."},
    {KEY("checkpoint_seconds", checkpoint_seconds), .initial = "30", FROM_TO(0, 86400), FREE,
     .help = "A child's state is written to RUN.h5.children each time it has trained for this many "
             "seconds, so that a kill loses no more. 0: only when the run is stopped."},
    {KEY("evaluator", evaluator), .initial = "train", WORDS(evaluators), FIXED,
     .help = "Where a child's accuracy comes from. train: the child is trained. table: it is looked "
             "up among cells that were trained already."},
    {KEY("table", table), .initial = "", .allowed = "a path or nothing", FREE,
     .help = "With evaluator: table, the path of a finished RUN.h5, of a table made by pnas_table, "
             "or of a CSV file."},
    {KEY("table_pace", table_pace), .initial = "0", FROM_TO(0, 1000), FREE,
     .help = "With evaluator: table, a child sleeps for this share of the training time that the "
             "table has for it. 1 rehearses a search as slow as it was. 0 does not wait."},
    {KEY("warm_start", warm_start), .initial = "", .allowed = "a path or nothing", FIXED,
     .help = "The path of a run file whose surrogate this search begins with, from the folder in "
             "which pnas_mpi is called."},

    {KEY("dataset.file", dataset), .initial = "digits", NOT_EMPTY,
     .allowed = "digits or the path of a data set", FREE,
     .help = "digits is the set that comes with the program. pnas_data import makes others. A run "
             "that goes on checks that the data are the same."},
    {KEY_AS(PNAS_KEY_SHARE, "dataset.validation", validation), .initial = "0.1", FROM_TO(0, 1e9), FIXED,
     .help = "This much of the training part is held out, the same share of each class. It gives the "
             "reward and is never trained on. The paper: 5,000 of CIFAR-10's 50,000. A data set that has "
             "validation images of its own gives those instead. 0, in pnas_train only: nothing is held out."},
    {KEY("dataset.training_images", training_images), .initial = "0", FROM_TO(0, 1e9), FIXED,
     .help = "Children train on this many of the rest, the same ones for every child. 0: on all."},
    {KEY("dataset.shuffle_window", shuffle_window), .initial = "0", FROM_TO(0, 1e9), FIXED,
     .help = "How far an epoch's shuffle moves images: runs of a sixteenth of so many are shuffled, then the "
             "images within each so many. 0: all at once. A set that is streamed needs a window."},
    {KEY_AS(PNAS_KEY_COUNT, "dataset.buffer", image_buffer), .initial = "0", FROM_TO(0, 1e15), FREE,
     .help = "Bytes of memory that images may take: 8G (8 * 10^9), 500M. A larger set is streamed from its "
             "file through a buffer of at most this size, one for each child that trains at once. Any size "
             "gives the same "
             "figures. 0: half of the memory."},

    {KEY("space.blocks", search.space.blocks), .initial = "5", FROM_TO(1, PNAS_BLOCKS_MAX), MAY_GROW,
     .help = "B. The search ends after cells of this many blocks."},
    {KEY("space.lookback", search.space.lookback), .initial = "-2", FROM_TO(-2, -1), FIXED,
     .help = "Which cells a block may read. -1: only the previous one. -2: the previous two."},
    {KEY("space.lookforward", search.space.lookforward), .initial = "none", FROM_TO(0, PNAS_BLOCKS_MAX),
     WORDS(unlimited), FIXED,
     .help = "How many blocks of the same cell later blocks may read: the first so many. none: all."},
    {KEY("space.operators", search.space.operators), .initial_note = "the paper's eight", FIXED,
     .help = "What a block may apply."},

    {KEY_AS(PNAS_KEY_WORD, "search.strategy", search.strategy), .initial = "pnas", WORDS(strategies), FIXED,
     .help = "How children are chosen."},
    {KEY("search.beam", search.beam), .initial = "256", FROM_TO(1, 100000), MAY_GROW,
     .unless = "search.children", .say = "how many children are trained",
     .help = "K. How many children are trained at each level after the first: the best by the "
             "surrogate's prediction."},
    {KEY("search.children", search.children), .initial = "0", FROM_TO(0, 100000000), MAY_GROW,
     .help = "Instead of search.beam: how many children are trained in all. pnas: each level gets an equal "
             "share of those that are left for it and the later ones. 0: search.beam says how many."},
    {KEY("search.first", search.first), .initial = "0", FROM_TO(0, 1000000), FIXED,
     .help =
         "How many one-block cells are trained. 0: all, as in the paper (136 with its operators), or with "
         "search.children their share of these. guided: how many cells of space.blocks blocks it begins "
         "with. 0: as many as there are operators, and at least 4; with search.overlap at least 4 and the "
         "children of search.lag rounds."},
    {KEY("search.acquisition", search.acquisition), .initial = "mean", WORDS(acquisitions), FIXED,
     .help = "pnas, guided: what makes a candidate the best. mean: the prediction (the paper). ucb: the "
             "prediction plus kappa times its spread. ei: the expected improvement on the best "
             "accuracy so far. thompson: a number drawn around the prediction by its spread."},
    {KEY("search.kappa", search.kappa), .initial = "1", FROM_TO(0, 1000), FIXED,
     .help = "ucb: how much the spread counts."},
    {KEY("search.diversity", search.diversity), .initial = "0", FROM_TO(0, 1), FIXED,
     .help = "pnas, guided: this share of the K, or of a round, goes to those of the other candidates about "
             "which the surrogate's members disagree most."},
    {KEY("search.failed_reward", search.failed_reward), .initial = "0", FROM_TO(0, 1), FIXED,
     .help = "The accuracy that the surrogate is told for a failed child. 0: it is told nothing, as "
             "if the child had not been tried."},
    {KEY("search.overlap", search.overlap), .initial = "false", FIXED,
     .help =
         "pnas: at the end of a level, ranks without work may begin children of the next one. guided: no "
         "rank waits for a round; each is chosen without the results of the search.lag rounds before it."},
    {KEY("search.overlap_share", search.overlap_share), .initial = "0.25", FROM_TO(0, 1), FIXED,
     .help = "pnas with overlap: at most this share of the next level's K is begun early."},
    {KEY("search.lag", search.lag), .initial = "3", FROM_TO(1, 100000), FIXED,
     .help = "guided with overlap: how many rounds before it a round does not wait for. Take as many as make "
             "search.round * (search.lag + 1) at least four times the children that are trained at once, and "
             "more where these differ much in duration."},
    {KEY("search.rungs", rungs), .initial = "", .allowed = "epochs with commas between, or nothing", FIXED,
     .help =
         "Stops children early. 2, 5: of the children of a level, or of a round, only the best by validation "
         "accuracy go on after epoch 2, and of these again after epoch 5. Nothing: all are trained to their "
         "end."},
    {KEY("search.rung_share", search.rung_share), .initial = "0.5", ABOVE(0, 1), FIXED,
     .help = "rungs: this share of the children at a rung goes on, rounded up."},
    {KEY("search.population", search.population), .initial = "100", FROM_TO(1, 100000), FIXED,
     .help = "evolution: how many of the last children may be parents. The first so many are random."},
    {KEY("search.sample", search.sample), .initial = "25", FROM_TO(1, 100000), FIXED,
     .help = "evolution: the parent is the best of this many drawn from the population."},
    {KEY("search.round", search.round), .initial_note = "10; guided: 2", FROM_TO(1, 100000), FIXED,
     .help = "evolution, guided: how many children are chosen by what is done and trained side by side. Take "
             "at least as many as there are ranks."},
    {KEY("search.candidates", candidates), .initial = "table", WORDS(candidates), FIXED,
     .help = "With evaluator: table, which cells the search may choose."},

    {KEY("network.filters", network.filters), .initial = "24", FROM_TO(1, PNAS_FILTERS_MAX),
     .unless = "network.parameters", .say = "how large the network is", FIXED,
     .help = "F. Filters of the first stage. They double at each of the two reductions."},
    {KEY_AS(PNAS_KEY_COUNT, "network.parameters", parameters), .initial = "0", FROM_TO(0, 1e12), FIXED,
     .help = "In pnas_train only, instead of network.filters: as many filters are taken as bring the network "
             "nearest to this many parameters, for its repeats. 3.2M is the paper's size. 0: network.filters "
             "says how many."},
    {KEY("network.repeats", network.repeats), .initial = "2", FROM_TO(1, 64), FIXED,
     .help = "N. The network has 3N cells. Those with the numbers N and 2N (from 0) have stride 2."},
    {KEY("network.stem", network.stem), .initial = "cifar", WORDS(stems), FIXED,
     .help = "What the first cell reads. cifar: a 3x3 convolution of the images. imagenet, for images from "
             "about 64 pixels a side: one of stride 2, then two more cells of stride 2 with F/4 and F/2 "
             "filters."},
    {KEY("network.stem_multiplier", network.stem_multiplier), .initial = "3", FROM_TO(1, 64), FIXED,
     .help = "The first convolution has F times this many filters; with network.stem: imagenet, 32 times."},
    {KEY("network.concatenation", network.concatenation), .initial = "all", WORDS(concatenations), FIXED,
     .help = "What a cell's output holds. all: every block's output. unused: only those that no "
             "other block reads. unused_inputs: these, and the input H(c-2) where no block reads it."},
    {KEY("network.auxiliary", network.auxiliary), .initial = "0", FROM_TO(0, 10), FIXED,
     .help = "Weight of the loss of an auxiliary classifier at two thirds of the depth, which only training "
             "has: it counts for no parameters and no accuracy. The paper's final training: 0.4. 0: none."},

    {KEY("training.epochs", training.epochs), .initial = "20", FROM_TO(1, 100000), MAY_GROW,
     .help = "Passes over the training images."},
    {KEY("training.batch", training.batch), .initial = "32", FROM_TO(1, 65536), FIXED,
     .help = "Images a step."},
    {KEY("training.optimizer", training.optimizer), .initial = "sgd", WORDS(optimizers), FIXED,
     .help = "What turns gradients into steps."},
    {KEY("training.momentum", training.momentum), .initial = "0.9", BELOW(0, 1), FIXED,
     .help = "SGD, RMSProp."},
    {KEY("training.nesterov", training.nesterov), .initial = "false", FIXED,
     .help = "SGD: Nesterov's momentum."},
    {KEY("training.beta1", training.beta1), .initial = "0.9", BELOW(0, 1), FIXED,
     .help = "Adam: decay of the first moment."},
    {KEY("training.beta2", training.beta2), .initial = "0.999", BELOW(0, 1), FIXED,
     .help = "Adam: decay of the second moment. RMSProp: its decay."},
    {KEY("training.epsilon", training.epsilon), .initial = "1e-08", ABOVE(0, 1), FIXED,
     .help = "Adam, RMSProp: added to the root."},
    {KEY("training.weight_decay", training.weight_decay), .initial = "0.0005", FROM_TO(0, 1), FIXED,
     .help = "Added to the gradient of weights, not of biases and normalisation."},
    {KEY("training.clip_norm", training.clip_norm), .initial = "5", FROM_TO(0, 1e9), FIXED,
     .help = "A longer gradient is scaled down to this norm. 0: never."},
    {KEY("training.child_time_limit", training.child_seconds), .initial = "0", FROM_TO(0, 1e9), FREE,
     .help = "Seconds. A child that trains longer on a rank fails there; the time to build its "
             "kernels does not count. It is tried once more on another rank and then counts as "
             "failed. Which children fail depends on the machine's speed. 0: no limit."},
    {KEY("training.learning_rate", training.schedule.rate), .initial = "0.01", ABOVE(0, 1000), FIXED,
     .help = "The highest rate."},
    {KEY("training.final_learning_rate", training.schedule.final_rate), .initial = "0", FROM_TO(0, 1000),
     .at_most = "training.learning_rate", FIXED, .help = "cosine: the last step's rate."},
    {KEY("training.schedule", training.schedule.kind), .initial = "cosine", WORDS(schedules), FIXED,
     .help = "How the rate falls."},
    {KEY("training.warmup_epochs", training.schedule.warmup_epochs), .initial = "0", FROM_TO(0, 100000),
     .at_most = "training.epochs", FIXED,
     .help = "The rate rises linearly over these. Parts of an epoch count too."},
    {KEY("training.step_epochs", training.schedule.step_epochs), .initial = "10", ABOVE(0, 100000), FIXED,
     .help = "step: each time this many epochs have passed ..."},
    {KEY("training.step_factor", training.schedule.step_factor), .initial = "0.1", ABOVE(0, 1), FIXED,
     .help = "... the rate is multiplied by this."},
    {KEY("training.drop_path", training.drop_path), .initial = "1", ABOVE(0, 1), FIXED,
     .help = "Drop-path: how likely an operator's output is kept, by image, in the last cell and the last "
             "step; it falls linearly from 1 over cells and steps. Identity is never dropped. The paper's "
             "final training: 0.6. 1: nothing is dropped."},
    {KEY("training.label_smoothing", training.label_smoothing), .initial = "0", BELOW(0, 1), FIXED,
     .help = "This share of each label is spread evenly over all classes. The training loss is that of the "
             "smoothed labels; evaluations know only the labels themselves. 0: none."},
    {KEY("training.mixup", training.mixup), .initial = "0", FROM_TO(0, 100), FIXED,
     .help = "mixup: each image is shown as a mean of itself and another one of its batch, with a share "
             "drawn from Beta(alpha, alpha), and so are the labels. This is alpha. 0: none."},
    {KEY("training.cutmix", training.cutmix), .initial = "0", FROM_TO(0, 100), FIXED,
     .help = "cutmix: a rectangle of each image, its share drawn in the same way, shows another one of its "
             "batch. This is alpha. With mixup too, each image is drawn one of the two. 0: none."},
    {KEY("training.mix_until", training.mix_until), .initial = "0", FROM_TO(0, 100000), FIXED,
     .help = "mixup and cutmix end after this many epochs. 0: never."},
    {KEY("training.norm_momentum", training.norm_momentum), .initial = "0.9", BELOW(0, 1), FIXED,
     .help = "Batch normalisation: how much of the running statistics stays at each step."},
    {KEY("training.norm_epsilon", training.norm_epsilon), .initial = "1e-05", ABOVE(0, 1), FIXED,
     .help = "Batch normalisation: added to the variance."},
    {KEY("training.storage", training.storage), .initial = "float", WORDS(storages), FIXED,
     .help = "How a child's activations are kept between the forward and the backward pass. half "
             "takes two bytes a value instead of four and still computes with floats."},
    {KEY("training.reward", training.reward), .initial = "last", WORDS(rewards), FIXED,
     .help = "A child's accuracy: the best or the last epoch's on the validation images."},
    {KEY("training.augment.pad", training.pad), .initial = "4", FROM_TO(0, 1024), FIXED,
     .help = "Images are padded by this many pixels on each side and cropped at random. 0: not at "
             "all. With crop_area below 1 it has no effect."},
    {KEY("training.augment.flip", training.flip), .initial = "true", FIXED,
     .help = "Mirrors every other image, left to right. Not for digits or text."},
    {KEY("training.augment.cutout", training.cutout), .initial = "0", FROM_TO(0, 4096), FIXED,
     .help =
         "Side of a square that gets the mean colour of the data set at a random place, at most that of the "
         "images. 0: none."},
    {KEY("training.augment.crop_area", training.crop_area), .initial = "1", ABOVE(0, 1), FIXED,
     .help = "Random resized crop: a part of each image, from this share of its area on, is scaled to the "
             "whole size. Usual for large photographs: 0.08. 1: none."},
    {KEY("training.augment.crop_aspect", training.crop_aspect), .initial = "1.3333", FROM_TO(1, 10), FIXED,
     .help = "The largest width by height of such a part, and the largest height by width."},
    {KEY("training.augment.brightness", training.brightness), .initial = "0", FROM_TO(0, 10), FIXED,
     .help = "Strength s: each image's brightness is multiplied by a factor drawn from 1 - s to 1 + s. 0: "
             "none."},
    {KEY("training.augment.contrast", training.contrast), .initial = "0", FROM_TO(0, 10), FIXED,
     .help = "The same of the distance of each value from the mean grey of the image."},
    {KEY("training.augment.saturation", training.saturation), .initial = "0", FROM_TO(0, 10), FIXED,
     .help = "The same of the distance of each pixel from its grey. For images of three channels."},
    {KEY("training.augment.hue", training.hue), .initial = "0", FROM_TO(0, 0.5), FIXED,
     .help = "Colours are turned by up to this part of the circle, either way; 0.5 is all of it. For images "
             "of three channels. 0: none."},
    {KEY("training.augment.rand_ops", training.rand_ops), .initial = "0", FROM_TO(0, PNAS_RAND_OPS_MAX),
     FIXED, .help = "RandAugment: so many ops for each image, drawn from 13. 0: none."},
    {KEY("training.augment.rand_magnitude", training.rand_magnitude), .initial = "9",
     FROM_TO(0, PNAS_RAND_MAGNITUDE_MAX), FIXED,
     .help = "How strong these ops are. 30: as strong as can be."},
    {KEY("training.shards", training.shards), .initial = "4", FROM_TO(1, 4096), FIXED,
     .help = "pnas_train: a batch is cut into this many equal pieces, which ranks share. Each has batch "
             "statistics of its own. Any number of ranks up to it gives the same figures. A search does not "
             "cut batches."},
    {KEY("training.accumulate", training.accumulate), .initial = "1", FROM_TO(1, 4096), FIXED,
     .help = "pnas_train: the gradients of this many batches make one update. A search updates after each."},
    {KEY("training.average", training.average), .initial = "0", BELOW(0, 1), FIXED,
     .help = "pnas_train: decay of a moving average of the weights, which is evaluated and kept beside the "
             "weights. 0: none. A search makes none."},
    {KEY("training.divergence_factor", training.divergence_factor), .initial = "0", BELOW(0, 1), FIXED,
     .help = "pnas_train: where a loss is not finite, the training goes back to the beginning of that epoch, "
             "once, and all rates from there on are multiplied by this. 0: it ends. In a search such a child "
             "fails."},

    {KEY("surrogate.model", surrogate.model), .initial = "mlp1", WORDS(models), FIXED,
     .help =
         "What each member is. lstm: the paper's controller. mlp: the paper's MLP, of two layers. mlp1: of "
         "one layer, which ranks cells as well and scores a whole space in seconds."},
    {KEY("surrogate.members", surrogate.members), .initial = "5", FROM_TO(1, PNAS_MEMBERS_MAX), FIXED,
     .help = "Members of the ensemble. The paper's single model is 1 with fold: 1."},
    {KEY("surrogate.fold", surrogate.fit_share), .initial = "0.8", ABOVE(0, 1), FIXED,
     .help = "Each member is fit on this share of the children, another one each. 1: on all."},
    {KEY("surrogate.linear", surrogate.linear), .initial = "0.2", FROM_TO(0, 1), FIXED,
     .help = "This share of what each member adds to the logit comes from a linear part: ridge regression on "
             "counts of operators, inputs and their pairs. 0: none, as in the paper."},
    {KEY("surrogate.kernel", surrogate.kernel), .initial_note = "0.5; guided: 1", FROM_TO(0, 1), FIXED,
     .help = "This share of the logit comes from a kernel part: a Gaussian process, with a linear and a "
             "smooth covariance, on the shares of operators and inputs, fit to all children. 0: none, as in "
             "the paper. 1: all of it, so that members and epochs are 1 and say nothing; the default of "
             "guided, but with another acquisition than mean or with diversity, which need the spread of the "
             "members."},
    {KEY("surrogate.forest", surrogate.forest), .initial_note = "0; guided: 0.5", FROM_TO(0, 1), FIXED,
     .help = "This share of the kernel part's logit comes from a random forest of 100 trees on counts of "
             "operators and inputs, fit to all children. 0: none. 0.5 is the default of guided where "
             "surrogate.kernel is not given and 1 by default."},
    {KEY("surrogate.mirror", surrogate.augment_swap), .initial = "true", FIXED,
     .help = "Fits on each cell a second time with the two sides of its blocks exchanged, which is "
             "the same network."},
    {KEY("surrogate.embedding", surrogate.embedding), .initial = "100", FROM_TO(1, 4096), FIXED,
     .help = "How many numbers stand for an input or an operator."},
    {KEY("surrogate.hidden", surrogate.hidden), .initial = "100", FROM_TO(1, 4096), FIXED,
     .help = "Units of the LSTM, or of each of the MLP's layers."},
    {KEY("surrogate.loss", surrogate.loss), .initial = "ranking", WORDS(losses), FIXED,
     .help = "l1: the mean of the absolute error (the paper's). squared: of its square. ranking: of "
             "a logistic loss over pairs of cells of one length; the last layer is scaled "
             "afterwards, so that predictions are accuracies again."},
    {KEY("surrogate.optimizer", surrogate.optimizer), .initial = "adam", WORDS(fit_optimizers), FIXED,
     .help = "What turns the fit's gradients into steps."},
    {KEY("surrogate.momentum", surrogate.momentum), .initial = "0.9", BELOW(0, 1), FIXED, .help = "SGD."},
    {KEY("surrogate.weight_decay", surrogate.weight_decay), .initial_note = "0.001; lstm: 0.03",
     FROM_TO(0, 1), FIXED,
     .help = "Added to the gradient of embeddings and of the weights of all layers but the last. With other "
             "losses than ranking an LSTM wants less: 0.001."},
    {KEY("surrogate.epochs", surrogate.epochs), .initial = "50", FROM_TO(1, 1000000), FIXED,
     .help = "Passes over a member's children at each fit, at most. The paper does not state it."},
    {KEY("surrogate.patience", surrogate.patience), .initial = "0", FROM_TO(0, 1000000), FIXED,
     .help = "A fit ends after this many epochs without a smaller loss on the children that the "
             "member leaves out, and keeps its best weights. 0: it runs all epochs. Without effect "
             "with fold: 1."},
    {KEY("surrogate.batch", surrogate.batch), .initial = "32", FROM_TO(1, 65536), FIXED,
     .help = "Children a step. The paper does not state it."},
    {KEY("surrogate.rate_first", surrogate.rate_first), .initial = "0.01", ABOVE(0, 10), FIXED,
     .help = "The optimizer's rate at the fit after level 1."},
    {KEY("surrogate.rate_later", surrogate.rate_later), .initial = "0.002", ABOVE(0, 10), FIXED,
     .help = "The optimizer's rate at later fits."},
    {KEY("surrogate.refit", surrogate.refit), .initial = "scratch", WORDS(refits), FIXED,
     .help = "Where later fits start. scratch: from fresh weights. finetune: from those of the fit "
             "before."},
    {KEY("surrogate.bias", surrogate.bias), .initial = "given", WORDS(biases), FIXED,
     .help = "The output's initial bias. given: last_bias. mean: what predicts the mean accuracy of "
             "the member's children."},
    {KEY("surrogate.last_bias", surrogate.last_bias), .initial = "1.8", FROM_TO(-20, 20), FIXED,
     .help = "With bias: given. 1.8 predicts 0.86."},
};

const size_t pnas_configuration_key_count =
    sizeof pnas_configuration_keys / sizeof pnas_configuration_keys[0];

const pnas_key pnas_operator_keys[] = {
    {OPERATOR_KEY("name", name), .initial_note = "none, must be given", NOT_EMPTY,
     .help = "Letters, digits, - and _. It stands in texts, files and plots."},
    {OPERATOR_KEY("kind", kind), .initial_note = "none, must be given", WORDS(kinds),
     .help = "factorized: 1 x kernel, then kernel x 1."},
    {OPERATOR_KEY("kernel", kernel), .initial = "3", .initial_note = "3; identity: 1",
     FROM_TO(1, PNAS_KERNEL_MAX), .help = "Side of the kernel. It must be odd."},
    {OPERATOR_KEY("dilation", dilation), .initial = "1", FROM_TO(1, PNAS_DILATION_MAX),
     .help = "Convolutions only."},
    {OPERATOR_KEY("repeat", repeat), .initial = "1", .initial_note = "1; separable: 2",
     FROM_TO(1, PNAS_REPEAT_MAX), .help = "separable only: how often it is applied in a row."},
    {OPERATOR_KEY("bottleneck", bottleneck), .initial = "1", FROM_TO(1, PNAS_BOTTLENECK_MAX),
     .help = "convolution and factorized: filters are divided by this inside, with 1x1 convolutions "
             "before and after. 1: none."},
};

const size_t pnas_operator_key_count = sizeof pnas_operator_keys / sizeof pnas_operator_keys[0];
