package org.stableops.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlocksTest {
  private static List<long[]> blocks(long rows, long rowLength) {
    List<long[]> blocks = new ArrayList<>();
    Blocks.forEach(rows, rowLength, 1 << 15, (from, to) -> blocks.add(new long[] {from, to}));
    return blocks;
  }

  @ParameterizedTest
  @CsvSource({
    "2, 1, 1",
    "32768, 1, 1",
    "32769, 1, 2",
    "1000003, 1, 31",
    "4096, 1000, 128",
    "5, 15000, 3",
    "7, 65536, 7",
    "3, 1000000, 3",
    "4, 0, 1",
    "0, 5, 0",
    "3000000000, 1, 91553"
  })
  void coverTheRowsOneAfterTheOther(long rows, long rowLength, int count) {
    List<long[]> blocks = blocks(rows, rowLength);
    assertEquals(count, blocks.size());
    long most = blocks.stream().mapToLong(block -> block[1] - block[0]).max().orElse(0);
    assertEquals(most, Blocks.most(rows, rowLength, 1 << 15));
    long next = 0;
    for (long[] block : blocks) {
      assertEquals(next, block[0]);
      long size = block[1] - block[0];
      assertTrue(size > 0);
      assertTrue(size == 1 || size * rowLength <= 1 << 15, size + " rows");
      next = block[1];
    }
    assertEquals(rows, next);
  }

  @Test
  void sizesDifferByOneAtMost() {
    for (long rows = 2; rows < 200; rows++) {
      // Three rows fit into a block.
      long least = Long.MAX_VALUE;
      long most = 0;
      for (long[] block : blocks(rows, 10_000)) {
        least = Math.min(least, block[1] - block[0]);
        most = Math.max(most, block[1] - block[0]);
      }
      assertTrue(most - least <= 1, rows + " rows");
      assertTrue(least > 1, rows + " rows");
    }
  }
}
