"""What do operators see of requests in tracing systems? Spans of OpenTelemetry, where they are switched on."""
