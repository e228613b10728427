"""What operators can watch: counters and timings in Prometheus' format."""

from prometheus_client import Counter, Histogram

REQUEST_SECONDS = Histogram(
    "rapport_request_seconds", "Time to answer a request", ["method", "route", "status"]
)
SIGNALS_RECORDED = Counter("rapport_signals_recorded", "Signals written to the ledger", ["kind"])
MAILS = Counter("rapport_mails", "Mail handed to the mail server, by outcome", ["state"])
