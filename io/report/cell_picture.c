#include "io/report/cell_picture.h"

#include "io/plot/cell_drawing.h"
#include "io/report/html.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INCH       72.0 /* of Graphviz's layout */
#define MARGIN     14.0
#define AROUND     8.0 /* from the nodes of a block to its frame */
#define ARROW      6.0
#define POINTS_MAX 61 /* of an edge: the first, then three a curve */

/* Nodes by number: H(c-2), H(c-1), then three a block, then the concatenation and the output. */
enum { NODE_PREVIOUS_2, NODE_PREVIOUS_1, NODE_BLOCKS };
enum { SIDE_LEFT, SIDE_RIGHT, SIDE_SUM, SIDES };
enum { NODES_MAX = NODE_BLOCKS + SIDES * PNAS_BLOCKS_MAX + 2, EDGES_MAX = 6 * PNAS_BLOCKS_MAX + 4 };

typedef struct {
    double x, y, width, height; /* its centre; y goes down */
} node_place;

typedef struct {
    int points;
    double point[POINTS_MAX][2];
} edge_place;

typedef struct {
    double width, height;
    node_place node[NODES_MAX];
    int edges;
    edge_place edge[EDGES_MAX];
} cell_place;

struct pnas_cell_pictures {
    const pnas_cell *const *cell;
    size_t count;
    const pnas_operator_set *operators;
    cell_place *place; /* [count] */
    char trouble[PNAS_MESSAGE_MAX];
};

static int block_node(int block, int side)
{
    return NODE_BLOCKS + SIDES * block + side;
}

static int concatenation_node(const pnas_cell *cell)
{
    return block_node(cell->blocks, 0);
}

static int nodes_of(const pnas_cell *cell)
{
    return concatenation_node(cell) + 2;
}

static int input_node(int input)
{
    if (input < 0)
        return input == -1 ? NODE_PREVIOUS_1 : NODE_PREVIOUS_2;
    return block_node(input, SIDE_SUM);
}

/* ---- Graphviz's layout ---- */

/* The node of that name in the graph, or -1. */
static int find_node(const pnas_cell *cell, const char *name)
{
    static const char *const sides[SIDES] = {"left", "right", "sum"};
    if (strcmp(name, "concatenation") == 0)
        return concatenation_node(cell);
    if (strcmp(name, "output") == 0)
        return concatenation_node(cell) + 1;
    if (strcmp(name, "previous1") == 0 || strcmp(name, "previous2") == 0)
        return name[8] == '1' ? NODE_PREVIOUS_1 : NODE_PREVIOUS_2;
    for (int side = 0; side < SIDES; side++) {
        size_t length = strlen(sides[side]);
        int block = strncmp(name, sides[side], length) == 0 ? atoi(name + length) : -1;
        if (block >= 0 && block < cell->blocks)
            return block_node(block, side);
    }
    return -1;
}

static void read_node(const pnas_cell *cell, const char *line, cell_place *place)
{
    char name[32];
    double x, y, width, height;
    if (sscanf(line, "node %31s %lf %lf %lf %lf", name, &x, &y, &width, &height) != 5)
        return;
    int node = find_node(cell, name);
    if (node >= 0)
        place->node[node] = (node_place){x * INCH, place->height - y * INCH, width * INCH, height * INCH};
}

static void read_edge(const char *line, cell_place *place)
{
    int points, used;
    if (place->edges == EDGES_MAX || sscanf(line, "edge %*s %*s %d%n", &points, &used) != 1 || points < 4 ||
        points > POINTS_MAX || strstr(line, " invis "))
        return;
    edge_place *edge = &place->edge[place->edges];
    const char *at = line + used;
    for (int i = 0; i < points; i++) {
        int length;
        double x, y;
        if (sscanf(at, " %lf %lf%n", &x, &y, &length) != 2)
            return;
        edge->point[i][0] = x * INCH;
        edge->point[i][1] = place->height - y * INCH;
        at += length;
    }
    edge->points = points;
    place->edges++;
}

