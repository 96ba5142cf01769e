#include "io/config/configuration_value.h"

#include "src/base/decimal.h"
#include "src/base/plain_text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *field_of(const pnas_key *key, void *base)
{
    return (char *)base + key->offset;
}

static const void *const_field_of(const pnas_key *key, const void *base)
{
    return (const char *)base + key->offset;
}

/* ---- from text ---- */

/* As people write them: no 0x10, no 010. */
static bool is_integer(const char *text)
{
    const char *digits = text + strspn(text, "+-");
    return *digits && strspn(digits, "0123456789") == strlen(digits) && (digits[0] != '0' || !digits[1]);
}

static bool within(const pnas_key *key, double value)
{
    bool low = key->ends == PNAS_KEY_ABOVE_LOW ? value > key->low : value >= key->low;
    bool high = key->ends == PNAS_KEY_BELOW_HIGH ? value < key->high : value <= key->high;
    return low && high; /* false for a NaN */
}

static const pnas_key_word *find_word(const pnas_key *key, const char *text)
{
    for (size_t i = 0; i < key->word_count; i++)
        if (strcmp(key->words[i].text, text) == 0)
            return &key->words[i];
    return NULL;
}

static void store_integer(const pnas_key *key, long long value, void *base)
{
    int four = (int)value;
    int64_t eight = value;
    memcpy(field_of(key, base), key->size == sizeof four ? (void *)&four : (void *)&eight, key->size);
}

static bool read_integer(const pnas_key *key, const char *text, void *base)
{
    const pnas_key_word *word = find_word(key, text);
    char *end = NULL;
    errno = 0;
    long long value = word ? word->value : strtoll(text, &end, 10);
    if (!word && (!is_integer(text) || errno || *end || !within(key, (double)value)))
        return false;
    store_integer(key, value, base);
    return true;
}

/* "3189082", "3.2M", "500k", "8G": whole in the end. */
static bool read_count(const pnas_key *key, const char *text, void *base)
{
    char *end = NULL;
    double value = strtod(text, &end);
    double scale = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : *end == 'G' ? 1e9 : 1;
    int64_t whole;
    if (end == text || end != text + strspn(text, "0123456789.") || end[scale > 1] || !(value <= key->high))
        return false;
    whole = llround(value * scale);
    if (fabs(value * scale - (double)whole) > 1e-3 || !within(key, (double)whole))
        return false;
    memcpy(field_of(key, base), &whole, sizeof whole);
    return true;
}

static bool read_unsigned(const pnas_key *key, const char *text, void *base)
{
    errno = 0;
    char *end = NULL;
    uint64_t value = strtoull(text, &end, 10);
    if (!is_integer(text) || *text == '-' || errno || *end)
        return false;
    memcpy(field_of(key, base), &value, sizeof value);
    return true;
}

static bool read_real(const pnas_key *key, const char *text, void *base)
{
    double value;
    if (!pnas_decimal_parse(text, &value) || !within(key, value))
        return false;
    if (key->type == PNAS_KEY_SHARE && value >= 1 && (value != floor(value) || strchr(text, '.')))
        return false; /* 1.0 may be meant as all of them */
    memcpy(field_of(key, base), &value, sizeof value);
    return true;
}

/* Fills what is behind the text, too, so that equal values are equal bytes. */
static bool read_text(const pnas_key *key, const char *text, void *base)
{
    size_t length = strlen(text);
    int count;
    if (length >= key->size)
        return false;
    if (key->type == PNAS_KEY_AUTO ? !pnas_count_parse(text, (int)key->high, &count)
                                   : (double)length < key->low)
        return false;
    memset(field_of(key, base), 0, key->size);
    memcpy(field_of(key, base), text, length);
    return true;
}

static bool read_truth(const pnas_key *key, const char *text, void *base)
{
    bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0)
        return false;
    memcpy(field_of(key, base), &value, sizeof value);
    return true;
}

static bool read_word(const pnas_key *key, const char *text, void *base)
{
    const pnas_key_word *word = find_word(key, text);
    if (!word)
        return false;
    store_integer(key, word->value, base);
    return true;
}

