/* How to go on: the commands for it. */
#include "io/report/report_parts.h"

#include "src/search/cell_text.h"

static void write_words(FILE *out, const char *const *words)
{
    for (; *words; words++) {
        pnas_html_word(out, *words);
        putc(words[1] ? ' ' : '\n', out);
    }
}

/* A command after a line that says what it is for. */
static void write_command(FILE *out, const char *what, const char *const *words)
{
    fprintf(out, "<p>%s</p>\n", what);
    pnas_page_command_begin(out);
    write_words(out, words);
    pnas_page_command_end(out);
}

static void write_line(FILE *out, const char *what, const char *command, const char *more)
{
    fprintf(out, "<p>%s</p>\n", what);
    pnas_page_command_begin(out);
    pnas_html_print(out, "%s%s", command, more);
    putc('\n', out);
    pnas_page_command_end(out);
}

static void write_run(FILE *out, const pnas_ranking *ranking)
{
    const pnas_run_info *info = pnas_run_file_info(ranking->run);
    char blocks[16];
    snprintf(blocks, sizeof blocks, "%d", ranking->blocks);
    if (info->status != PNAS_RUN_COMPLETE)
        write_line(
            out,
            "Continue the search, in the middle of the cells that were in training, on any number of ranks:",
            info->command_line, "");
    if (pnas_report_progress_of(ranking).failed > 0)
        write_line(out, "Try the cells that failed once more:", info->command_line, " --retry-failed");
    if (ranking->count == 0)
        return;
    write_command(
        out,
        "Train the best cell's network to its end. TRAIN.yaml says how large and how long: copy one of "
        "configs/train_*.yaml. With <code>--child 2</code> it is the second best.",
        (const char *const[]){"mpirun", "-n", "2", "pnas_train", "TRAIN.yaml", "--run", ranking->path, "-o",
                              "net.h5", NULL});
    if (info->controller_count > 0)
        write_command(
            out,
            "Predict the accuracy of every cell of the space with the surrogate of this search, and keep "
            "the best:",
            (const char *const[]){"mpirun", "-n", "2", "pnas_score", ranking->path, "--blocks", blocks, "-o",
                                  "scores.h5", NULL});
}

/* The best cell of what is no run. */
static void write_file(FILE *out, const pnas_ranking *ranking)
{
    char text[PNAS_CELL_TEXT_MAX];
    if (ranking->count == 0)
        return;
    pnas_cell_format(&ranking->cell[0].cell, &ranking->operators, text);
    write_command(
        out,
        "Train the first cell's network to its end. TRAIN.yaml says how large and how long: copy one of "
        "configs/train_*.yaml.",
        (const char *const[]){"mpirun", "-n", "2", "pnas_train", "TRAIN.yaml", "--cell", text, "-o", "net.h5",
                              NULL});
}

static pnas_status write(const pnas_report *report)
{
    FILE *out = report->out;
    for (size_t f = 0; f < report->count; f++) {
        const pnas_ranking *ranking = report->ranking[f];
        if (report->count > 1) {
            fputs("<h3>", out);
            pnas_html_print(out, "%c: %s", pnas_report_letter(f), pnas_ranking_name(ranking));
            fputs("</h3>\n", out);
        }
        if (ranking->run)
            write_run(out, ranking);
        else
            write_file(out, ranking);
    }
    fputs("<p>Write this page anew, also while the search goes on:</p>\n", out);
    pnas_page_command_begin(out);
    fputs("pnas_rank ", out);
    for (size_t f = 0; f < report->count; f++) {
        pnas_html_word(out, report->ranking[f]->path);
        putc(' ', out);
    }
    fputs("--report ", out);
    pnas_html_word(out, report->options->path);
    putc('\n', out);
    pnas_page_command_end(out);
    return PNAS_OK;
}

const pnas_report_section pnas_section_next = {"next", "How to go on", NULL, write};