/* Whether every cell has its nodes. */
static bool read_layout(pnas_cell_pictures *pictures, char *text)
{
    size_t graphs = 0;
    cell_place *place = NULL;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        double width, height;
        if (sscanf(line, "graph %*f %lf %lf", &width, &height) == 2) {
            if (graphs == pictures->count)
                return false;
            place = &pictures->place[graphs++];
            place->width = width * INCH;
            place->height = height * INCH;
        } else if (place && strncmp(line, "node ", 5) == 0) {
            read_node(pictures->cell[graphs - 1], line, place);
        } else if (place && strncmp(line, "edge ", 5) == 0) {
            read_edge(line, place);
        }
    }
    for (size_t i = 0; i < graphs; i++)
        for (int node = 0; node < nodes_of(pictures->cell[i]); node++)
            if (!(pictures->place[i].node[node].width > 0))
                return false;
    return graphs == pictures->count;
}

/* ---- our own layout: a row of blocks a depth ---- */

#define ROW    62.0
#define COLUMN 212.0
#define NODE   26.0

static void join(cell_place *place, int from, int to)
{
    const node_place *a = &place->node[from], *b = &place->node[to];
    edge_place *edge = &place->edge[place->edges++];
    double start = a->y - a->height / 2, end = b->y + b->height / 2 + ARROW;
    double bend = (start - end) / 2;
    edge->points = 4;
    edge->point[0][0] = edge->point[1][0] = a->x;
    edge->point[2][0] = edge->point[3][0] = b->x;
    edge->point[0][1] = start;
    edge->point[1][1] = start - bend;
    edge->point[2][1] = end + bend;
    edge->point[3][1] = end;
}

static double label_width(const pnas_operator_set *operators, int op)
{
    return 7.2 * (double)strlen(pnas_operator_label(&operators->item[op])) + 20;
}

static void place_block(const pnas_cell *cell, const pnas_operator_set *operators, int b, double x, double y,
                        cell_place *place)
{
    const pnas_block *block = &cell->block[b];
    node_place *node = &place->node[block_node(b, 0)];
    double left = label_width(operators, block->op1), right = label_width(operators, block->op2);
    node[SIDE_LEFT] = (node_place){x - 6 - left / 2, y, left, NODE};
    node[SIDE_RIGHT] = (node_place){x + 6 + right / 2, y, right, NODE};
    node[SIDE_SUM] = (node_place){x, y - ROW * 0.85, 30, 30};
}

static void join_all(const pnas_cell *cell, pnas_concatenation concatenation, cell_place *place)
{
    uint32_t reads = 0, used = pnas_cell_used(cell, &reads);
    int end = concatenation_node(cell);
    for (int b = 0; b < cell->blocks; b++) {
        join(place, input_node(cell->block[b].in1), block_node(b, SIDE_LEFT));
        join(place, input_node(cell->block[b].in2), block_node(b, SIDE_RIGHT));
        join(place, block_node(b, SIDE_LEFT), block_node(b, SIDE_SUM));
        join(place, block_node(b, SIDE_RIGHT), block_node(b, SIDE_SUM));
        if (concatenation == PNAS_CONCATENATE_ALL || !(used >> b & 1))
            join(place, block_node(b, SIDE_SUM), end);
    }
    for (int back = 1; back <= 2; back++)
        if (concatenation == PNAS_CONCATENATE_UNUSED_INPUTS && !(reads >> (back - 1) & 1))
            join(place, input_node(-back), end);
    join(place, end, end + 1);
}

static int depth_at(const int *depth, int input)
{
    return input < 0 ? 0 : depth[input];
}

static int depth_of(const pnas_cell *cell, const int *depth, int b)
{
    int one = depth_at(depth, cell->block[b].in1), other = depth_at(depth, cell->block[b].in2);
    return 1 + (one > other ? one : other);
}

