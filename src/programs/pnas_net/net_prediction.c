#include "src/programs/pnas_net/net_prediction.h"

#include "src/base/plain_text.h"

#include <inttypes.h>

static int classes_of(const pnas_predictions *predictions)
{
    return predictions->file->network.classes;
}

static const char *name_of(const pnas_predictions *predictions, size_t i)
{
    return predictions->file->class_names[predictions->best[i]];
}

/* Of the class. */
static double probability_of(const pnas_predictions *predictions, size_t i)
{
    return predictions->probability[i * (size_t)classes_of(predictions) + (size_t)predictions->best[i]];
}

static int64_t index_of(const pnas_predictions *predictions, size_t i)
{
    return predictions->index[i] < 0 ? 0 : predictions->index[i];
}

void pnas_net_print_predictions(FILE *out, const pnas_predictions *predictions)
{
    for (size_t i = 0; i < predictions->count; ++i) {
        char place[32] = "";
        if (predictions->index[i] >= 0)
            snprintf(place, sizeof place, "[%" PRId64 "]", predictions->index[i]);
        pnas_text_line(out, "%s%s  %s  %.4f", predictions->image[i], place, name_of(predictions, i),
                       probability_of(predictions, i));
    }
}

void pnas_net_csv_predictions(FILE *out, const pnas_predictions *predictions)
{
    fprintf(out, "image,index,class,name,probability\n");
    for (size_t i = 0; i < predictions->count; ++i) {
        pnas_text_csv(out, predictions->image[i]);
        fprintf(out, ",%" PRId64 ",%" PRId32 ",", index_of(predictions, i), predictions->best[i]);
        pnas_text_csv(out, name_of(predictions, i));
        fprintf(out, ",%.9g\n", probability_of(predictions, i));
    }
}

static void print_probabilities(FILE *out, const double *values, int count)
{
    fprintf(out, ", \"probabilities\": [");
    for (int c = 0; c < count; ++c)
        fprintf(out, "%s%.9g", c ? ", " : "", values[c]);
    fprintf(out, "]");
}

static void print_logits(FILE *out, const float *values, int count)
{
    fprintf(out, ", \"logits\": [");
    for (int c = 0; c < count; ++c)
        fprintf(out, "%s%.9g", c ? ", " : "", (double)values[c]);
    fprintf(out, "]");
}

void pnas_net_json_predictions(FILE *out, const pnas_predictions *predictions)
{
    int classes = classes_of(predictions);
    fprintf(out, "[");
    for (size_t i = 0; i < predictions->count; ++i) {
        fprintf(out, "%s\n  {\"image\": ", i ? "," : "");
        pnas_text_json(out, predictions->image[i]);
        fprintf(out, ", \"index\": %" PRId64 ", \"class\": %" PRId32 ", \"name\": ", index_of(predictions, i),
                predictions->best[i]);
        pnas_text_json(out, name_of(predictions, i));
        fprintf(out, ", \"probability\": %.9g", probability_of(predictions, i));
        print_probabilities(out, predictions->probability + i * (size_t)classes, classes);
        print_logits(out, predictions->logits + i * (size_t)classes, classes);
        fprintf(out, "}");
    }
    fprintf(out, "\n]\n");
}