bool pnas_key_read(const pnas_key *key, const char *text, void *base)
{
    switch (key->type) {
    case PNAS_KEY_TEXT:
    case PNAS_KEY_AUTO:
        return read_text(key, text, base);
    case PNAS_KEY_INTEGER:
        return read_integer(key, text, base);
    case PNAS_KEY_COUNT:
        return read_count(key, text, base);
    case PNAS_KEY_UNSIGNED:
        return read_unsigned(key, text, base);
    case PNAS_KEY_REAL:
    case PNAS_KEY_SHARE:
        return read_real(key, text, base);
    case PNAS_KEY_TRUTH:
        return read_truth(key, text, base);
    case PNAS_KEY_WORD:
        return read_word(key, text, base);
    case PNAS_KEY_OPERATORS:
        break;
    }
    return false;
}

/* ---- to text ---- */

static int64_t integer_at(const pnas_key *key, const void *base)
{
    int four;
    int64_t eight;
    memcpy(key->size == sizeof four ? (void *)&four : (void *)&eight, const_field_of(key, base), key->size);
    return key->size == sizeof four ? four : eight;
}

static double real_at(const pnas_key *key, const void *base)
{
    double value;
    memcpy(&value, const_field_of(key, base), sizeof value);
    return value;
}

/* The shortest of the spellings that read back as the same number. */
static void write_real(double value, FILE *out)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

static void write_text(const char *text, FILE *out)
{
    char escape[PNAS_TEXT_ESCAPE_MAX];
    fputc('"', out);
    for (size_t length; *text; text += length) {
        length = pnas_text_next(text, escape);
        if (*escape && (length > 1 || (unsigned char)*text < 0x80))
            fputs(escape, out); /* YAML's escapes are the same */
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fwrite(text, 1, length,
                   out); /* no UTF-8, too: it is refused when it is read, not taken for another */
    }
    fputc('"', out);
}

static void write_integer(const pnas_key *key, int64_t value, FILE *out)
{
    for (size_t i = 0; i < key->word_count; i++) {
        if (key->words[i].value == value) {
            fputs(key->words[i].text, out);
            return;
        }
    }
    fprintf(out, "%" PRId64, value);
}

static bool is_built_in(const pnas_operator *item)
{
    pnas_operator_set one = {0};
    return pnas_operator_set_add_named(&one, item->name) == PNAS_OK &&
           pnas_operator_equal(&one.item[0], item);
}

void pnas_operator_write(const pnas_operator *item, FILE *out)
{
    if (is_built_in(item)) {
        fputs(item->name, out);
        return;
    }
    for (size_t i = 0; i < pnas_operator_key_count; i++) {
        fprintf(out, "%s%s: ", i ? ", " : "{", pnas_key_name(pnas_operator_keys[i].path));
        pnas_key_write(&pnas_operator_keys[i], item, out);
    }
    fputc('}', out);
}

static void write_operators(const pnas_operator_set *set, FILE *out)
{
    for (int i = 0; i < set->count; i++) {
        fputs("\n    - ", out);
        pnas_operator_write(&set->item[i], out);
    }
}

void pnas_key_write(const pnas_key *key, const void *base, FILE *out)
{
    const void *field = const_field_of(key, base);
    switch (key->type) {
    case PNAS_KEY_TEXT:
    case PNAS_KEY_AUTO:
        write_text(field, out);
        break;
    case PNAS_KEY_UNSIGNED:
        fprintf(out, "%" PRIu64, *(const uint64_t *)field);
        break;
    case PNAS_KEY_REAL:
    case PNAS_KEY_SHARE:
        write_real(real_at(key, base), out);
        break;
    case PNAS_KEY_TRUTH:
        fputs(*(const bool *)field ? "true" : "false", out);
        break;
    case PNAS_KEY_INTEGER:
    case PNAS_KEY_COUNT:
    case PNAS_KEY_WORD:
        write_integer(key, integer_at(key, base), out);
        break;
    case PNAS_KEY_OPERATORS:
        write_operators(field, out);
        break;
    }
}

/* ---- compared ---- */

