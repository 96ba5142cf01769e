#include "tests/io/data/grey_pictures.h"

#include <stdio.h>
#include <sys/stat.h>

/* Four pictures in two folders. */
static void make_pictures(void)
{
    test_folder_make();
    test_make_folder("a");
    test_make_folder("b c");
    put("a/1.png", 10);
    put("a/2.JPG", 20);
    put("b c/1.jpeg", 30);
    put("b c/hot dog.png", 40);
}

TestSuite(import_list, .init = make_pictures, .fini = test_folder_remove);

static pnas_import_options make_list(const char *text)
{
    pnas_import_options options;
    test_write_file("list.txt", text, strlen(text));
    pnas_import_defaults(&pnas_import_list, &options);
    options.path = test_path("list.txt");
    options.test_share = 0;
    return options;
}

/* The same set, however it is written: the labels' order, and that of the paths of each. */
static void expect_set(const char *text, const char *first, const char *second)
{
    static const int value[] = {10, 40, 20, 30};
    pnas_import_options options = make_list(text);
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 4 && dataset->classes == 2 && dataset->test.count == 0, "%s", text);
    cr_expect_str_eq(dataset->class_names[0], first);
    cr_expect_str_eq(dataset->class_names[1], second);
    cr_expect_str_eq(dataset->name, "list");
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(dataset->train.labels[i], i / 2, "%s", text);
        expect_value(dataset, i, value[i]);
    }
    pnas_dataset_destroy(&dataset);
}

Test(import_list, paths_and_labels_are_parted_by_tabs_commas_or_blanks)
{
    expect_set("b c/1.jpeg\tred wine\na/1.png\tale\nb c/hot dog.png\tale\na/2.JPG\tred wine\n", "ale",
               "red wine");
    expect_set("\xef\xbb\xbf\"a/1.png\",ale\r\n\"b c/hot dog.png\",ale\r\n\r\nb c/1.jpeg, red "
               "wine\r\na/2.JPG,red wine",
               "ale", "red wine");
    expect_set("a/1.png ale\n\nb c/hot dog.png   ale\nb c/1.jpeg wine\n  a/2.JPG wine  \n", "ale", "wine");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, a_file_has_one_line_whatever_its_names_and_is_not_written_to)
{
    pnas_import_options options = make_list("a/1.png ale\n./a/1.png wine\na/2.JPG wine\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "are one file; each picture has one line");
    options = make_list("a/1.png ale\na/2.JPG wine\n");
    options.output = test_path("a/2.JPG");
    options.replace = true;
    pnas_dataset *dataset;
    cr_expect_eq(pnas_import(&options, &dataset), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "2.JPG: is one of the pictures that are read"), "%s",
                       pnas_message());
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, what_people_have_is_told_apart)
{
    pnas_import_options options = make_list("ale,a/1.png\nwine,a/2.JPG\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "its pictures stand behind their labels");
    options = make_list("x/1.png ale\nx/2.JPG wine\n");
    expect_failure(&options, PNAS_ERROR_DATA, "x/", "--root says where relative paths begin");
    expect_set("b c/1.jpeg,wine\ra/1.png,ale\rb c/hot dog.png,ale\ra/2.JPG,wine\r", "ale", "wine");
    char *line = malloc(200001);
    memset(line, 'a', 200000);
    line[200000] = '\0';
    options = make_list(line);
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "line 1: expected a path and a label");
    free(line);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, a_first_line_may_name_the_columns)
{
    expect_set("filename,label\na/2.JPG,wine\nb c/1.jpeg,wine\na/1.png,ale\nb c/hot dog.png,ale\n", "ale",
               "wine");
    expect_set("path\tlabel\na/2.JPG\twine\nb c/1.jpeg\twine\na/1.png\tale\nb c/hot dog.png\tale\n", "ale",
               "wine");
    pnas_import_options options =
        make_list("gone,x\na/1.png,x\na/2.JPG,y\n"); /* a label that another line has */
    expect_failure(&options, PNAS_ERROR_DATA, "1 of 3 pictures", "gone: line 1 of the list: No such file");
    PNAS_EXPECT_NO_LEAKS();
}

