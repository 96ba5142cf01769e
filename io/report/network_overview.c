/* What a network is, and how good it is. */
#include "io/report/network_parts.h"

#include "io/net/network_weights.h"
#include "src/search/cell_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Of the weights that are taken; the others' stands below. */
static void write_validation(const pnas_network_report *report)
{
    const pnas_network_file *file = report->file;
    pnas_chosen_weights chosen;
    char figure[32], note[96] = "of the last weights";
    double accuracy = file->accuracy;
    if (file->average.count > 0 &&
        pnas_network_choose_weights(report->path, file, PNAS_WEIGHTS_BETTER, &chosen) == PNAS_OK &&
        isfinite(chosen.average_accuracy)) {
        bool average = chosen.tensors == &file->average;
        snprintf(note, sizeof note,
                 average ? "of the moving average; %.4f of the last weights"
                         : "of the last weights; %.4f of their moving average",
                 average ? accuracy : chosen.average_accuracy);
        accuracy = average ? chosen.average_accuracy : accuracy;
    }
    snprintf(figure, sizeof figure, "%.4f", accuracy);
    pnas_tile(report->out, "Validation accuracy", figure, note);
}

static void write_tiles(const pnas_network_report *report)
{
    const pnas_network_file *file = report->file;
    char figure[64], note[200];
    fputs("<div class=\"tiles\">\n", report->out);
    if (file->test.known) {
        snprintf(figure, sizeof figure, "%.4f", file->test.accuracy);
        const char *weights = file->test.weights;
        snprintf(note, sizeof note, "%" PRId64 " images of %s%s", file->test.images, file->test.dataset,
                 strcmp(weights, "average") == 0 ? "; of the moving average"
                 : *weights                      ? "; of the last weights"
                                                 : "");
        pnas_tile(report->out, "Test accuracy", figure, note);
    }
    if (isfinite(file->accuracy))
        write_validation(report);
    pnas_chart_large((double)report->graph->parameters, figure, sizeof figure);
    pnas_tile(report->out, "Parameters", figure, NULL);
    pnas_chart_large((double)report->graph->multiply_adds, figure, sizeof figure);
    pnas_tile(report->out, "Multiply-adds", figure, "of one image");
    snprintf(figure, sizeof figure, "%d", file->network.classes);
    snprintf(note, sizeof note, "images of %d x %d x %d", file->network.height, file->network.width,
             file->network.channels);
    pnas_tile(report->out, "Classes", figure, note);
    if (file->history.epochs > 0) {
        snprintf(figure, sizeof figure, "%zu", file->history.epochs);
        pnas_tile(report->out, "Epochs trained", figure, NULL);
    }
    fputs("</div>\n", report->out);
}

static void write_weights(const pnas_network_report *report)
{
    pnas_chosen_weights chosen;
    char text[200];
    if (report->file->average.count == 0 ||
        pnas_network_choose_weights(report->path, report->file, PNAS_WEIGHTS_BETTER, &chosen) != PNAS_OK)
        return;
    snprintf(text, sizeof text, "the last ones and their moving average; taken are the %s%s%s%s", chosen.name,
             *chosen.reason ? " (" : "", chosen.reason, *chosen.reason ? ")" : "");
    pnas_fact(report->out, "weights", text);
}

static void write_facts(const pnas_network_report *report)
{
    const pnas_network_file *file = report->file;
    FILE *out = report->out;
    char text[PNAS_CELL_TEXT_MAX];
    fputs("<table class=\"facts\"><tbody>\n", out);
    pnas_fact(out, "file", report->path);
    pnas_cell_format(&file->cell, &file->operators, text);
    pnas_fact(out, "cell", text);
    snprintf(text, sizeof text, "%d cells, %d filters in the first stage",
             pnas_network_cells(&report->graph->options), file->network.filters);
    pnas_fact(out, "network", text);
    write_weights(report);
    pnas_fact(out, "data set", file->dataset_name);
    pnas_fact(out, "licence", file->dataset_licence);
    pnas_fact(out, "SHA-256", file->dataset_sha256);
    pnas_fact(out, "search", file->run);
    if (file->divergence.epoch > 0) {
        snprintf(text, sizeof text, "epoch %d was begun again with rates times %g, as a loss was not finite",
                 file->divergence.epoch, file->divergence.factor);
        pnas_fact(out, "divergence", text);
    }
    fputs("</tbody></table>\n", out);
}

static pnas_status write(const pnas_network_report *report)
{
    if (report->file->in_training)
        fprintf(report->out,
                "<div class=\"banner\"><b>This training is not over.</b> It goes on after epoch %d, batch "
                "%d.</div>\n",
                report->file->training.epoch, report->file->training.batch);
    write_tiles(report);
    if (!report->file->test.known)
        fputs("<p class=\"faint\">The network was not tested yet: <code>pnas_net test --write</code> keeps "
              "what it finds, "
              "and then this page has it.</p>\n",
              report->out);
    write_facts(report);
    return PNAS_OK;
}

const pnas_network_section pnas_network_section_overview = {"overview", "The network", NULL, write};
