"""The benchmark gate: base against head, interleaved on one server, judged by ratios of quantiles."""