/* As in the ground truth of ImageNet, which counts from 1. */
Test(import_list, numbers_are_classes_by_their_value)
{
    expect_set("a/2.JPG 10\nb c/1.jpeg 10\na/1.png 9\nb c/hot dog.png 9\n", "9", "10");
    expect_set("a/2.JPG wine\nb c/1.jpeg wine\na/1.png 12\nb c/hot dog.png 12\n", "12", "wine");
}

Test(import_list, relative_paths_begin_at_the_root_and_others_stay)
{
    char text[1024];
    pnas_import_options options = make_list("a/1.png x\n");
    snprintf(text, sizeof text, "1.png x\n%s y\n", test_path("b c/1.jpeg"));
    test_write_file("list.txt", text, strlen(text));
    options.root = test_path("a");
    pnas_dataset *dataset = expect_import(&options);
    cr_assert_eq(dataset->train.count, 2);
    expect_value(dataset, 0, 10);
    expect_value(dataset, 1, 30);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, lines_that_cannot_be_are_refused_with_their_number)
{
    pnas_import_options options = make_list("a/1.png,x\n\na/2.JPG\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt: line 3", "as in \"cat/1.jpg,cat\"");
    options = make_list("a/1.png,x\na/2.JPG,\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt: line 2", "as in \"cat/1.jpg,cat\"");
    options = make_list("a/1.png x\na/2.JPG y\na/1.png y\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt: line 3", "a/1.png is in line 1, too");
    options = make_list("a/1.png x\na/2.JPG x\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "has one class alone, \"x\"");
    options = make_list("\n \n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "names no picture");
    test_write_file("list.txt", "a/1.png x\na/2\0JPG y\n", 20);
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "line 2");
    options.path = test_path("absent.txt");
    expect_failure(&options, PNAS_ERROR_FILE, "absent.txt", "No such file");
    options.path = NULL;
    expect_failure(&options, PNAS_ERROR_USAGE, "name the text", "a path and a label in each line");
    options = make_list("0.5,0.25,1\n0.5,0.125,0\n");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt", "looks like csv, not list");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, pictures_that_are_not_there_can_be_left_out)
{
    pnas_import_options options = make_list("a/1.png x\na/2.JPG x\nb c/1.jpeg y\na y\nabsent.png y\npipe.png "
                                            "x\nlist.txt y\nb c/hot dog.png y\n");
    cr_assert_eq(mkfifo(test_path("pipe.png"), 0600), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "4 of 8 pictures", "--allow-bad 4 leaves them out");
    options.allow_bad = 4;
    pnas_dataset *dataset = expect_import(&options);
    cr_assert_eq(dataset->train.count, 4);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, a_list_of_another_folder_says_so)
{
    pnas_import_options options = make_list("a/1.png x\na/2.JPG y\n");
    options.root = test_path("nowhere");
    expect_failure(&options, PNAS_ERROR_DATA, "list.txt: none of its 2 pictures can be read, the first: ",
                   "nowhere/a/1.png: line 1 of the list: No such file");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, the_test_part_may_have_a_list)
{
    pnas_import_options options = make_list("a/1.png x\na/2.JPG y\nb c/1.jpeg z\n");
    test_write_file("test.txt", "b c/hot dog.png y\n", 18);
    options.test_from = test_path("test.txt");
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 3 && dataset->test.count == 1);
    cr_expect(dataset->test.labels[0] == 1 && abs(dataset->test.images[0] - 40) <= 2);
    pnas_dataset_destroy(&dataset);
    test_write_file("test.txt", "b c/hot dog.png Y\n", 18);
    expect_failure(&options, PNAS_ERROR_DATA, "test.txt: class \"Y\"", "no class of that name");
    options.test_from = options.path;
    expect_failure(&options, PNAS_ERROR_USAGE, "--test-from", "is the training part, too");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_list, lists_are_recognised)
{
    pnas_import_options options = make_list("somewhere/else.JPEG 7\n");
    cr_expect_eq(pnas_import_recognise(options.path), &pnas_import_list);
    options = make_list("a/1.png,x\n");
    cr_expect_eq(pnas_import_recognise(options.path), &pnas_import_list);
    options = make_list("file,class\na/1.png,x\n");
    cr_expect_eq(pnas_import_recognise(options.path), &pnas_import_list);
    options = make_list("1,2,3\n");
    cr_expect_eq(pnas_import_recognise(options.path), &pnas_import_csv);
}
