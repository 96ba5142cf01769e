#include "src/programs/pnas_net/net_report.h"

#include "io/net/class_figures.h"
#include "src/base/plain_text.h"
#include "src/programs/pnas_net/net_text.h"

#include <inttypes.h>
#include <math.h>

static double share(int64_t part, int64_t of)
{
    return of ? (double)part / (double)of : NAN;
}

typedef struct {
    char text[16];
} share_text;

static share_text share_shown(int64_t part, int64_t of)
{
    share_text shown = {"-"};
    if (of)
        snprintf(shown.text, sizeof shown.text, "%.4f", share(part, of));
    return shown;
}

void pnas_net_print_test(FILE *out, const pnas_test_report *report)
{
    const pnas_network_file *file = report->file;
    const pnas_network_test *test = &file->test;
    int classes = file->network.classes, width = pnas_text_column("class", file->class_names, classes);
    pnas_text_line(out, "data set   %s, test part, %" PRId64 " images", test->dataset, test->images);
    if (report->other)
        pnas_text_line(out,
                       "           other data than the network was trained on: %s (their SHA-256 differ)",
                       *file->dataset_name ? file->dataset_name : "not known");
    if (report->crop < 1)
        fprintf(out, "crop       %.15g of both sides of each image, from its middle\n", report->crop);
    fprintf(out, "weights    %s\naccuracy   %.4f\ntop-5      %.4f\nloss       %.4f\n\n",
            report->weights->name, test->accuracy, test->top5, test->loss);
    fprintf(out, "%-*s  %8s  %8s  %9s  %9s\n", width, "class", "images", "right", "precision", "recall");
    for (int c = 0; c < classes; ++c) {
        pnas_class_figures figures = pnas_class_figures_of(test, classes, c);
        pnas_text_line(out, "%-*s  %8" PRId64 "  %8" PRId64 "  %9s  %9s", width, file->class_names[c],
                       figures.images, figures.right, share_shown(figures.right, figures.predicted).text,
                       share_shown(figures.right, figures.images).text);
    }
}

static void print_json_matrix(FILE *out, const int64_t *confusion, size_t classes)
{
    for (size_t c = 0; c < classes; ++c) {
        fprintf(out, "%s\n    [", c ? "," : "");
        for (size_t p = 0; p < classes; ++p)
            fprintf(out, "%s%" PRId64, p ? ", " : "", confusion[c * classes + p]);
        putc(']', out);
    }
}

static void print_json_classes(FILE *out, const pnas_network_file *file)
{
    int classes = file->network.classes;
    for (int c = 0; c < classes; ++c) {
        pnas_class_figures figures = pnas_class_figures_of(&file->test, classes, c);
        fprintf(out, "%s\n    {\"name\": ", c ? "," : "");
        pnas_text_json(out, file->class_names[c]);
        fprintf(out, ", \"images\": %" PRId64 ", \"right\": %" PRId64 ", \"precision\": ", figures.images,
                figures.right);
        pnas_net_json_real(out, share(figures.right, figures.predicted));
        fprintf(out, ", \"recall\": ");
        pnas_net_json_real(out, share(figures.right, figures.images));
        putc('}', out);
    }
}

void pnas_net_json_test(FILE *out, const pnas_test_report *report)
{
    const pnas_network_file *file = report->file;
    const pnas_network_test *test = &file->test;
    fprintf(out, "{\"dataset\": ");
    pnas_text_json(out, test->dataset);
    fprintf(out, ", \"dataset_sha256\": ");
    pnas_text_json(out, test->dataset_sha256);
    fprintf(out,
            ", \"part\": \"test\", \"trained_on_this\": %s, \"crop\": %.15g, \"weights\": \"%s\", "
            "\"images\": %" PRId64 ", \"accuracy\": ",
            report->other ? "false" : "true", report->crop, report->weights->name, test->images);
    pnas_net_json_real(out, test->accuracy);
    fprintf(out, ", \"top5\": ");
    pnas_net_json_real(out, test->top5);
    fprintf(out, ", \"loss\": ");
    pnas_net_json_real(out, test->loss);
    fprintf(out, ",\n  \"classes\": [");
    print_json_classes(out, file);
    fprintf(out, "],\n  \"confusion\": [");
    print_json_matrix(out, test->confusion, (size_t)file->network.classes);
    fprintf(out, "]}\n");
}

/* One row a true class, one column a predicted one. */
void pnas_net_csv_confusion(FILE *out, const pnas_network_file *file)
{
    size_t classes = (size_t)file->network.classes;
    fprintf(out, "true class");
    for (size_t p = 0; p < classes; ++p) {
        putc(',', out);
        pnas_text_csv(out, file->class_names[p]);
    }
    putc('\n', out);
    for (size_t c = 0; c < classes; ++c) {
        pnas_text_csv(out, file->class_names[c]);
        for (size_t p = 0; p < classes; ++p)
            fprintf(out, ",%" PRId64, file->test.confusion[c * classes + p]);
        putc('\n', out);
    }
}
