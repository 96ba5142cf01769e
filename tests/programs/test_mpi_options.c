#include "src/programs/common/program.h"
#include "src/programs/common/time_limit.h"
#include "src/programs/pnas_mpi/mpi_options.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

static void redirect(void)
{
    cr_redirect_stdout();
    cr_redirect_stderr();
    pnas_program_setup("pnas_mpi");
}

static double seconds_of(const char *text)
{
    double seconds = 0;
    cr_assert_eq(pnas_time_limit_parse(text, &seconds), PNAS_OK, "%s", pnas_message());
    return seconds;
}

Test(mpi_options, times_are_read_with_units_and_colons)
{
    cr_assert_eq(seconds_of("90"), 90);
    cr_assert_eq(seconds_of("90s"), 90);
    cr_assert_eq(seconds_of("1.5m"), 90);
    cr_assert_eq(seconds_of("2h"), 7200);
    cr_assert_eq(seconds_of("30:15"), 1815);
    cr_assert_eq(seconds_of("1:00:01"), 3601);
}

Test(mpi_options, what_is_no_time_is_refused)
{
    static const char *const wrong[] = {"",    "x",   "-5",    "0",      "2d",  "1:2:3:4", "1:30m",
                                        "5 m", "inf", "1e30",  "nan",    "10:", ":10",     "1h30m",
                                        "0x",  "5mm", "0x10s", "1:0x10", "+5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double seconds;
        cr_assert_eq(pnas_time_limit_parse(wrong[i], &seconds), PNAS_ERROR_USAGE, "'%s' was taken", wrong[i]);
    }
}

/* Parses a command line of words between blanks. */
static pnas_status parse(const char *line, bool speak, pnas_mpi_options *out)
{
    static char words[1024];
    char *argv[32];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return pnas_mpi_options_parse(argc, argv, speak, out);
}

Test(mpi_options, a_whole_command_line_is_understood)
{
    pnas_mpi_options options;
    cr_assert_eq(parse("pnas_mpi c.yaml -o r.h5 --set training.epochs=5 --set seed=2 --time-limit 2h --check "
                       "--device gpu --verbose",
                       true, &options),
                 PNAS_OK);
    cr_assert_str_eq(options.configuration, "c.yaml");
    cr_assert_str_eq(options.output, "r.h5");
    cr_assert_eq(options.override_count, 2);
    cr_assert_str_eq(options.overrides[1], "seed=2");
    cr_assert_eq(options.time_limit, 7200);
    cr_assert(options.check);
    cr_assert_str_eq(options.device, "gpu");
    cr_assert_eq(options.level, PNAS_LOG_DEBUG);
    cr_assert_not(options.answered);
}

Test(mpi_options, devices_lanes_and_faults_are_understood)
{
    pnas_mpi_options options;
    cr_assert_eq(parse("pnas_mpi c.yaml --check --lanes 3 --threads auto --ranks-per-device 2 "
                       "--inject-fault loss:2/17@5",
                       true, &options),
                 PNAS_OK);
    cr_assert_str_eq(options.lanes, "3");
    cr_assert_str_eq(options.threads, "auto");
    cr_assert_eq(options.ranks_per_device, 2);
    const pnas_fault *fault = &options.fault;
    cr_assert(fault->kind == PNAS_FAULT_LOSS && fault->level == 2 && fault->index == 17 && fault->rank == 5);
    cr_assert_eq(parse("pnas_mpi c.yaml --check --inject-fault device", true, &options), PNAS_OK);
    cr_assert(fault->kind == PNAS_FAULT_DEVICE && fault->level == 0 && fault->rank == -1);
}

Test(mpi_options, incomplete_and_unknown_arguments_are_refused, .init = redirect)
{
    static const char *const wrong[] = {"pnas_mpi",
                                        "pnas_mpi c.yaml",
                                        "pnas_mpi c.yaml d.yaml -o r.h5",
                                        "pnas_mpi c.yaml -o r.h5 --frob",
                                        "pnas_mpi c.yaml --output=",
                                        "pnas_mpi c.yaml -o r.h5 --time-limit=soon",
                                        "pnas_mpi c.yaml -o r.h5 --lanes=65",
                                        "pnas_mpi c.yaml -o r.h5 --ranks-per-device=auto",
                                        "pnas_mpi c.yaml -o r.h5 --inject-fault=flood",
                                        "pnas_mpi c.yaml -o r.h5 --inject-fault=loss:2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pnas_mpi_options options;
        cr_assert_eq(parse(wrong[i], true, &options), PNAS_ERROR_USAGE, "'%s' was taken", wrong[i]);
    }
}

static void expect_answer_of(const char *line)
{
    pnas_mpi_options options;
    cr_assert_eq(parse(line, false, &options), PNAS_OK);
    cr_assert(options.answered, "%s", line);
}

Test(mpi_options, ranks_that_do_not_speak_leave_the_answer_to_rank_0, .init = redirect)
{
    expect_answer_of("pnas_mpi --help");
    expect_answer_of("pnas_mpi --usage");
    expect_answer_of("pnas_mpi --version");
    fflush(stdout);
    cr_assert_stdout_eq_str("");
}
