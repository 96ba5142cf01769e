/* What makes the same program another one, whatever it calls itself. */
const char *pnas_other_code(void);

const char *pnas_other_code(void)
{
    return "changed since the last commit";
}
