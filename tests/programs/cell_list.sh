# Sourced. list_cells: the 21 cells of one block of a space of identity, sep3 and max3 and some of two, each in its
# canonical form, a line "NUMBER CELL"; those that extend a cell have larger numbers.
list_cells() {
    awk 'BEGIN {
        split("identity sep3 max3", name, " ")
        for (in1 = -2; in1 < 0; in1++)
            for (in2 = in1; in2 < 0; in2++)
                for (a = 1; a <= 3; a++)
                    for (b = in1 == in2 ? a : 1; b <= 3; b++)
                        cell[++ones] = in1 ":" name[a] "+" in2 ":" name[b]
        for (i = 1; i <= ones; i++)
            print i, cell[i]
        for (i = 1; i <= ones; i++)
            for (a = 1; a <= 3; a++)
                print i + a, cell[i] " | " (a - 2 < 0 ? a - 3 : -1) ":" name[a] "+0:" name[1 + i % 3]
    }'
}
