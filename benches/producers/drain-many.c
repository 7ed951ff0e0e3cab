// drain-many PROGRAM LINES CHILDREN: starts so many children that wait at a gate (see gate.h), opens it, and reads their
// pipes as they are made, in 64 KiB reads, as nothing but pipes could be read faster. Prints what a line took from the
// opening until all have ended, and what of the processor that took here, in nanoseconds: the same span as for
// everybody else.
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1e9 + at.tv_nsec;
}

static double used(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

int main(int argc, char **argv) {
  static char buffer[65536];
  char folder[] = "/tmp/execution-engine-gate-XXXXXX", ready[PATH_MAX], go[PATH_MAX];
  if (argc < 4 || mkdtemp(folder) == NULL) return 64;
  long lines = atol(argv[2]), children = atol(argv[3]), total = 0, open_pipes = children;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  snprintf(ready, sizeof ready, "%s/ready", folder);
  snprintf(go, sizeof go, "%s/go", folder);
  close(open(ready, O_CREAT | O_WRONLY, 0600));
  if (mkfifo(go, 0600) != 0) return 65;
  int watch = epoll_create1(EPOLL_CLOEXEC);
  for (long i = 0; i < children; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return 65;
    if (vfork() == 0) {
      dup2(ends[1], 1);
      execl(argv[1], argv[1], argv[2], folder, NULL);
      _exit(127);
    }
    close(ends[1]);
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = ends[0]};
    epoll_ctl(watch, EPOLL_CTL_ADD, ends[0], &readable);
  }
  for (struct stat here; stat(ready, &here) == 0 && here.st_size < children;) usleep(1000);
  double from = now(), used_from = used();
  int gate = open(go, O_RDWR);
  while (open_pipes > 0) {
    struct epoll_event events[64];
    int count = epoll_wait(watch, events, 64, -1);
    for (int i = 0; i < count; i++) {
      ssize_t got = read(events[i].data.fd, buffer, sizeof buffer);
      if (got > 0) total += got;
      else close(events[i].data.fd), open_pipes--;
    }
  }
  while (wait(NULL) > 0) {}
  double took = now() - from, cpu = used() - used_from;
  close(gate), unlink(ready), unlink(go), rmdir(folder);
  if (total != lines * 80 * children) return 66;
  printf("{\"perLine\":%f,\"cpuPerLine\":%f}\n", took / (lines * children), cpu / (lines * children));
  return 0;
}
