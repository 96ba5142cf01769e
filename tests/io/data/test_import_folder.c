#include "tests/io/data/grey_pictures.h"

#include <criterion/redirect.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(import_folder, .init = test_folder_make, .fini = test_folder_remove);

/* Three classes of two, in "set". */
static pnas_import_options make_set(void)
{
    static const char *const names[] = {"set/cat/1.png", "set/cat/2.JPG",        "set/dog/a.jpeg",
                                        "set/dog/b.Png", "set/\xc3\xa4ne/x.jpg", "set/\xc3\xa4ne/deep/y.PNG"};
    static const char *const folders[] = {"set", "set/cat", "set/dog", "set/\xc3\xa4ne",
                                          "set/\xc3\xa4ne/deep"};
    pnas_import_options options;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        test_make_folder(folders[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(names[i], 10 * ((int)i + 1));
    pnas_import_defaults(&pnas_import_folder, &options);
    options.path = test_path("set");
    options.test_share = 0;
    return options;
}

static void expect_errors(const char *const *texts)
{
    char errors[8192] = "";
    fflush(stderr);
    FILE *stream = cr_get_redirected_stderr();
    errors[fread(errors, 1, sizeof errors - 1, stream)] = 0;
    for (; *texts; texts++)
        cr_expect_not_null(strstr(errors, *texts), "expected \"%s\" in \"%s\"", *texts, errors);
}

Test(import_folder, a_folder_is_a_class_and_names_are_in_order)
{
    pnas_import_options options = make_set();
    test_make_folder("set/.hidden");
    test_make_folder("set/dog/.thumbnails");
    put("set/.hidden/1.png", 200);
    put("set/dog/.thumbnails/a.png", 200);
    put("set/dog/.b.png", 200);
    pnas_dataset *dataset = expect_import(&options);
    cr_assert_eq(dataset->classes, 3);
    cr_expect_str_eq(dataset->class_names[0], "cat");
    cr_expect_str_eq(dataset->class_names[1], "dog");
    cr_expect_str_eq(dataset->class_names[2], "\xc3\xa4ne");
    cr_assert(dataset->train.count == 6 && dataset->height == SIDE && dataset->width == SIDE);
    cr_expect(dataset->channels == 3 && dataset->test.count == 0);
    static const int value[] = {10, 20, 30, 40, 60, 50}; /* "deep" comes before "x.jpg" */
    for (size_t i = 0; i < 6; i++) {
        cr_expect_eq(dataset->train.labels[i], i / 2);
        expect_value(dataset, i, value[i]);
    }
    cr_expect_str_eq(dataset->name, "set");
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

/* A picture beside the folders of classes belongs to none. */
Test(import_folder, what_is_left_out_is_told)
{
    pnas_import_options options = make_set();
    put("set/1.png", 200);
    cr_assert_eq(symlink("1.png", test_path("set/cat/4.txt")), 0);
    write_png("set/cat/5.bmp", PNG_FORMAT_GRAY, 1, 1, "");
    cr_redirect_stderr();
    pnas_dataset *dataset = expect_import(&options);
    cr_assert_eq(dataset->train.count, 6);
    pnas_dataset_destroy(&dataset);
    expect_errors(
        (const char *const[]){"set: 2 files are no .png, .jpg or .jpeg in the folder of a class", NULL});
}

Test(import_folder, pictures_of_all_sizes_become_one)
{
    uint8_t pixels[20 * 9 * 3];
    pnas_import_options options = make_set();
    fill(pixels, sizeof pixels, 77);
    write_jpeg("set/cat/3.jpg", 20, 9, pixels, 0);
    options.side = 4;
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 7 && dataset->height == 4 && dataset->width == 4);
    expect_value(dataset, 2, 77);
    pnas_dataset_destroy(&dataset);
    options.side = 0;
    expect_failure(&options, PNAS_ERROR_DATA, "set/cat/3.jpg",
                   "is 20 pixels high and 9 wide, others are 6 and 6; --size N");
    options.side = 8;
    options.fit = "crop";
    expect_failure(&options, PNAS_ERROR_DATA, "set/cat/1.png", "too small to cut 8 x 8 out of it");
    cr_expect_null(strstr(pnas_message(), "--allow-bad"), "six of seven are to be left out: %s",
                   pnas_message());
    options.picture_channels = 1;
    options.fit = "stretch";
    dataset = expect_import(&options);
    cr_expect(dataset->channels == 1 && dataset->height == 8);
    expect_value(dataset, 0, 10);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, what_was_changed_is_told)
{
    uint8_t pixels[SIDE * SIDE * 4];
    uint16_t deep[SIDE * SIDE * 3];
    pnas_import_options options = make_set();
    fill(pixels, sizeof pixels, 255);
    memset(deep, 0, sizeof deep);
    write_png("set/cat/clear.png", PNG_FORMAT_RGBA, SIDE, SIDE, pixels);
    write_png("set/cat/grey.png", PNG_FORMAT_GRAY, SIDE, SIDE, pixels);
    write_png("set/cat/deep.png", PNG_FORMAT_LINEAR_RGB, SIDE, SIDE, deep);
    write_jpeg("set/cat/turned.jpg", SIDE, SIDE, pixels, 6);
    test_write_file("set/cat/notes.txt", "x", 1);
    cr_redirect_stderr();
    pnas_dataset *dataset = expect_import(&options);
    cr_assert_eq(dataset->train.count, 10);
    pnas_dataset_destroy(&dataset);
    expect_errors(
        (const char *const[]){"1 of 10 pictures were grey", "1 of 10 pictures were with transparency",
                              "1 of 10 pictures were of 16 bits", "1 of 10 pictures were turned upright",
                              "1 files are no .png, .jpg or .jpeg", "set/cat/notes.txt", NULL});
}

/* Seven ways to be no picture. */
static void spoil_set(void)
{
    unsigned char start[64];
    FILE *file = fopen(test_path("set/cat/1.png"), "rb");
    cr_assert_eq(fread(start, 1, sizeof start, file), sizeof start);
    fclose(file);
    test_write_file("set/cat/cut.png", start, sizeof start);
    test_write_file("set/cat/empty.jpg", "", 0);
    test_write_file("set/cat/text.jpg", "hello", 5);
    cr_assert_eq(mkfifo(test_path("set/cat/pipe.jpg"), 0600), 0);
    put("outside.png", 5);
    cr_assert_eq(symlink("../../outside.png", test_path("set/cat/out.png")), 0);
    cr_assert_eq(symlink("nowhere.png", test_path("set/cat/nowhere.png")), 0);
    cr_assert_eq(symlink("/dev/zero", test_path("set/cat/zero.png")), 0);
}

Test(import_folder, what_cannot_be_read_is_listed_and_refused, .timeout = 60)
{
    pnas_import_options options = make_set();
    spoil_set();
    cr_assert_eq(symlink("1.png", test_path("set/cat/inside.png")), 0);
    cr_redirect_stderr();
    expect_failure(&options, PNAS_ERROR_DATA, "set/cat/cut.png", "--allow-bad 7 leaves them out");
    cr_expect_not_null(strstr(pnas_message(), "7 of 14 pictures"), "%s", pnas_message());
    options.allow_bad = 6;
    expect_failure(&options, PNAS_ERROR_DATA, "set/cat/cut.png", "7 of 14");
    options.allow_bad = 7;
    pnas_dataset *dataset = expect_import(&options);
    cr_assert_eq(dataset->train.count, 7);
    expect_value(dataset, 0, 10);
    expect_value(dataset, 2, 10); /* the link within the folder */
    expect_value(dataset, 3, 30);
    pnas_dataset_destroy(&dataset);
    expect_errors((const char *const[]){"set/cat/cut.png: is a damaged PNG", "set/cat/empty.jpg: is empty",
                                        "set/cat/text.jpg: is no PNG or JPEG", "set/cat/pipe.jpg: is a pipe",
                                        "set/cat/out.png: is a link that leads out of the folder",
                                        "set/cat/nowhere.png: is a link that leads nowhere",
                                        "set/cat/zero.png: is a link that leads out",
                                        "7 of 14 pictures are left out", NULL});
}

/* Root may read everything. */
Test(import_folder, what_may_not_be_read_is_no_bad_picture, .timeout = 60)
{
    pnas_import_options options = make_set();
    put("set/cat/locked.png", 5);
    cr_assert_eq(chmod(test_path("set/cat/locked.png"), 0), 0);
    options.allow_bad = 3;
    bool root = geteuid() == 0;
    cr_assert(!root || (chmod(test_path(""), 0777) == 0 && seteuid(65534) == 0));
    expect_failure(&options, PNAS_ERROR_FILE, "set/cat/locked.png: cannot be opened: Permission denied", "");
    cr_assert(!root || seteuid(0) == 0);
}

Test(import_folder, folders_that_are_no_set_are_refused)
{
    pnas_import_options options = make_set();
    test_make_folder("set/empty");
    expect_failure(&options, PNAS_ERROR_DATA, "set/empty", "holds no picture");
    rmdir(test_path("set/empty"));
    cr_assert_eq(symlink("cat", test_path("set/link")), 0);
    expect_failure(&options, PNAS_ERROR_DATA, "set/link", "is a link to a folder");
    unlink(test_path("set/link"));
    options.path = test_path("set/cat");
    expect_failure(&options, PNAS_ERROR_DATA, "set/cat", "no folders with pictures");
    options.path = test_path("set/cat/1.png");
    expect_failure(&options, PNAS_ERROR_DATA, "set/cat/1.png", "is no folder");
    options.path = test_path("absent");
    expect_failure(&options, PNAS_ERROR_FILE, "absent", "cannot be opened: No such file");
    test_make_folder("one");
    test_make_folder("one/cat");
    put("one/cat/1.png", 1);
    options.path = test_path("one");
    expect_failure(&options, PNAS_ERROR_DATA, "one", "has one class alone, \"cat\"");
    put("one/cat/2.png", 1);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, a_folder_may_be_the_test_part)
{
    pnas_import_options options = make_set();
    test_make_folder("test");
    test_make_folder("test/dog");
    test_make_folder("test/\xc3\xa4ne");
    put("test/dog/1.png", 7);
    put("test/\xc3\xa4ne/1.png", 8);
    options.test_from = test_path("test");
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 6 && dataset->test.count == 2 && dataset->classes == 3);
    cr_expect(dataset->test.labels[0] == 1 && dataset->test.labels[1] == 2);
    cr_expect_eq(dataset->test.images[0], 7);
    pnas_dataset_destroy(&dataset);
    test_make_folder("test/wolf");
    put("test/wolf/1.png", 8);
    expect_failure(&options, PNAS_ERROR_DATA, "class \"wolf\"", "no class of that name");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, a_folder_may_be_the_validation_images)
{
    pnas_import_options options = make_set();
    test_make_folder("chosen");
    test_make_folder("chosen/dog");
    test_make_folder("chosen/\xc3\xa4ne");
    put("chosen/dog/1.png", 7);
    put("chosen/\xc3\xa4ne/1.png", 8);
    options.validation_from = test_path("chosen");
    options.test_share = 0.5;
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 5 && dataset->test.count == 3 && dataset->validation == 2);
    cr_expect(dataset->train.labels[3] == 1 && dataset->train.labels[4] == 2);
    expect_value(dataset, 3, 7);
    expect_value(dataset, 4, 8);
    pnas_dataset_destroy(&dataset);
    options.test_from = options.validation_from;
    expect_failure(&options, PNAS_ERROR_USAGE, "--validation-from", "is the test part, too");
    options.validation_from = options.path;
    expect_failure(&options, PNAS_ERROR_USAGE, "--validation-from", "is the training part, too");
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, a_picture_is_in_one_part_alone)
{
    pnas_import_options options = make_set();
    char other[4096];
    test_make_folder("chosen");
    test_make_folder("chosen/dog");
    put("chosen/dog/1.png", 7);
    snprintf(other, sizeof other, "%s", test_path("chosen/dog/2.jpeg"));
    cr_assert_eq(link(test_path("set/dog/a.jpeg"), other), 0);
    options.validation_from = test_path("chosen");
    expect_failure(&options, PNAS_ERROR_DATA, ".jpeg", "is in two parts, those of");
    cr_assert_eq(unlink(other), 0);
    pnas_dataset *dataset = expect_import(&options);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, folders_of_parts_are_no_classes)
{
    pnas_import_options options;
    pnas_import_defaults(&pnas_import_folder, &options);
    test_make_folder("parts");
    test_make_folder("parts/Train");
    test_make_folder("parts/val");
    put("parts/Train/1.png", 7);
    put("parts/val/1.png", 8);
    options.path = test_path("parts");
    options.test_share = 0;
    expect_failure(&options, PNAS_ERROR_DATA, "parts",
                   "its folders are named like parts, \"Train\" and others");
    test_make_folder("parts/cat");
    put("parts/cat/1.png", 9);
    pnas_dataset *dataset = expect_import(&options);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, a_share_may_be_drawn_as_test_part)
{
    pnas_import_options options = make_set();
    options.test_share = 0.5;
    pnas_dataset *dataset = expect_import(&options);
    cr_assert(dataset->train.count == 3 && dataset->test.count == 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect(dataset->train.labels[i] == i && dataset->test.labels[i] == i);
    pnas_dataset_destroy(&dataset);
    PNAS_EXPECT_NO_LEAKS();
}

/* As 'pnas_data encode' makes one of the set that is not encoded. */
Test(import_folder, images_may_be_kept_encoded)
{
    pnas_import_options options = make_set();
    uint8_t pixels[24 * 31 * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i / 7);
    write_jpeg("set/dog/c.jpg", 24, 31, pixels, 6);
    options.side = 19;
    options.test_share = 0.4;
    for (int channels = 1; channels <= 3; channels += 2) {
        options.picture_channels = channels;
        options.encoded = false;
        pnas_dataset *expected = expect_import(&options);
        cr_assert_eq(pnas_dataset_encode(expected, 80), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_dataset_complete(expected), PNAS_OK, "%s", pnas_message());
        options.encoded = true;
        options.quality = 80;
        pnas_dataset *found = expect_import(&options);
        cr_assert(found->quality == 80 && found->train.count == 4 && found->test.count == 3);
        cr_expect_str_eq(found->sha256, expected->sha256);
        cr_expect_arr_eq(found->mean, expected->mean, sizeof found->mean);
        cr_expect_arr_eq(found->deviation, expected->deviation, sizeof found->deviation);
        cr_expect_eq(pnas_dataset_verify(test_path("made.h5"), 0), PNAS_OK, "%s", pnas_message());
        pnas_dataset_destroy(&expected);
        pnas_dataset_destroy(&found);
        options.quality = 0;
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(import_folder, options_that_cannot_be_are_wrong_use)
{
    pnas_import_options good = make_set(), options = good;
    options.fit = "crop";
    expect_failure(&options, PNAS_ERROR_USAGE, "--resize", "goes with --size");
    options.side = 4;
    options.fit = "bigger";
    expect_failure(&options, PNAS_ERROR_USAGE, "--resize", "shorter, stretch or crop");
    options = good;
    options.picture_channels = 2;
    expect_failure(&options, PNAS_ERROR_USAGE, "--channels", "1 (grey) or 3 (colour)");
    options = good;
    options.quality = 80;
    expect_failure(&options, PNAS_ERROR_USAGE, "--quality", "goes with --encoded");
    options.encoded = true;
    options.quality = 101;
    expect_failure(&options, PNAS_ERROR_USAGE, "--quality", "is 101, expected 1 to 100");
    options = good;
    options.side = 5000;
    expect_failure(&options, PNAS_ERROR_USAGE, "--size", "at most 4096");
    options = good;
    options.test_from = test_path("set/cat/..");
    expect_failure(&options, PNAS_ERROR_USAGE, "--test-from", "is the training part, too");
    options = good;
    options.test_share = 1;
    expect_failure(&options, PNAS_ERROR_USAGE, "--test-share", "below 1");
    PNAS_EXPECT_NO_LEAKS();
}