static void lay_out(const pnas_cell *cell, const pnas_operator_set *operators,
                    pnas_concatenation concatenation, cell_place *place)
{
    int depth[PNAS_BLOCKS_MAX] = {0}, in_row[PNAS_BLOCKS_MAX + 1] = {0}, used[PNAS_BLOCKS_MAX + 1] = {0};
    int deepest = 0, widest = 1;
    for (int b = 0; b < cell->blocks; b++) {
        depth[b] = depth_of(cell, depth, b);
        deepest = depth[b] > deepest ? depth[b] : deepest;
        widest = ++in_row[depth[b]] > widest ? in_row[depth[b]] : widest;
    }
    *place = (cell_place){.width = widest * COLUMN + 2 * MARGIN, .height = (2 * deepest + 2.4) * ROW};
    double middle = place->width / 2, bottom = place->height - NODE;
    place->node[NODE_PREVIOUS_2] = (node_place){middle - 70, bottom, 60, NODE};
    place->node[NODE_PREVIOUS_1] = (node_place){middle + 70, bottom, 60, NODE};
    for (int b = 0; b < cell->blocks; b++) {
        int row = depth[b];
        double x = middle + COLUMN * (used[row]++ - (in_row[row] - 1) / 2.0);
        place_block(cell, operators, b, x, bottom - (2 * row - 1) * ROW, place);
    }
    int end = concatenation_node(cell);
    place->node[end] = (node_place){middle, bottom - (2 * deepest + 0.9) * ROW, 96, NODE};
    place->node[end + 1] = (node_place){middle, bottom - (2 * deepest + 1.7) * ROW, 30, 20};
    join_all(cell, concatenation, place);
}

/* ---- the whole ---- */

pnas_status pnas_cell_pictures_create(const pnas_cell *const *cell, size_t count,
                                      const pnas_operator_set *operators, pnas_concatenation concatenation,
                                      pnas_cell_pictures **out)
{
    char *layout = NULL;
    pnas_cell_pictures *pictures = *out = calloc(1, sizeof *pictures);
    PNAS_CHECK(pictures, PNAS_ERROR_MEMORY, "out of memory for drawings");
    *pictures = (pnas_cell_pictures){.cell = cell, .count = count, .operators = operators};
    pictures->place = calloc(count + 1, sizeof *pictures->place);
    if (!pictures->place) {
        pnas_cell_pictures_destroy(out);
        return pnas_fail(PNAS_ERROR_MEMORY, "out of memory for %zu drawings", count);
    }
    if (pnas_cells_lay_out(cell, count, operators, concatenation, &layout) != PNAS_OK)
        snprintf(pictures->trouble, sizeof pictures->trouble, "%s", pnas_message());
    else if (!read_layout(pictures, layout))
        snprintf(pictures->trouble, sizeof pictures->trouble, "dot gave a layout that was not understood");
    if (*pictures->trouble)
        for (size_t i = 0; i < count; i++)
            lay_out(cell[i], operators, concatenation, &pictures->place[i]);
    free(layout);
    return PNAS_OK;
}

void pnas_cell_pictures_destroy(pnas_cell_pictures **pictures)
{
    if (!*pictures)
        return;
    free((*pictures)->place);
    free(*pictures);
    *pictures = NULL;
}

void pnas_cell_pictures_write_trouble(FILE *out, const pnas_cell_pictures *pictures)
{
    if (!*pictures->trouble)
        return;
    fputs("<p class=\"faint\">", out);
    pnas_html_print(out, "Drawn without Graphviz, in a simpler layout: %s", pictures->trouble);
    fputs("</p>\n", out);
}

/* ---- drawing ---- */

static void write_pair(FILE *out, double x, double y)
{
    pnas_html_length(out, x);
    putc(' ', out);
    pnas_html_length(out, y);
}

static void write_edge(FILE *out, const edge_place *edge)
{
    const double *end = edge->point[edge->points - 1], *before = edge->point[edge->points - 2];
    double along = end[0] - before[0], up = end[1] - before[1], length = hypot(along, up);
    fputs("<path class=\"wire\" d=\"M", out);
    for (int i = 0; i < edge->points; i++) {
        if (i > 0)
            putc(i % 3 == 1 ? 'C' : ' ', out);
        write_pair(out, edge->point[i][0], edge->point[i][1]);
    }
    along = length > 0 ? along / length : 0;
    up = length > 0 ? up / length : -1;
    fputs("\"/><path class=\"head\" d=\"M", out);
    write_pair(out, end[0] + ARROW * along, end[1] + ARROW * up);
    putc('L', out);
    write_pair(out, end[0] - 2.4 * up, end[1] + 2.4 * along);
    putc('L', out);
    write_pair(out, end[0] + 2.4 * up, end[1] - 2.4 * along);
    fputs("z\"/>\n", out);
}

