#include "io/plot/tool.h"

#include "io/file/name_end.h"
#include "io/file/output_file.h"
#include "io/file/regular_file.h"
#include "src/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ERRORS_FILE   "errors.txt"
#define FILE_PATH_MAX (PNAS_TOOL_PATH_MAX + 256)

/* ---- the folder ---- */

pnas_status pnas_tool_folder_make(const char *keep, pnas_tool_folder *out)
{
    const char *temporary = getenv("TMPDIR");
    *out = (pnas_tool_folder){.kept = keep != NULL};
    int length = keep ? snprintf(out->folder, sizeof out->folder, "%s", keep)
                      : snprintf(out->folder, sizeof out->folder, "%s/pnas-XXXXXX",
                                 temporary && *temporary ? temporary : "/tmp");
    if (length >= (int)sizeof out->folder)
        return pnas_fail(PNAS_ERROR_USAGE, "the folder's path %.60s... is too long", out->folder);
    bool made = keep ? mkdir(out->folder, 0777) == 0 || errno == EEXIST : mkdtemp(out->folder) != NULL;
    if (!made) {
        pnas_status status = pnas_fail(PNAS_ERROR_FILE, "%s: the folder cannot be made: %s", out->folder,
                                       pnas_system_reason(errno));
        out->folder[0] = '\0';
        return status;
    }
    return PNAS_OK;
}

static void file_path(const pnas_tool_folder *folder, const char *name, char out[FILE_PATH_MAX])
{
    snprintf(out, FILE_PATH_MAX, "%s/%s", folder->folder, name);
}

void pnas_tool_folder_remove(pnas_tool_folder *folder)
{
    DIR *directory = folder->kept || !folder->folder[0] ? NULL : opendir(folder->folder);
    if (!directory)
        return;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        char path[FILE_PATH_MAX];
        file_path(folder, entry->d_name, path);
        unlink(path); /* fails, as it should, on . and .. */
    }
    closedir(directory);
    rmdir(folder->folder);
    folder->folder[0] = '\0';
}

/* ---- its files ---- */

static pnas_status cannot(const pnas_tool_folder *folder, const char *name, const char *what)
{
    return pnas_fail(PNAS_ERROR_FILE, "%s/%s: cannot be %s: %s", folder->folder, name, what,
                     pnas_system_reason(errno));
}

pnas_status pnas_tool_file_open(const pnas_tool_folder *folder, const char *name, FILE **out)
{
    char path[FILE_PATH_MAX];
    char trouble[PNAS_FILE_TROUBLE];
    file_path(folder, name, path);
    *out = pnas_file_open_stream(path, trouble);
    PNAS_CHECK(*out, PNAS_ERROR_FILE, "%s: %s", path, trouble);
    return PNAS_OK;
}

/* In a folder that is kept, something may stand there under the name: it makes room, and what a link leads to is
 * not touched. */
