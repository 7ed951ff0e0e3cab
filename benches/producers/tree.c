// tree N: N processes below this one, three levels deep, all there when `ready` is written; then they sleep.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1;
  for (int i = 0; i < count; i++) {
    if (fork() == 0) {
      // Every fifth has a child of its own, which counts.
      if (i % 5 == 0 && i + 1 < count && fork() == 0) for (;;) pause();
      for (;;) pause();
    }
    if (i % 5 == 0) i++;
  }
  if (write(1, "ready\n", 6) != 6) return 1;
  for (;;) pause();
}
