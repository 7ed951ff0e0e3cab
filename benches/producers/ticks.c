// ticks INTERVAL_US N [GATE]: N lines, each the time of its writing (CLOCK_MONOTONIC, nanoseconds), one an interval,
// the first after a part of one that differs from process to process.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  long interval = atol(argv[1]) * 1000, count = atol(argv[2]);
  struct timespec next, now;
  gate(argc > 3 ? argv[3] : NULL);
  clock_gettime(CLOCK_MONOTONIC, &next);
  // By the golden section, so that neighbours are far apart.
  next.tv_nsec += (long)(getpid() * 0.6180339887 * interval) % interval;
  for (long i = 0; i < count; i++) {
    next.tv_nsec += interval;
    while (next.tv_nsec >= 1000000000L) next.tv_nsec -= 1000000000L, next.tv_sec++;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[32];
    int size = sprintf(line, "%ld\n", now.tv_sec * 1000000000L + now.tv_nsec);
    if (write(1, line, size) != size) return 1;
  }
  return 0;
}
