#include "io/run/run_parts.h"

#include "io/file/link_target.h"

#include "src/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define READ_ATTEMPTS 5

/* ---- folding the journal in ---- */

/* Whether the record is about a child of this run; it is then taken over. */
static bool apply(pnas_run_file *file, int level, size_t index, pnas_result *result)
{
    if (level < 1 || level > file->levels || index >= file->level[level - 1].count ||
        (result->status != PNAS_CHILD_DONE && result->status != PNAS_CHILD_FAILED &&
         result->status != PNAS_CHILD_PAUSED))
        return false;
    pnas_result *old = &file->level[level - 1].child[index].result;
    pnas_result_clear(old);
    *old = *result;
    if (old->status != PNAS_CHILD_DONE)
        old->accuracy = 0;
    return true;
}

static void fold(pnas_run_file *file, pnas_journal_text *text)
{
    pnas_result result;
    size_t index;
    int level;
    while (pnas_journal_next(text, &level, &index, &result)) {
        if (apply(file, level, index, &result))
            continue;
        pnas_warning("%s: a record of child %zu of level %d, which the run does not have, is ignored",
                     file->journal_path, index, level);
        pnas_result_clear(&result);
    }
}

static bool same_run(const pnas_run_identity *a, const pnas_run_identity *b)
{
    return memcmp(a->run, b->run, PNAS_RUN_ID_SIZE) == 0;
}

/* Results that nobody can place any more are not silently dropped. */
static void warn_of_lost_records(const pnas_run_file *file, const pnas_journal_text *text, const char *fate)
{
    if (text->headless)
        pnas_warning("%s: its head is damaged; the finished children that it may hold %s", file->journal_path,
                     fate);
    else if (text->begun && same_run(&text->identity, &file->identity) && text->size > text->at &&
             text->identity.generation > file->identity.generation)
        pnas_warning("%s: goes with a later state of this run than %s, which is an older copy; its finished "
                     "children %s",
                     file->journal_path, file->path, fate);
}

/* What stands behind the last record that is whole: half a record, or damage and all behind it. */
static void warn_of_tail(const pnas_run_file *file, const pnas_journal_text *text, const char *fate)
{
    if (text->at == text->size)
        return;
    if (pnas_journal_ends_short(text))
        pnas_warning("%s: the last %zu bytes are no whole record (the run was cut off) and %s",
                     file->journal_path, text->size - text->at, fate);
    else
        pnas_warning(
            "%s: is damaged in the record at byte %zu; the finished children in its last %zu bytes %s",
            file->journal_path, text->at, text->size - text->at, fate);
}

/* Without its run a journal cannot be used, but what it holds may still be wanted. */
static pnas_status refuse_orphan(const pnas_run_file *file)
{
    pnas_journal_text text;
    PNAS_TRY(pnas_journal_load(file->journal_path, &text));
    bool holds_results = text.headless || (text.begun && text.size > text.at);
    pnas_journal_free(&text);
    PNAS_CHECK(!holds_results, PNAS_ERROR_DATA,
               "%s: holds finished children of a run, but %s is not there; put it back, or move the journal "
               "away",
               file->journal_path, file->path);
    return PNAS_OK;
}

/* The writer's side: folds in what belongs to this version of the run and brings the journal in order. */
static pnas_status take_journal(pnas_run_file *file)
{
    pnas_journal_text text;
    PNAS_TRY(pnas_journal_load(file->journal_path, &text));
    bool ours = text.begun && same_run(&text.identity, &file->identity);
    if (text.begun && !ours && text.size > text.at) {
        pnas_journal_free(&text);
        return pnas_fail(PNAS_ERROR_DATA, "%s: belongs to another run than %s; move one of them away",
                         file->journal_path, file->path);
    }
    pnas_status status;
    if (ours && text.identity.generation == file->identity.generation) {
        fold(file, &text);
        warn_of_tail(file, &text, "are dropped and trained again");
        status = pnas_journal_cut(&file->journal, (off_t)text.at);
    } else {
        warn_of_lost_records(file, &text, "are dropped and trained again");
        status = pnas_journal_begin(&file->journal, &file->identity);
    }
    pnas_journal_free(&text);
    return status;
}

