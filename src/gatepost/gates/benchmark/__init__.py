"""The benchmark gate: base against head, interleaved on one server, judged by the ratio of their quantiles."""
