package org.stableops.benchmarks;

/** The networks' names. */
final class Networks {
  static final String STOCK_SOFTPLUS = "stock softplus, stock loss";
  static final String SOFTPLUS = "softplus, our loss";
  static final String STOCK_RELU = "relu, stock loss";
  static final String SQUAREPLUS = "squareplus, our loss";
  static final String RELU_OUR_LOSS = "relu, our loss";

  private Networks() {}

  public static void main(String[] a) {
    String only = a.length > 0 ? a[0] : "";
    String host = System.getProperty("host", "DJL");
    for (NetworkShape shape : NetworkShape.ALL) {
      if (!shape.toString().contains(only)) continue;
      try (Race race = new Race(shape.toString(), host.equals("DJL") ? DjlNetwork.contestants(shape) : host.equals("DL4J") ? Dl4jNetwork.contestants(shape) : SameDiffNetwork.contestants(shape))) {
        race.warmUp(Double.parseDouble(System.getProperty("warm", "6")));
        var laps = race.measure(shape.seconds());
        System.out.println(shape);
        laps.forEach((who, l) -> {
          StringBuilder s = new StringBuilder(String.format("%-28s %8.1f", who, l.whole() / 1e3));
          for (Phase p : Phase.values()) s.append(String.format("  %s %.1f", p, l.of(p) / 1e3));
          System.out.println(s);
        });
        double ss = laps.get(STOCK_SOFTPLUS).whole(), r = laps.get(STOCK_RELU).whole();
        System.out.printf("softplus %.3f squareplus %.3f reluloss %.3f%n", ss / laps.get(SOFTPLUS).whole(), r / laps.get(SQUAREPLUS).whole(), r / laps.get(RELU_OUR_LOSS).whole());
      }
    }
    System.exit(0);
  }
}