double pnas_key_number(const pnas_key *key, const void *base)
{
    bool whole = key->type == PNAS_KEY_INTEGER || key->type == PNAS_KEY_COUNT;
    return whole ? (double)integer_at(key, base) : real_at(key, base);
}

bool pnas_operator_equal(const pnas_operator *a, const pnas_operator *b)
{
    for (size_t i = 0; i < pnas_operator_key_count; i++)
        if (!pnas_key_equal(&pnas_operator_keys[i], a, b))
            return false;
    return true;
}

static bool operators_equal(const pnas_operator_set *a, const pnas_operator_set *b)
{
    for (int i = 0; i < a->count && i < b->count; i++)
        if (!pnas_operator_equal(&a->item[i], &b->item[i]))
            return false;
    return a->count == b->count;
}

bool pnas_key_equal(const pnas_key *key, const void *a, const void *b)
{
    const void *one = const_field_of(key, a), *other = const_field_of(key, b);
    switch (key->type) {
    case PNAS_KEY_TEXT:
    case PNAS_KEY_AUTO:
        return strcmp(one, other) == 0;
    case PNAS_KEY_REAL:
    case PNAS_KEY_SHARE:
        return real_at(key, a) == real_at(key, b);
    case PNAS_KEY_OPERATORS:
        return operators_equal(one, other);
    default:
        return memcmp(one, other, key->size) == 0;
    }
}

/* ---- what is allowed ---- */

static void allow_words(const pnas_key *key, char *out, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < key->word_count && length < size; i++) {
        const char *before = i == 0 ? "" : i + 1 == key->word_count ? " or " : ", ";
        length += (size_t)snprintf(out + length, size - length, "%s%s", before, key->words[i].text);
    }
}

static void allow_text(const pnas_key *key, char *out, size_t size)
{
    size_t most = key->size - 1;
    if (key->allowed)
        snprintf(out, size, "%s; at most %zu bytes", key->allowed, most);
    else
        snprintf(out, size, "text of %s%zu bytes", key->low > 0 ? "1 to " : "at most ", most);
}

static void allow_number(const pnas_key *key, const char *what, char *out, size_t size)
{
    static const char *const from[] = {"from", "above", "from"}, *const to[] = {"to", "and at most",
                                                                                "to below"};
    snprintf(out, size, "%s %s %.10g %s %.10g%s%s", what, from[key->ends], key->low, to[key->ends], key->high,
             key->at_most ? ", at most " : "", key->at_most ? key->at_most : "");
}

void pnas_key_allowed(const pnas_key *key, char *out, size_t size)
{
    char words[64] = "";
    switch (key->type) {
    case PNAS_KEY_TEXT:
        allow_text(key, out, size);
        break;
    case PNAS_KEY_AUTO:
        allow_number(key, "auto or a whole number", out, size);
        break;
    case PNAS_KEY_INTEGER:
        allow_words(key, words, sizeof words);
        strncat(words, key->word_count ? " or a whole number" : "a whole number",
                sizeof words - strlen(words) - 1);
        allow_number(key, words, out, size);
        break;
    case PNAS_KEY_COUNT:
        allow_number(key, "a whole number, also as in 500k or 3.2M,", out, size);
        break;
    case PNAS_KEY_UNSIGNED:
        snprintf(out, size, "a whole number from 0 to %" PRIu64, UINT64_MAX);
        break;
    case PNAS_KEY_REAL:
        allow_number(key, "a number", out, size);
        break;
    case PNAS_KEY_SHARE:
        snprintf(out, size, "a share %s %g and below 1, or a whole number without a point from 1 to %.10g",
                 key->ends == PNAS_KEY_ABOVE_LOW ? "above" : "from", key->low, key->high);
        break;
    case PNAS_KEY_TRUTH:
        snprintf(out, size, "true or false");
        break;
    case PNAS_KEY_WORD:
        allow_words(key, out, size);
        break;
    case PNAS_KEY_OPERATORS:
        snprintf(out, size, "a list of 1 to %d operators", PNAS_OPERATORS_MAX);
        break;
    }
}
