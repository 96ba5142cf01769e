/* Private to cl: what PoCL keeps, with a seal beside each file, so that damage is seen before it is run. Local.
 *
 * PoCL makes FOLDER/XX/HASH/program.bc and FOLDER/XX/HASH/KERNEL/SIZES/KERNEL.so, each by a temporary file
 * directly in FOLDER and a rename, and believes whatever it finds there later. The seal of such a file is
 * FILE.seal: its length and a checksum, which is of its place in FOLDER, too. It finds damage, and is no signature.
 *
 * Every process that uses the folder holds its lock (FOLDER/pnas.lock), shared with the others. So whoever
 * gets it for itself alone knows that nobody is about to seal anything. */
#ifndef PNAS_CL_SEALED_FOLDER_H
#define PNAS_CL_SEALED_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Before PoCL's first work: removes files that are not what was sealed, with one warning, and, where no other
 * process uses the folder, those without a seal (their process was killed) and half-made ones; without a
 * word, too, those without a byte and those whose seal is an older version's. Holds the lock until the
 * process ends. A folder without a lock file belongs to other programs, too, and is left as it is, unless
 * `own`, which makes one. False with the reason, which names the folder, if that cannot be done. */
bool pnas_sealed_folder_open(const char *folder, bool own, char *why, size_t size);

/* Seals the files that have no seal yet, of any process; does nothing in a folder that is not held. What cannot
 * be sealed is built again after the next start. */
void pnas_sealed_folder_seal(const char *folder);

#endif