/* ---- opening and closing ---- */

static pnas_status make(const char *path, pnas_run_file **out)
{
    *out = NULL;
    pnas_run_file *file = calloc(1, sizeof *file);
    pnas_status status;
    PNAS_CHECK(file, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    file->journal = PNAS_NO_JOURNAL;
    PNAS_TRY_CLEANUP(pnas_link_target(path, &file->path));
    file->journal_path = malloc(strlen(file->path) + sizeof ".journal");
    PNAS_CHECK_CLEANUP(file->journal_path, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    sprintf(file->journal_path, "%s.journal", file->path);
cleanup:
    if (status != PNAS_OK)
        pnas_run_file_close(&file);
    *out = file;
    return status;
}

static pnas_status new_identity(pnas_run_identity *out)
{
    out->generation = 0;
    PNAS_CHECK(getrandom(out->run, PNAS_RUN_ID_SIZE, 0) == PNAS_RUN_ID_SIZE, PNAS_ERROR_INTERNAL,
               "no random number for a new run: %s", pnas_system_reason(errno));
    return PNAS_OK;
}

static pnas_status take_run(pnas_run_file *file)
{
    pnas_status status = pnas_run_read_all(file);
    if (status == PNAS_ERROR_DATA)
        return pnas_fail(status, "%s; it is left as it is, and another name begins a new run",
                         pnas_message());
    return status == PNAS_OK ? take_journal(file) : status;
}

pnas_status pnas_run_file_open(const char *path, pnas_run_file **out, bool *existed)
{
    *existed = false;
    pnas_run_file *file;
    PNAS_TRY(make(path, &file));
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_journal_open(file->journal_path, &file->journal));
    if (access(file->path, F_OK) == 0) {
        PNAS_TRY_CLEANUP(take_run(file));
        PNAS_TRY_CLEANUP(pnas_run_check_whole(file));
        *existed = true;
    } else {
        PNAS_CHECK_CLEANUP(errno == ENOENT, PNAS_ERROR_FILE, "%s: cannot be opened: %s", path,
                           pnas_system_reason(errno));
        PNAS_TRY_CLEANUP(refuse_orphan(file));
        PNAS_TRY_CLEANUP(new_identity(&file->identity));
    }
cleanup:
    if (status != PNAS_OK)
        pnas_run_file_close(&file);
    *out = file;
    return status;
}

void pnas_run_file_close(pnas_run_file **file)
{
    if (!*file)
        return;
    pnas_journal_close(&(*file)->journal);
    pnas_run_info_clear(&(*file)->info);
    pnas_run_levels_clear(*file);
    free((*file)->path);
    free((*file)->journal_path);
    free(*file);
    *file = NULL;
}

/* ---- reading without the lock ---- */

/* Whether the journal was begun for a newer version of the run than the one just read: its writer has put
 * that in place between our two looks. */
static bool is_newer(const pnas_journal_text *text, const pnas_run_identity *identity)
{
    return text->begun && same_run(&text->identity, identity) &&
           text->identity.generation > identity->generation;
}

/* Whether half a record may be one that is written just now. */
static bool is_being_written(const pnas_run_file *file)
{
    char owner[PNAS_OWNER_SIZE + 1];
    return pnas_journal_look(file->journal_path, owner) != PNAS_LOCK_FREE;
}

pnas_status pnas_run_file_read(const char *path, pnas_run_file **out)
{
    *out = NULL;
    pnas_run_file *file;
    PNAS_TRY(make(path, &file));
    pnas_journal_text text = {0};
    pnas_status status = PNAS_OK;
    bool written = is_being_written(file); /* asked first: a search that ends now leaves no half record */
    for (int i = 0; i < READ_ATTEMPTS && status == PNAS_OK && (i == 0 || is_newer(&text, &file->identity));
         i++) {
        pnas_journal_free(&text);
        pnas_run_info_clear(&file->info);
        pnas_run_levels_clear(file);
        status = pnas_run_read_all(file);
        if (status == PNAS_OK && pnas_journal_load(file->journal_path, &text) != PNAS_OK)
            pnas_warning("%s; what it may hold is left out", pnas_message());
    }
    if (status == PNAS_OK && text.begun && same_run(&text.identity, &file->identity) &&
        text.identity.generation == file->identity.generation) {
        fold(file, &text);
        if (!written || !pnas_journal_ends_short(&text))
            warn_of_tail(file, &text, "are left out");
    } else if (status == PNAS_OK)
        warn_of_lost_records(file, &text, "are left out");
    pnas_journal_free(&text);
    if (status == PNAS_OK)
        status = pnas_run_check_whole(file);
    if (status != PNAS_OK)
        pnas_run_file_close(&file);
    *out = file;
    return status;
}

bool pnas_run_file_is_killed(const pnas_run_file *file)
{
    char owner[PNAS_OWNER_SIZE + 1];
    return file->info.status == PNAS_RUN_RUNNING &&
           pnas_journal_look(file->journal_path, owner) == PNAS_LOCK_FREE;
}

const char *pnas_run_file_words(const pnas_run_file *file, char out[PNAS_RUN_FILE_WORDS])
{
    char owner[PNAS_OWNER_SIZE + 1];
    pnas_lock_state state = PNAS_LOCK_UNKNOWN;
    if (file->info.status == PNAS_RUN_RUNNING)
        state = pnas_journal_look(file->journal_path, owner);
    if (state == PNAS_LOCK_FREE)
        return "killed; the same command continues it";
    if (state == PNAS_LOCK_UNKNOWN)
        return pnas_run_status_words(file->info.status);
    snprintf(out, PNAS_RUN_FILE_WORDS, "running (%s)", owner);
    return out;
}

/* ---- use ---- */

pnas_run_info *pnas_run_file_info(pnas_run_file *file)
{
    return &file->info;
}

void pnas_run_file_identity(const pnas_run_file *file, char id[PNAS_RUN_ID_TEXT], uint64_t *version)
{
    _Static_assert(PNAS_RUN_ID_TEXT == 2 * PNAS_RUN_ID_SIZE + 1, "two digits a byte");
    for (int i = 0; i < PNAS_RUN_ID_SIZE; i++)
        sprintf(id + 2 * i, "%02x", file->identity.run[i]);
    *version = file->identity.generation;
}

const pnas_level *pnas_run_file_levels(const pnas_run_file *file, int *count)
{
    *count = file->levels;
    return file->level;
}

pnas_status pnas_run_file_restore(pnas_run_file *file, pnas_search *search)
{
    for (int b = 0; b < file->levels; b++) {
        pnas_status status = pnas_search_restore(search, &file->level[b]);
        if (status != PNAS_OK)
            return pnas_fail_at(status, "%s: level %d", file->path, b + 1);
    }
    pnas_run_levels_clear(file);
    return PNAS_OK;
}

/* Drawn, so that two copies of a run that both go on do not take each other's journals for their own. */
static uint64_t step(void)
{
    uint32_t more = 0;
    if (getrandom(&more, sizeof more, 0) != sizeof more)
        more = 0;
    return 1 + (uint64_t)more;
}

pnas_status pnas_run_file_write(pnas_run_file *file, const pnas_search *search)
{
    PNAS_CHECK(file->journal.file >= 0, PNAS_ERROR_INTERNAL, "%s: was opened for reading only", file->path);
    pnas_run_identity next = file->identity;
    next.generation += step();
    PNAS_TRY(pnas_run_write_all(file, &next, search));
    file->identity = next;
    return pnas_journal_begin(&file->journal, &file->identity);
}

pnas_status pnas_run_file_append(pnas_run_file *file, int level, size_t index, const pnas_result *result)
{
    PNAS_CHECK(file->journal.file >= 0, PNAS_ERROR_INTERNAL, "%s: was opened for reading only", file->path);
    return pnas_journal_append(&file->journal, level, index, result);
}
