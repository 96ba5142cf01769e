#include "src/base/near_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_NAME 48 /* longer names are near to none */

/* As names are compared. False if it is too long. */
static bool plain_name(const char *name, char out[LONGEST_NAME + 1])
{
    size_t length = strlen(name);
    if (length > LONGEST_NAME)
        return false;
    for (size_t i = 0; i <= length; i++)
        out[i] = name[i] == '-' || name[i] == ' ' ? '_' : (char)tolower((unsigned char)name[i]);
    return true;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int distance(const char *a, const char *b)
{
    int row_of[3][LONGEST_NAME + 1] = {{0}}, *before = row_of[0], *above = row_of[1], *here = row_of[2];
    int width = (int)strlen(b);
    for (int j = 0; j <= width; j++)
        above[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        here[0] = i;
        for (int j = 1; j <= width; j++) {
            here[j] = least(least(above[j], here[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                here[j] = least(here[j], before[j - 2] + 1);
        }
        int *free_row = before;
        before = above;
        above = here;
        here = free_row;
    }
    return above[width];
}

int pnas_name_distance(const char *wrong, const char *name)
{
    char a[LONGEST_NAME + 1] = "", b[LONGEST_NAME + 1] = "";
    if (!plain_name(wrong, a) || !plain_name(name, b))
        return PNAS_NAME_FAR;
    int length = (int)strlen(a), away = distance(a, b);
    int limit = length < 3 ? 0 : least(3, (length + 1) / 3);
    return away <= limit ? away : PNAS_NAME_FAR;
}

const char *pnas_name_meant(const char *before, const char *wrong, const char *const *names, size_t count,
                            char out[PNAS_NAME_MEANT_MAX])
{
    int best = PNAS_NAME_FAR;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int away = pnas_name_distance(wrong, names[i]);
        if (away >= best)
            continue;
        best = away;
        snprintf(out, PNAS_NAME_MEANT_MAX, "; did you mean %s%s?", before, names[i]);
    }
    return out;
}