static int create_anew(const char *path)
{
    unlink(path);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

pnas_status pnas_tool_file_create(const pnas_tool_folder *folder, const char *name, FILE **out)
{
    char path[FILE_PATH_MAX];
    file_path(folder, name, path);
    int file = create_anew(path);
    *out = file >= 0 ? fdopen(file, "w") : NULL;
    return *out ? PNAS_OK : cannot(folder, name, "created");
}

void pnas_tool_file_clear(const pnas_tool_folder *folder, const char *name)
{
    char path[FILE_PATH_MAX];
    file_path(folder, name, path);
    unlink(path);
}

pnas_status pnas_tool_file_close(const pnas_tool_folder *folder, const char *name, FILE **file)
{
    if (!*file)
        return PNAS_OK;
    bool failed = ferror(*file) != 0;
    failed = fclose(*file) != 0 || failed;
    *file = NULL;
    return failed ? cannot(folder, name, "written completely") : PNAS_OK;
}

/* ---- running ---- */

/* Between fork and exec; ends the process. What went wrong goes back through `report`. */
static void exec_tool(const pnas_tool_folder *folder, const char *const *argv, int report)
{
    int empty = open("/dev/null", O_RDONLY);
    if (chdir(folder->folder) == 0 && empty >= 0) {
        int errors = create_anew(ERRORS_FILE);
        if (errors >= 0 && dup2(empty, STDIN_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0)
            execvp(argv[0], (char *const *)argv);
    }
    int reason = errno;
    ssize_t sent = write(report, &reason, sizeof reason);
    _exit(sent == sizeof reason ? 127 : 126);
}

/* Its first line with text, without the place in the script. */
static void first_error_line(const pnas_tool_folder *folder, char *out, size_t size)
{
    FILE *file = NULL;
    out[0] = '\0';
    if (pnas_tool_file_open(folder, ERRORS_FILE, &file) != PNAS_OK)
        return;
    while (fgets(out, (int)size, file)) {
        out[strcspn(out, "\r\n")] = '\0';
        if (strpbrk(out, "abcdefghijklmnopqrstuvwxyz"))
            break;
        out[0] = '\0';
    }
    fclose(file);
}

static pnas_status check_exit(const pnas_tool_folder *folder, const char *program, int result)
{
    char error_line[400];
    first_error_line(folder, error_line, sizeof error_line);
    if (WIFEXITED(result) && WEXITSTATUS(result) == 0) {
        if (*error_line)
            pnas_debug("%s: %s", program, error_line);
        return PNAS_OK;
    }
    if (WIFSIGNALED(result))
        return pnas_fail(PNAS_ERROR_FILE, "%s was ended by signal %d%s%s", program, WTERMSIG(result),
                         *error_line ? ": " : "", error_line);
    return pnas_fail(PNAS_ERROR_FILE, "%s failed with exit code %d%s%s", program, WEXITSTATUS(result),
                     *error_line ? ": " : "", error_line);
}

pnas_status pnas_tool_run(const pnas_tool_folder *folder, const char *const *argv, const char *package)
{
    int report[2], reason = 0, result = 0;
    fflush(stdout);
    PNAS_CHECK(pipe2(report, O_CLOEXEC) == 0, PNAS_ERROR_FILE, "%s cannot be run: %s", argv[0],
               pnas_system_reason(errno));
    pid_t child = fork();
    if (child == 0)
        exec_tool(folder, argv, report[1]);
    int failed = child < 0 ? errno : 0;
    close(report[1]);
    ssize_t got = failed ? 0 : read(report[0], &reason, sizeof reason);
    close(report[0]);
    while (!failed && waitpid(child, &result, 0) < 0 && errno == EINTR)
        continue;
    if (got == sizeof reason)
        failed = reason;
    PNAS_CHECK(failed != ENOENT, PNAS_ERROR_FILE, "%s is not installed (Debian: apt-get install %s)", argv[0],
               package);
    PNAS_CHECK(!failed, PNAS_ERROR_FILE, "%s cannot be run: %s", argv[0], pnas_system_reason(failed));
    return check_exit(folder, argv[0], result);
}

/* ---- delivering ---- */

static bool copy_stream(FILE *from, FILE *to)
{
    char block[16384];
    for (size_t got; (got = fread(block, 1, sizeof block, from)) > 0;)
        if (fwrite(block, 1, got, to) != got)
            return false;
    return !ferror(from);
}

static pnas_status deliver_to(FILE *from, const char *path)
{
    pnas_output_file output;
    PNAS_TRY(pnas_output_file_create(path, &output));
    if (copy_stream(from, output.stream))
        return pnas_output_file_commit(&output, true);
    pnas_status status =
        pnas_fail(PNAS_ERROR_FILE, "%s: cannot be written: %s", path, pnas_system_reason(errno));
    pnas_output_file_discard(&output);
    return status;
}

pnas_status pnas_tool_deliver(const pnas_tool_folder *folder, const char *name, const char *path)
{
    FILE *from;
    PNAS_TRY(pnas_tool_file_open(folder, name, &from));
    pnas_status status = PNAS_OK;
    if (path)
        status = deliver_to(from, path);
    else if (!copy_stream(from, stdout))
        status = cannot(folder, name, "copied to stdout");
    fclose(from);
    return status;
}

const char *pnas_tool_format(const char *path, const char *const *known)
{
    char list[100] = "", end[16];
    for (int i = 0; known[i]; i++) {
        snprintf(end, sizeof end, ".%s", known[i]);
        if (pnas_name_ends_in(path, end))
            return known[i];
        size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : "", end);
    }
    pnas_fail(PNAS_ERROR_USAGE, "%s: the name of a picture ends in one of %s", path, list);
    return NULL;
}
