"""What operators see: log, metrics, traces and health."""
