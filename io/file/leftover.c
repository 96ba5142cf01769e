#include "io/file/leftover.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 16

enum { FREE, CHANGING, THERE };

static struct {
    atomic_int state;
    pid_t owner; /* a child after fork() leaves it alone */
    char path[PATH_MAX];
} files[FILES_MAX];

static pthread_mutex_t one_thread = PTHREAD_MUTEX_INITIALIZER;

static void remove_and_end(int number)
{
    for (int i = 0; i < FILES_MAX; ++i)
        if (files[i].state == THERE && files[i].owner == getpid())
            unlink(files[i].path);
    signal(number, SIG_DFL);
    raise(number);
}

static const int ends[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU};

static void install(void)
{
    struct sigaction action = {.sa_handler = remove_and_end}, there;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i)
        if (sigaction(ends[i], NULL, &there) == 0 && there.sa_handler == SIG_DFL)
            sigaction(ends[i], &action, NULL);
}

void pnas_leftover_pause(sigset_t *before)
{
    sigset_t all;
    sigemptyset(&all);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i)
        sigaddset(&all, ends[i]);
    pthread_sigmask(SIG_BLOCK, &all, before);
}

void pnas_leftover_resume(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

int pnas_leftover_add(const char *path)
{
    size_t size = strlen(path) + 1;
    int number = 0;
    pthread_mutex_lock(&one_thread);
    install();
    while (number < FILES_MAX && files[number].state != FREE)
        ++number;
    if (number < FILES_MAX && size <= sizeof files[number].path) {
        files[number].state = CHANGING;
        files[number].owner = getpid();
        memcpy(files[number].path, path, size);
        files[number].state = THERE;
    } else {
        number = -1;
    }
    pthread_mutex_unlock(&one_thread);
    return number;
}

void pnas_leftover_forget(int number)
{
    if (number >= 0)
        files[number].state = FREE;
}
