// gate(FOLDER): says by a byte in FOLDER/ready that this process is there, and waits until FOLDER/go is opened for
// writing. So many children can be started first and let go together; without a folder it does nothing.
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void gate(const char *folder) {
  char path[PATH_MAX];
  if (folder == NULL) return;
  snprintf(path, sizeof path, "%s/ready", folder);
  int ready = open(path, O_WRONLY | O_APPEND);
  if (ready < 0 || write(ready, ".", 1) != 1) exit(65);
  close(ready);
  snprintf(path, sizeof path, "%s/go", folder);
  int go = open(path, O_RDONLY);
  if (go < 0) exit(65);
  close(go);
}
