// drain PIPE_BYTES PROGRAM ARGS…: runs it and reads its output in 64 KiB reads, as nothing but a pipe could be read
// faster. PIPE_BYTES widens the pipe first; with 0 it is as the kernel makes it. Prints what it read, and how long
// that took from before the fork until the child has ended: the same span as for everybody else.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static char buffer[65536];
  int ends[2];
  struct timespec from, to;
  if (argc < 3) return 64;
  clock_gettime(CLOCK_MONOTONIC, &from);
  if (pipe2(ends, O_CLOEXEC) != 0) return 65;
  int wanted = atoi(argv[1]);
  if (wanted > 0 && fcntl(ends[0], F_SETPIPE_SZ, wanted) < wanted) return 66;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    execv(argv[2], argv + 2);
    _exit(127);
  }
  close(ends[1]);
  long total = 0, got;
  while ((got = read(ends[0], buffer, sizeof buffer)) > 0) total += got;
  waitpid(child, NULL, 0);
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("{\"bytes\":%ld,\"nanoseconds\":%ld}\n", total,
         (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec);
  return 0;
}
