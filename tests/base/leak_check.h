/* Criterion ends a test's process without running the sanitizer's own check at exit, so a leak would pass. */
#ifndef PNAS_TESTS_LEAK_CHECK_H
#define PNAS_TESTS_LEAK_CHECK_H

#include <criterion/criterion.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define PNAS_EXPECT_NO_LEAKS() cr_expect(__lsan_do_recoverable_leak_check() == 0, "memory is leaked")
#else
#define PNAS_EXPECT_NO_LEAKS() ((void)0)
#endif

#endif
