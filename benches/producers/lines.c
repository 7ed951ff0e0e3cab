// lines N [GATE]: N lines of 80 bytes, `\n` included, in blocks as large as a pipe.
#include <stdlib.h>
#include <unistd.h>

#include "gate.h"

enum { LINE = 80, BLOCK = 65520 };

int main(int argc, char **argv) {
  static char block[BLOCK];
  for (int i = 0; i < BLOCK; i++) block[i] = i % LINE == LINE - 1 ? '\n' : 'a' + i % 26;
  long left = (argc > 1 ? atol(argv[1]) : 1) * LINE;
  gate(argc > 2 ? argv[2] : NULL);
  while (left > 0) {
    long size = left < BLOCK ? left : BLOCK;
    char *from = block;
    while (size > 0) {
      long written = write(1, from, size);
      if (written <= 0) return 1;
      from += written, size -= written, left -= written;
    }
  }
  return 0;
}
