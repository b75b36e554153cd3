package org.stableops.integration.demo;

import java.io.PrintWriter;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress bars: one that moves on a terminal; elsewhere a line now and then. */
public final class Progress {
  private static final int WIDTH = 80;
  private static final int MILLISECONDS_BETWEEN_LINES = 3000;

  private final PrintWriter out;
  private String last = "";

  /**
   * Creates bars.
   *
   * @param out where the lines go that stand for them without a terminal
   */
  public Progress(PrintWriter out) {
    this.out = out;
  }

  /**
   * Starts a bar.
   *
   * @param task what is being done
   * @param steps their number
   * @return the bar, which the caller steps and closes
   */
  public ProgressBar bar(String task, long steps) {
    ProgressBarBuilder builder =
        ProgressBar.builder()
            .setTaskName(task)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .setMaxRenderedLength(WIDTH);
    if (System.console() == null) {
      builder
          .setUpdateIntervalMillis(MILLISECONDS_BETWEEN_LINES)
          .setConsumer(new DelegatingProgressBarConsumer(this::print, WIDTH));
    }
    return builder.build();
  }

  private synchronized void print(String line) {
    // The end comes twice.
    if (!line.equals(last)) {
      out.println(line.stripTrailing());
      out.flush();
    }
    last = line;
  }
}
