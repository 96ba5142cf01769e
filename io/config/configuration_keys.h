/* The keys of the configuration: one row each. What is read, printed, refused, compared when a run goes on,
 * and listed in docs/configuration.md follows from the rows; nothing else states a key's default or limits.
 *
 * A path names a key from the top: "training.augment.pad". The keys of an entry of space.operators have paths
 * of their own, "space.operators.kernel"; an index in a path ("space.operators[2].kernel") is passed over.
 * Local. */
#ifndef PNAS_IO_CONFIGURATION_KEYS_H
#define PNAS_IO_CONFIGURATION_KEYS_H

#include "src/net/run_settings.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    PNAS_KEY_TEXT,     /* char[size]; low: 1 if it must not be empty */
    PNAS_KEY_AUTO,     /* char[size]: auto or a whole number */
    PNAS_KEY_INTEGER,  /* int or int64_t; also one of the words, where there are some */
    PNAS_KEY_COUNT,    /* int64_t; also with k (thousands) or M (millions) behind it: 3.2M */
    PNAS_KEY_UNSIGNED, /* uint64_t, without limits */
    PNAS_KEY_REAL,     /* double */
    PNAS_KEY_SHARE,    /* double: a share below 1 or a whole number */
    PNAS_KEY_TRUTH,    /* bool */
    PNAS_KEY_WORD,     /* an enumeration: one of the words */
    PNAS_KEY_OPERATORS /* pnas_operator_set */
} pnas_key_type;

enum { PNAS_KEY_CLOSED, PNAS_KEY_ABOVE_LOW, PNAS_KEY_BELOW_HIGH }; /* which limit itself is not allowed */

typedef struct {
    const char *text;
    int value;
} pnas_key_word;

/* What may become of a key when a run goes on. */
typedef enum {
    PNAS_RESUME_FIXED,    /* it changes results: the run keeps it */
    PNAS_RESUME_MAY_GROW, /* once the run is complete, for the levels to come */
    PNAS_RESUME_FREE      /* it changes no result */
} pnas_resume;

typedef struct {
    const char *path;
    pnas_key_type type;
    size_t offset, size;      /* of the field in pnas_configuration, or in pnas_operator */
    const char *initial;      /* the default as it would be written; NULL: initial_note says what it is */
    const char *initial_note; /* what the documentation shows instead; NULL: the default itself */
    double low, high;
    int ends;
    const char *at_most; /* path of the number that this one may not exceed, or NULL */
    const char *unless;  /* path of the number that, above 0, stands for this one: it is not given then */
    const char *say;     /* what both of them say */
    const pnas_key_word *words;
    size_t word_count;
    const char *allowed; /* of a text: what it may be, in words; NULL: anything */
    pnas_resume resume;
    const char *help; /* a sentence for docs/configuration.md */
} pnas_key;

/* In the order in which they are printed: first the keys at the top, then section by section. */
extern const pnas_key pnas_configuration_keys[];
extern const size_t pnas_configuration_key_count;

/* Of an entry of space.operators; offsets are in pnas_operator. */
extern const pnas_key pnas_operator_keys[];
extern const size_t pnas_operator_key_count;

/* The row of the key at `path` or NULL. */
const pnas_key *pnas_key_find(const char *path);

/* Whether keys stand inside `path`. */
bool pnas_key_is_section(const char *path);

/* The last part of a path: "pad". */
const char *pnas_key_name(const char *path);

/* What may follow --set, for completion: "training.epochs= search.strategy=pnas search.strategy=random". The
 * caller's; NULL without memory. */
char *pnas_configuration_words(void);

/* What stands directly in the section ("" is the whole): "pad, flip and cutout". */
void pnas_key_list(const char *section, char *out, size_t size);

/* The key or section that was meant by the unknown `key` in `section`: one whose name is nearly the same,
 * there or, where the name is nearer, elsewhere. False: none is near. */
bool pnas_key_suggest(const char *section, const char *key, char *out, size_t size);

#endif