static void write_box(FILE *out, const char *kind, double x, double y, double width, double height)
{
    fprintf(out, "<rect class=\"%s\" rx=\"6\" x=\"", kind);
    pnas_html_length(out, x);
    fputs("\" y=\"", out);
    pnas_html_length(out, y);
    fputs("\" width=\"", out);
    pnas_html_length(out, width);
    fputs("\" height=\"", out);
    pnas_html_length(out, height);
    fputs("\"/>", out);
}

/* `index`: of the output of a cell, which is named as in io/plot/cell_drawing.c, or NULL. */
static void write_label(FILE *out, const node_place *node, const char *label, const char *index)
{
    fputs("<text x=\"", out);
    pnas_html_length(out, node->x);
    fputs("\" y=\"", out);
    pnas_html_length(out, node->y + 4.5);
    fputs("\">", out);
    pnas_html_text(out, label);
    if (index)
        fprintf(out, "<tspan class=\"sub\" dy=\"3\">%s</tspan>", index);
    fputs("</text>\n", out);
}

static void write_node(FILE *out, const node_place *node, const char *kind, const char *label,
                       const char *index)
{
    write_box(out, kind, node->x - node->width / 2, node->y - node->height / 2, node->width, node->height);
    write_label(out, node, label, index);
}

static void write_frame(FILE *out, const node_place *node)
{
    double left = INFINITY, right = -INFINITY, top = INFINITY, bottom = -INFINITY;
    for (int side = 0; side < SIDES; side++) {
        left = fmin(left, node[side].x - node[side].width / 2);
        right = fmax(right, node[side].x + node[side].width / 2);
        top = fmin(top, node[side].y - node[side].height / 2);
        bottom = fmax(bottom, node[side].y + node[side].height / 2);
    }
    write_box(out, "group", left - AROUND, top - AROUND, right - left + 2 * AROUND,
              bottom - top + 2 * AROUND);
    putc('\n', out);
}

static void write_operator(FILE *out, const node_place *node, const pnas_operator *op)
{
    char kind[16];
    snprintf(kind, sizeof kind, "node k%zu", (size_t)op->kind % 8);
    write_node(out, node, kind, pnas_operator_label(op), NULL);
}

static void write_sum(FILE *out, const node_place *node, int block)
{
    fputs("<circle class=\"node sum\" cx=\"", out);
    pnas_html_length(out, node->x);
    fputs("\" cy=\"", out);
    pnas_html_length(out, node->y);
    fputs("\" r=\"", out);
    pnas_html_length(out, node->width / 2);
    fputs("\"/><text x=\"", out);
    pnas_html_length(out, node->x);
    fputs("\" y=\"", out);
    pnas_html_length(out, node->y + 4.5);
    fprintf(out, "\">+<tspan class=\"sub\" dy=\"3\">%d</tspan></text>\n", block);
}

void pnas_cell_pictures_write(FILE *out, const pnas_cell_pictures *pictures, size_t index, const char *name)
{
    const pnas_cell *cell = pictures->cell[index];
    const cell_place *place = &pictures->place[index];
    int end = concatenation_node(cell);
    double width = ceil(place->width + 2 * MARGIN), height = ceil(place->height + 2 * MARGIN);
    fprintf(
        out,
        "<svg class=\"cell\" width=\"%g\" height=\"%g\" viewBox=\"%g %g %g %g\" role=\"img\" aria-label=\"",
        width, height, -MARGIN, -MARGIN, width, height);
    pnas_html_text(out, name);
    fputs("\">\n", out);
    for (int b = 0; b < cell->blocks; b++)
        write_frame(out, &place->node[block_node(b, 0)]);
    for (int e = 0; e < place->edges; e++)
        write_edge(out, &place->edge[e]);
    write_node(out, &place->node[NODE_PREVIOUS_2], "node input", "H", "c-2");
    write_node(out, &place->node[NODE_PREVIOUS_1], "node input", "H", "c-1");
    for (int b = 0; b < cell->blocks; b++) {
        const node_place *node = &place->node[block_node(b, 0)];
        write_operator(out, &node[SIDE_LEFT], &pictures->operators->item[cell->block[b].op1]);
        write_operator(out, &node[SIDE_RIGHT], &pictures->operators->item[cell->block[b].op2]);
        write_sum(out, &node[SIDE_SUM], b);
    }
    write_node(out, &place->node[end], "node input", "concatenate", NULL);
    write_label(out, &place->node[end + 1], "H", "c");
    fputs("</svg>\n", out);
}
